import type { Address, Instant } from "./contract.ts";
import { RateLimit } from "./rate-limit.ts";

/** Addresses that are remembered. A source of more than that is bounded by the rate of all sources together. */
const ADDRESSES_MAX = 4096;

/** The nodes of one forwarder are allowed this many times as much, all together, as one of them. */
const NODES_FACTOR = 10;

/**
 * How often something is allowed to each address, and to all of them together. What one address was refused does not count for the
 * others.
 */
export class SourceLimit {
  readonly #perSecond: () => number;
  readonly #burst: number | undefined;
  /** For each address the instant until which all that it is allowed is used up, in the order of last use. */
  readonly #spentUntil = new Map<Address, Instant>();
  readonly #all: RateLimit;

  /**
   * So many a second to one address, `burst` of them at once after a pause, as many as in a second if not said; and so many a second to
   * all. The rates are asked each time, for a reload may change them.
   */
  constructor(perSource: { perSecond: () => number; burst?: number }, perSecond: () => number) {
    this.#perSecond = perSource.perSecond;
    this.#burst = perSource.burst;
    this.#all = new RateLimit(perSecond);
  }

  /** Whether this address is allowed one more now; if so, it is counted. `forwarder` is where its forwarder is, if it has one. */
  allows(address: Address, forwarder: Address | undefined, now: Instant): boolean {
    return this.refusal(address, forwarder, now) === undefined;
  }

  /** What keeps this address from one more now: its own limit or that of all. Undefined where it is allowed; it is then counted. */
  refusal(address: Address, forwarder: Address | undefined, now: Instant): "source" | "all" | undefined {
    const perSecond = this.#perSecond();
    const intervalMs = 1000 / perSecond;
    const aheadMs = ((this.#burst ?? perSecond) - 1) * intervalMs;
    const spent = this.#spent(address, now);
    if (spent - now > aheadMs) return "source";
    // A node id costs nothing to make up, so that all nodes of a forwarder have a limit as well.
    const nodes = forwarder === undefined ? "" : `${forwarder}/*`;
    const spentByNodes = forwarder === undefined ? now : this.#spent(nodes, now);
    if (spentByNodes - now > aheadMs) return "source";
    if (!this.#all.allows(now)) return "all";
    this.#count(address, spent + intervalMs);
    if (forwarder !== undefined) this.#count(nodes, spentByNodes + intervalMs / NODES_FACTOR);
    return undefined;
  }

  #spent(source: Address, now: Instant): Instant {
    return Math.max(this.#spentUntil.get(source) ?? now, now);
  }

  #count(source: Address, spentUntil: Instant): void {
    this.#spentUntil.delete(source);
    if (this.#spentUntil.size >= ADDRESSES_MAX) this.#forgetOldest();
    this.#spentUntil.set(source, spentUntil);
  }

  #forgetOldest(): void {
    for (const address of this.#spentUntil.keys()) {
      this.#spentUntil.delete(address);
      return;
    }
  }
}
