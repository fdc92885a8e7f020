import type { DeviceEffect } from "../../src/device/contract.ts";
import type { Random } from "../../src/device/random.ts";
import type { Instant } from "../../src/gateway/contract.ts";
import { DEFAULT_SETTINGS } from "../../src/gateway/settings.ts";
import type { Place, Places } from "./place.ts";
import type { SimOptions } from "./sim-options.ts";
import type { SimulatedClient } from "./simulated-client.ts";

/** What may happen besides what the gateway itself notes. */
export const MISHAPS = [
  "crash",
  "stop",
  "reload",
  "sent away",
  "outage",
  "broker restarts",
  "other gateway",
  "burst",
  "reboot",
  "switched off",
  "subscription anew",
  "will update",
  "other address",
  "address of another",
  "leaves",
  "junk",
  "ghost",
  "search",
  "QoS −1",
] as const;

export type Mishap = (typeof MISHAPS)[number];

/** Where devices are, and how they get to other places; and how often something happened that is not a note of the gateway. */
export class Mishaps {
  readonly #options: SimOptions;
  readonly #random: Random;
  readonly #places: Places;
  readonly #clients: readonly SimulatedClient[];
  readonly #now: () => Instant;
  /** Places that a device has left, with when. */
  #freed: { place: Place; since: Instant }[] = [];
  readonly counts = new Map<Mishap, number>();
  #count = 0;

  constructor(
    options: SimOptions,
    random: Random,
    places: Places,
    clients: readonly SimulatedClient[],
    now: () => Instant,
  ) {
    this.#options = options;
    this.#random = random;
    this.#places = places;
    this.#clients = clients;
    this.#now = now;
  }

  count(what: Mishap): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** One where nobody was before, behind a forwarder or not. */
  newPlace(): Place {
    this.#count += 1;
    const { forwarders, forwarded } = this.#options;
    if (this.#random.next() < forwarded) {
      return this.#places.behind(this.#random.integer(0, forwarders - 1), Uint8Array.of(this.#count >> 8, this.#count));
    }
    return this.#places.at(`10.0.0.1:${10_000 + this.#count}`);
  }

  /** The device has another address from now on, and does not know. */
  move(client: SimulatedClient): DeviceEffect[] {
    this.#freed.push({ place: client.place, since: this.#now() });
    client.place = this.newPlace();
    return [];
  }

  /**
   * The device is put where another one was, whose session may still be there; false where there is no such place. What was under way
   * from there has arrived, and a CONNECT from there is not being worked on any more: else nobody could tell whose word is whose.
   */
  takeFreed(client: SimulatedClient): boolean {
    const { tRetryMs, nRetry } = this.#options;
    const since = this.#now() - tRetryMs * (nRetry + 2) - DEFAULT_SETTINGS.connectTimeoutMs;
    const index = this.#freed.findLastIndex((freed) => freed.since < since);
    if (index < 0) {
      this.move(this.#clients[this.#random.integer(0, this.#clients.length - 1)]!);
      return false;
    }
    const [freed] = this.#freed.splice(index, 1);
    this.#freed.push({ place: client.place, since: this.#now() });
    client.place = freed!.place;
    return true;
  }
}
