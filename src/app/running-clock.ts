import type { Instant } from "../gateway/contract.ts";

/** How often the clock is looked at when nothing else happens. */
const HEARTBEAT_MS = 1000;

/** A process in which nothing has happened for so long, not even that, did not run. */
const STALL_MS = 2 * HEARTBEAT_MS;

/** What has happened while a process did not run is known to it after this time. */
const AFTER_STALL_MS = 2000;

/**
 * Time as the core sees it: that in which this process ran. What clients sent while it was stopped, in a virtual machine that paused or
 * on a laptop that slept, is still to be read when it goes on, and nobody must be lost for want of it. Never goes back, and knows nothing
 * of the time of day.
 */
export class RunningClock {
  readonly #onStall: (stalledMs: number) => void;
  readonly #heartbeat: NodeJS.Timeout;
  #seenAtMs = performance.now();
  #leftOutMs = 0;
  #wentOnAt: Instant = Number.NEGATIVE_INFINITY;

  /** `onStall` is told when the process has not run for some time. */
  constructor(onStall: (stalledMs: number) => void) {
    this.#onStall = onStall;
    this.#heartbeat = setInterval(() => this.now(), HEARTBEAT_MS).unref();
  }

  now(): Instant {
    const atMs = performance.now();
    const sinceMs = atMs - this.#seenAtMs;
    this.#seenAtMs = atMs;
    if (sinceMs > STALL_MS) this.#stalled(sinceMs);
    return atMs - this.#leftOutMs;
  }

  /** Whether the process has only just gone on after some time in which it did not run. */
  get hasJustStalled(): boolean {
    return this.now() - this.#wentOnAt < AFTER_STALL_MS;
  }

  /** Nobody looks at it any more. */
  stop(): void {
    clearInterval(this.#heartbeat);
  }

  #stalled(stalledMs: number): void {
    this.#leftOutMs += stalledMs;
    this.#wentOnAt = this.#seenAtMs - this.#leftOutMs;
    this.#onStall(stalledMs);
  }
}
