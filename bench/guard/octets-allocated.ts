import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { STEADY } from "./steady.ts";

/** Figures of the subjects, by their names. */
export type Figures = Readonly<Record<string, number>>;

/**
 * optimized: by code as it runs for long, whose objects the compiler leaves out where it can prove that nobody sees them · written: by
 * code as it is written, which only changes when the code does.
 */
export type Code = "optimized" | "written";

/** A map that remembers 256 messages of each of 20 clients makes room once in so many: each round holds that as often. */
const CYCLE = 20 * 256;

/** Options of V8, and what measure.ts takes: how often a subject is done before the first round, how many rounds there are, how long. */
const RUNS: Record<Code, { options: readonly string[]; counts: readonly number[] }> = {
  // The compilers have come to all of it by then.
  optimized: { options: [], counts: [6 * CYCLE, 9, 2 * CYCLE] },
  // Code that is not optimized is slow, and the same from the beginning.
  written: { options: ["--no-opt"], counts: [CYCLE, 3, CYCLE] },
};

/** Its young generation holds what several rounds allocate: so most of them are without a collection. */
const ROOMY = ["--min-semi-space-size=128", "--max-semi-space-size=128"];

/** Octets that each subject allocates on V8's heap. Off it are the octets of Buffers alone. */
export async function octetsAllocated(code: Code): Promise<Figures> {
  const { options, counts } = RUNS[code];
  const node = [...STEADY, ...ROOMY, ...options, "build/bench/guard/measure.js", ...counts.map(String)];
  const { stdout } = await promisify(execFile)(process.execPath, node);
  return JSON.parse(stdout);
}
