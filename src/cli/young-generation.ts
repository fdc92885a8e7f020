import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** How large each of its two halves gets, but for a turn of the event loop in which V8 collects twice: with more no message costs less. */
const GROWN_MIB = 4;

let growthFactor: number | undefined;

/**
 * How far V8 lets the part of the heap grow in which objects begin. What is loaded at the start outlives it: it would double four times
 * for programs and schemas that it only copies; and again for the sessions of ten thousand clients, which is more than two kilobytes
 * for each. The flag is one that V8 reads each time; the limit itself (--max-semi-space-size) is read once, before any code of ours. Where
 * somebody has set either, it stays as it is. See docs/decisions/0008-small-at-the-start.md.
 */
export const youngGeneration = {
  /** It stays as it is, at 1 MiB for each half, for as long as the gateway starts. */
  hold(): void {
    growBy(1);
  },

  /** From now on it grows with the load. V8 makes it small again where little happens. */
  release(): void {
    if (isSetByUser()) return;
    growOn();
    new PerformanceObserver(growOn).observe({ entryTypes: ["gc"] });
  },
} as const;

function growOn(): void {
  growBy(Math.max(1, Math.floor(GROWN_MIB / halfMib())));
}

function growBy(factor: number): void {
  if (factor === growthFactor || isSetByUser()) return;
  growthFactor = factor;
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);
}

function halfMib(): number {
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  return space === undefined ? GROWN_MIB : Math.max(1, space.space_size / 2 / 1024 / 1024);
}

function isSetByUser(): boolean {
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((flags) => /semi[-_]space/.test(flags));
}
