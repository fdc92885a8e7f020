import type { Log } from "./log.ts";

/** A wrong token is told of at most once in this time. */
const TOLD_MS = 60_000;

/** Tells that wrong tokens are shown for the status page, and how often, without filling the log. */
export class WrongTokenReport {
  readonly #log: Log;
  readonly #now: () => number;
  #count = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  /** `now` in milliseconds. */
  constructor(log: Log, now = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** One was shown from this address. */
  readonly add = (address: string): void => {
    this.#count += 1;
    const now = this.#now();
    if (now - this.#toldAtMs < TOLD_MS) return;
    this.#toldAtMs = now;
    const message = `a wrong token for the status page was shown, the last time from ${address}`;
    this.#log.warn("http.wrong-token", { address, count: this.#count }, message);
    this.#count = 0;
  };
}
