import type { Address, Instant } from "./contract.ts";

/** One address is answered once in this time … */
const INTERVAL_MS = 1000;
/** … after as many answers as this without waiting: a DISCONNECT and its repetition, and one more. */
const BURST = 3;
/** Addresses that are remembered. A source of more than that is bounded by the rate of all strangers together. */
const ADDRESSES_MAX = 4096;

/**
 * How often senders without a session are answered (X7): a forged source address must not turn the gateway into a source of traffic,
 * and two gateways that answer each other's DISCONNECT must not do so at full speed for ever.
 */
export class StrangerLimit {
  readonly #perSecond: number;
  /** For each address the instant until which its answers are used up, in the order of last answers. */
  readonly #spentUntil = new Map<Address, Instant>();
  #allSpentUntil: Instant = Number.NEGATIVE_INFINITY;

  constructor(answersPerSecond: number) {
    this.#perSecond = answersPerSecond;
  }

  /** Whether this address may be answered now; if so, the answer is counted. */
  allows(address: Address, now: Instant): boolean {
    const spent = Math.max(this.#spentUntil.get(address) ?? now, now);
    if (spent - now > (BURST - 1) * INTERVAL_MS) return false;
    const allSpent = Math.max(this.#allSpentUntil, now);
    if (allSpent - now >= 1000) return false;
    this.#allSpentUntil = allSpent + 1000 / this.#perSecond;
    this.#spentUntil.delete(address);
    if (this.#spentUntil.size >= ADDRESSES_MAX) this.#forgetOldest();
    this.#spentUntil.set(address, spent + INTERVAL_MS);
    return true;
  }

  #forgetOldest(): void {
    for (const address of this.#spentUntil.keys()) {
      this.#spentUntil.delete(address);
      return;
    }
  }
}
