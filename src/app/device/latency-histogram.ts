/** Each bucket is wider than the one before by this factor, so that a percentile is exact to about 2 %. */
const GROWTH = 1.02;
const SMALLEST_MS = 0.01;
/** Enough for more than an hour. */
const BUCKETS = 1024;

/** Times in milliseconds, in buckets: any number of them in the same memory. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;

  add(ms: number): void {
    const bucket = Math.ceil(Math.log(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) / Math.log(GROWTH));
    this.#counts[Math.min(bucket, BUCKETS - 1)]! += 1;
    this.#count += 1;
  }

  /** The time that this share of all, 0 to 1, took at most; undefined where there is none. */
  percentileMs(share: number): number | undefined {
    if (this.#count === 0) return undefined;
    let left = Math.ceil(this.#count * share);
    let bucket = 0;
    while (bucket < BUCKETS - 1) {
      left -= this.#counts[bucket]!;
      if (left <= 0) break;
      bucket += 1;
    }
    return Math.round(SMALLEST_MS * GROWTH ** bucket * 100) / 100;
  }
}
