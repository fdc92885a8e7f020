/** The time over which a rate is taken: long enough to be calm, short enough to see what one has just done. */
const WINDOW_MS = 10_000;

/** Turns a count that grows into a rate. */
export class RateMeter {
  readonly #samples: { at: number; count: number }[] = [];

  /** The count at a time, in milliseconds. One that has become smaller begins anew: the gateway was restarted. */
  add(at: number, count: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && (count < last.count || at < last.at)) this.#samples.length = 0;
    this.#samples.push({ at, count });
    // The one before the window is where it begins.
    while (this.#samples.length > 2 && this.#samples[1]!.at <= at - WINDOW_MS) this.#samples.shift();
  }

  /** By the second; undefined before it can be known. */
  get perSecond(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return undefined;
    return ((last.count - first.count) * 1000) / (last.at - first.at);
  }
}
