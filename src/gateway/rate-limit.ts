import type { Instant } from "./contract.ts";

/** So many of something in a second, and as many at once after a pause. */
export class RateLimit {
  readonly #perSecond: () => number;
  readonly #burst: number | undefined;
  /** Until when all that is allowed has been used up. */
  #spentUntil: Instant = Number.NEGATIVE_INFINITY;

  /** `perSecond` is asked each time, for a reload may change it. `burst` is how many may come at once; as many as in a second if not said. */
  constructor(perSecond: () => number, burst?: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Whether one more is allowed now; if so, it is counted. */
  allows(now: Instant): boolean {
    const perSecond = this.#perSecond();
    const spent = Math.max(this.#spentUntil, now);
    if (spent - now > this.#aheadMs(perSecond)) return false;
    this.#spentUntil = spent + 1000 / perSecond;
    return true;
  }

  /** One more, as soon as it is allowed: when that is. */
  reserve(now: Instant): Instant {
    const perSecond = this.#perSecond();
    const spent = Math.max(this.#spentUntil, now);
    this.#spentUntil = spent + 1000 / perSecond;
    return Math.max(now, spent - this.#aheadMs(perSecond));
  }

  #aheadMs(perSecond: number): number {
    return ((this.#burst ?? perSecond) - 1) * (1000 / perSecond);
  }
}
