/** A longer fuzz run than the one among the tests: `npm run fuzz -- --seconds 60`, or one run again: `--seed 17 --steps 400`. */
import { argumentsOf, endWithUsage } from "../arguments.ts";
import { FuzzFailure, fuzzRun } from "./fuzz-run.ts";

const USAGE = `npm run fuzz -- [options]

  --seconds <s>   how long, up to an hour (60)
  --steps <n>     events of a run (400)
  --seed <n>      do this one run; without it, runs from a new first seed on until the time is over
`;

const values = argumentsOf(USAGE, {
  seconds: { type: "string", default: "60" },
  steps: { type: "string", default: "400" },
  seed: { type: "string" },
});
const steps = Number(values.steps);
const firstSeed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const endAt = performance.now() + 1000 * Math.min(3600, Number(values.seconds));
if (!Number.isSafeInteger(steps) || !Number.isSafeInteger(firstSeed) || Number.isNaN(endAt)) {
  endWithUsage(USAGE, "--seconds, --steps and --seed are numbers");
}

/** Failures by their first line: the same bug is shown once. */
const failures = new Map<string, FuzzFailure>();
let runs = 0;
do {
  try {
    fuzzRun(firstSeed + runs, steps);
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    const key = error.message.split("\n", 2).join(" ");
    if (!failures.has(key)) failures.set(key, error);
  }
  runs += 1;
} while (values.seed === undefined && performance.now() < endAt);

for (const { seed, message, history } of failures.values()) {
  console.error(`\n${message}\nagain: npm run fuzz -- --seed ${seed} --steps ${steps}\n${history.join("\n")}`);
}
console.log(`${runs} runs of ${steps} events from seed ${firstSeed}: ${failures.size} different failures`);
process.exitCode = failures.size === 0 ? 0 : 1;
