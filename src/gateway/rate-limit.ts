import type { Instant } from "./contract.ts";

/** So many of something in a second, and as many at once after a pause. */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #aheadMs: number;
  /** Until when all that is allowed has been used up. */
  #spentUntil: Instant = Number.NEGATIVE_INFINITY;

  /** `burst` is how many may come at once. */
  constructor(perSecond: number, burst = perSecond) {
    this.#intervalMs = 1000 / perSecond;
    this.#aheadMs = (burst - 1) * this.#intervalMs;
  }

  /** Whether one more is allowed now; if so, it is counted. */
  allows(now: Instant): boolean {
    const spent = Math.max(this.#spentUntil, now);
    if (spent - now > this.#aheadMs) return false;
    this.#spentUntil = spent + this.#intervalMs;
    return true;
  }

  /** One more, as soon as it is allowed: when that is. */
  reserve(now: Instant): Instant {
    const spent = Math.max(this.#spentUntil, now);
    this.#spentUntil = spent + this.#intervalMs;
    return Math.max(now, spent - this.#aheadMs);
  }
}
