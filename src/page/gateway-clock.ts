/** So many of the last times that were told are compared. */
const HEARD_MAX = 5;

/** More than an answer is late: somebody has set a clock. */
const SET_MS = 5000;

/** The gateway's time of day, whatever the clock of this machine says. It follows when either of them is set. */
export class GatewayClock {
  /** What the gateway's clock was ahead of this one, in milliseconds, the last times that it was told. */
  readonly #ahead: number[] = [];
  readonly #wallClock: () => number;

  /** `wallClock` is this machine's time of day, in milliseconds since 1970. */
  constructor(wallClock: () => number = Date.now) {
    this.#wallClock = wallClock;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#wallClock() + this.#aheadMs;
  }

  /** The gateway has told its time. */
  hear(time: number): void {
    const aheadMs = time - this.#wallClock();
    if (this.#ahead.length > 0 && Math.abs(aheadMs - this.#aheadMs) > SET_MS) this.#ahead.length = 0;
    this.#ahead.push(aheadMs);
    if (this.#ahead.length > HEARD_MAX) this.#ahead.shift();
  }

  /** The one that was least late tells the time. */
  get #aheadMs(): number {
    return this.#ahead.length === 0 ? 0 : Math.max(...this.#ahead);
  }
}
