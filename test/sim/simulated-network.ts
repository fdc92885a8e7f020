import type { Random } from "../../src/device/random.ts";
import type { Instant } from "../../src/gateway/contract.ts";
import type { EventQueue } from "./event-queue.ts";
import type { SimOptions } from "./sim-options.ts";

/** Carries datagrams: loses, duplicates, delays and so reorders them. */
export class SimulatedNetwork {
  readonly #options: SimOptions;
  readonly #queue: EventQueue;
  readonly #random: Random;
  isFaulty = true;

  constructor(options: SimOptions, queue: EventQueue, random: Random) {
    this.#options = options;
    this.#queue = queue;
    this.#random = random;
  }

  /** Has `arrive` called as often, and when, the datagram comes through. */
  carry(now: Instant, arrive: () => void): void {
    if (!this.isFaulty) {
      this.#queue.add(now + 1, arrive);
      return;
    }
    const { loss, duplicates } = this.#options;
    if (this.#random.next() >= loss) this.#queue.add(now + this.#delayMs(), arrive);
    if (this.#random.next() < duplicates) this.#queue.add(now + this.#delayMs(), arrive);
  }

  #delayMs(): number {
    const { delayMsMax, late, lateMsMax } = this.#options;
    const delayMs = this.#random.next() * delayMsMax;
    return this.#random.next() < late ? delayMs + this.#random.next() * lateMsMax : delayMs;
  }
}
