import type { Random } from "../../src/device/random.ts";
import type { Instant } from "../../src/gateway/contract.ts";
import type { EventQueue } from "./event-queue.ts";
import type { SimOptions } from "./sim-options.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import type { Reach, SimulatedLinks } from "./simulated-links.ts";

/** The own connection of a gateway ends with all others where the broker's process does; so late at most. */
const OWN_END_MS_MAX = 300;

/** A gateway, as far as its way to the broker goes. */
interface Reacher {
  readonly links: SimulatedLinks;
  /** Tells the gateway whether its own connection to the broker is there. */
  reaches(reachable: boolean): void;
}

/** What happens to the broker and on the way to it, for all gateways or one; and what the gateways are told of it, early or late. */
export class BrokerFaults {
  readonly #options: SimOptions;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #broker: SimulatedBroker;
  readonly #gateways: readonly Reacher[];
  readonly #now: () => Instant;
  /** When the last word about it that is under way arrives, in the order of the gateways. */
  readonly #toldAt: Instant[] = [];

  constructor(
    options: SimOptions,
    queue: EventQueue,
    random: Random,
    broker: SimulatedBroker,
    gateways: readonly Reacher[],
    now: () => Instant,
  ) {
    this.#options = options;
    this.#queue = queue;
    this.#random = random;
    this.#broker = broker;
    this.#gateways = gateways;
    this.#now = now;
  }

  /** Whether there is a gateway that does not reach the broker. */
  get isOut(): boolean {
    return this.#gateways.some(({ links }) => links.reach !== "there");
  }

  /** The network between the broker and the gateways, or one of them, is gone for a while. */
  outage(): void {
    const one = this.#random.next() < 0.5 ? this.#random.integer(0, this.#gateways.length - 1) : undefined;
    const isSilent = this.#random.next() < 0.4;
    const lastsMs = this.#random.next() * this.#options.outageLastsMsMax;
    for (const [index, gateway] of this.#gateways.entries()) {
      if ((one ?? index) !== index || gateway.links.reach !== "there") continue;
      gateway.links.breakAll(isSilent);
      this.#keepOut(index, gateway, isSilent ? "swallows" : "refuses", lastsMs, this.#options.reachableLateMsMax);
    }
  }

  /** The broker's process ends, and is there again after a while. */
  restart(): void {
    if (this.isOut) return;
    const { brokerForgets, brokerGoneMsMax } = this.#options;
    this.#broker.restart(this.#random.next() < brokerForgets);
    const goneMs = this.#random.next() * brokerGoneMsMax;
    for (const [index, gateway] of this.#gateways.entries()) {
      this.#keepOut(index, gateway, "refuses", goneMs, OWN_END_MS_MAX);
    }
  }

  #keepOut(index: number, gateway: Reacher, reach: Reach, lastsMs: number, lateMsMax: number): void {
    gateway.links.reach = reach;
    const endsAt = this.#now() + lastsMs;
    this.#queue.add(endsAt, () => {
      gateway.links.reach = "there";
    });
    const before = this.#toldAt[index] ?? 0;
    const outAt = Math.max(before, this.#now() + this.#random.next() * lateMsMax);
    // Before the others can connect, or some time after.
    const backAt = Math.max(outAt, endsAt + (this.#random.next() - 0.2) * this.#options.reachableLateMsMax);
    this.#toldAt[index] = backAt;
    this.#queue.add(outAt, () => gateway.reaches(false));
    this.#queue.add(backAt, () => gateway.reaches(true));
  }
}
