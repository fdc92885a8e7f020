import type { Random } from "../../src/device/random.ts";

export interface NetworkFaults {
  /** Shares of the datagrams, 0 to 1. */
  loss: number;
  duplicates: number;
  /** Each datagram is under way for up to this long, so that one may overtake another. */
  delayMsMax: number;
}

/** Loses, duplicates, delays and so reorders what real sockets carry. */
export class FaultyNetwork {
  isFaulty = true;
  readonly #faults: NetworkFaults;
  readonly #random: Random;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(faults: NetworkFaults, random: Random) {
    this.#faults = faults;
    this.#random = random;
  }

  /** Has `arrive` called as often, and when, the datagram comes through. */
  carry(arrive: () => void): void {
    if (!this.isFaulty) {
      arrive();
      return;
    }
    const { loss, duplicates } = this.#faults;
    if (this.#random.next() >= loss) this.#later(arrive);
    if (this.#random.next() < duplicates) this.#later(arrive);
  }

  /** Nothing that is under way arrives any more. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #later(arrive: () => void): void {
    const delayMs = this.#random.next() * this.#faults.delayMsMax;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      arrive();
    }, delayMs);
    this.#timers.add(timer);
  }
}
