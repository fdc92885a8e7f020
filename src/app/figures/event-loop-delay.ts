import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";

/** How often it is measured: seldom enough to cost next to nothing on a small machine. */
const RESOLUTION_MS = 20;

/** A window that is over is still told of while the next one is not. */
const WINDOW_MS = 60_000;

/** After so many windows in which nobody has asked it is not measured any more. */
const UNASKED_MAX = 5;

const NANOSECONDS_PER_MS = 1e6;

/** How long the event loop was late. */
interface Delays {
  readonly p99Ms: number;
  readonly maxMs: number;
}

const NONE: Delays = { p99Ms: 0, maxMs: 0 };

/** Calls back each `intervalMs`, until what is returned is called; tests have their own. */
type Every = (intervalMs: number, callback: () => void) => () => void;

const SYSTEM_TIMER: Every = (intervalMs, callback) => {
  const timer = setInterval(callback, intervalMs).unref();
  return () => clearInterval(timer);
};

/**
 * How late the event loop came to do what was due, in the last one to two minutes: what is told does not depend on who asks, or how often.
 * Measures from when it is asked until nobody has asked for some minutes.
 */
export class EventLoopDelay {
  readonly #every: Every;
  #histogram: IntervalHistogram | undefined;
  #before: Delays = NONE;
  #unaskedWindows = 0;

  constructor(every = SYSTEM_TIMER) {
    this.#every = every;
  }

  /** 99 of 100 times it was no later than this, in milliseconds. */
  get p99Ms(): number {
    return this.#now().p99Ms;
  }

  /** The longest delay, in milliseconds. */
  get maxMs(): number {
    return this.#now().maxMs;
  }

  #now(): Delays {
    this.#unaskedWindows = 0;
    this.#histogram ??= this.#begin();
    const current = delaysIn(this.#histogram);
    return {
      p99Ms: Math.max(current.p99Ms, this.#before.p99Ms),
      maxMs: Math.max(current.maxMs, this.#before.maxMs),
    };
  }

  #begin(): IntervalHistogram {
    const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    histogram.enable();
    const stop = this.#every(WINDOW_MS, () => {
      this.#before = delaysIn(histogram);
      histogram.reset();
      this.#unaskedWindows += 1;
      if (this.#unaskedWindows <= UNASKED_MAX) return;
      stop();
      histogram.disable();
      this.#histogram = undefined;
      this.#before = NONE;
    });
    return histogram;
  }
}

/** The histogram has the times from one measurement to the next. */
function delaysIn(histogram: IntervalHistogram): Delays {
  if (histogram.count === 0) return NONE;
  const delay = (nanoseconds: number) => Math.max(0, nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS);
  return { p99Ms: delay(histogram.percentile(99)), maxMs: delay(histogram.max) };
}
