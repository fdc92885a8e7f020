import { readFileSync, writeFileSync } from "node:fs";
import type { Figures } from "./octets-allocated.ts";

const FILE = "bench/guard/baseline.json";

/** What the subjects take as it is now. */
export interface Baseline {
  /** The major version of Node by which it was measured. It does not hold for others. */
  node: number;
  /** Octets on V8's heap: see `Code`. */
  octetsOptimized: Figures;
  octetsWritten: Figures;
  /** Machine instructions; of the exchanges of messages only. */
  instructions: Figures;
}

/** By how much a figure may be off: by a part of it, or by so much, whichever is more. */
export type Tolerance = { part: number; least: number };

/** What the compiler leaves out depends on what it compiles together, and so on code that has nothing to do with a subject. */
export const TOLERANCES: Record<Exclude<keyof Baseline, "node">, Tolerance> = {
  octetsOptimized: { part: 0.1, least: 48 },
  octetsWritten: { part: 0.01, least: 8 },
  instructions: { part: 0.05, least: 100 },
};

export function readBaseline(): Baseline {
  return JSON.parse(readFileSync(FILE, "utf8"));
}

export function writeBaseline(baseline: Baseline): void {
  writeFileSync(FILE, `${JSON.stringify(baseline, undefined, 2)}\n`);
}

/** What is off, a line for each; one that has become cheaper is to be held to that. */
export function deviations(baseline: Figures, measured: Figures, { part, least }: Tolerance): string[] {
  const names = new Set([...Object.keys(baseline), ...Object.keys(measured)]);
  return [...names].flatMap((name) => {
    const was = baseline[name];
    const is = measured[name];
    if (was === undefined || is === undefined) return [`${name}: ${was ?? "nothing"} before, ${is ?? "nothing"} now`];
    return Math.abs(is - was) <= Math.max(was * part, least) ? [] : [`${name}: ${was} before, ${is} now`];
  });
}
