/** Parts of each doubling: a time read from the histogram is at most 0.6 % from the true one. */
const PARTS = 64;

/** Doublings, from 1 µs to some 70 s. */
const DOUBLINGS = 26;

/** How long things took, in buckets that grow with the time: nothing is allocated for one of them. */
export class Histogram {
  readonly #buckets = new Uint32Array(DOUBLINGS * PARTS);
  #count = 0;

  /** What is outside of 1 µs to 70 s counts as the nearest of the two. */
  add(us: number): void {
    const position = us < 1 ? 0 : Math.min(Math.floor(Math.log2(us) * PARTS), this.#buckets.length - 1);
    this.#buckets[position]! += 1;
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  /** The time in µs that `share` (0 to 1) of them did not exceed; NaN where there are none. */
  quantileUs(share: number): number {
    if (this.#count === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    let position = -1;
    while (seen < rank) {
      position += 1;
      seen += this.#buckets[position]!;
    }
    // The middle of the bucket.
    return 2 ** ((position + 0.5) / PARTS);
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#count = 0;
  }
}
