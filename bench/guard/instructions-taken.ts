import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { STEADY } from "./steady.ts";

/** All has been compiled by then. */
const FEW = 100_000;
const MANY = 200_000;

/** The machine instructions that a subject takes, compiled ones included, as valgrind counts them: about a minute. */
export async function instructionsTaken(subject: string): Promise<number> {
  const [few, many] = await Promise.all([count(subject, FEW), count(subject, MANY)]);
  return Math.round((many - few) / (MANY - FEW));
}

async function count(subject: string, times: number): Promise<number> {
  const valgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null", "--smc-check=all-non-file"];
  const node = [process.execPath, ...STEADY, "build/bench/guard/repeat.js", subject, String(times)];
  const { stderr } = await promisify(execFile)("valgrind", [...valgrind, ...node]);
  return Number(/Collected : (\d+)/.exec(stderr)![1]);
}
