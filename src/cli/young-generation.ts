import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** How large each of its two halves gets: with more no message costs less. */
const GROWN_MIB = 4;

let growthFactor: number | undefined;

/**
 * How far V8 lets the part of the heap grow in which objects begin. What is loaded at the start outlives it: it would double four times
 * for programs and schemas that it only copies; and again for the sessions of ten thousand clients, which is more than two hundred octets
 * for each. The flag is one that V8 reads each time; the limit itself (--max-semi-space-size) is read once, before any code of ours. See
 * docs/decisions/0008-small-at-the-start.md.
 */
export const youngGeneration = {
  /** It stays as it is, at 1 MiB for each half, for as long as the gateway starts. */
  hold(): void {
    growBy(1);
  },

  /** From now on it grows with the load, in one step. V8 makes it small again where little happens. */
  release(): void {
    growBy(GROWN_MIB);
    const collected = new PerformanceObserver(() => growBy(halfMib() < GROWN_MIB ? GROWN_MIB : 1));
    collected.observe({ entryTypes: ["gc"] });
  },
} as const;

function growBy(factor: number): void {
  if (factor === growthFactor) return;
  growthFactor = factor;
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);
}

function halfMib(): number {
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  return space === undefined ? 0 : space.space_size / 2 / 1024 / 1024;
}
