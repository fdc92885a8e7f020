/** Upper ends of the classes in which latencies are counted, in milliseconds; above the last one there is one more class. */
export const LATENCY_BOUNDS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000,
] as const;

/** How long exchanges took, by class. Only ever grows. */
export class Latencies {
  /** Exchanges in each class, that above the last bound included; not summed up. */
  readonly counts: number[] = new Array(LATENCY_BOUNDS_MS.length + 1).fill(0);
  sumMs = 0;

  add(durationMs: number): void {
    let index = 0;
    while (index < LATENCY_BOUNDS_MS.length && durationMs > LATENCY_BOUNDS_MS[index]!) index += 1;
    this.counts[index]! += 1;
    this.sumMs += durationMs;
  }
}
