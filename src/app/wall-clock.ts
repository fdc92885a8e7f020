import { performance } from "node:perf_hooks";

/** A difference to the system's time that is more than its whole milliseconds: somebody has set the clock, or the machine has slept. */
const SET_MS = 5;

/** The time of day with microseconds, which the system's `Date` does not have. */
export class WallClock {
  #offsetMs = performance.timeOrigin;

  /** Microseconds since 1970. */
  nowUs(): number {
    return Math.floor((this.#offsetMs + performance.now()) * 1000);
  }

  /** Follows a system's clock that was set. To be called now and then. */
  adjust(): void {
    const offsetMs = Date.now() - performance.now();
    if (Math.abs(offsetMs - this.#offsetMs) > SET_MS) this.#offsetMs = offsetMs;
  }
}
