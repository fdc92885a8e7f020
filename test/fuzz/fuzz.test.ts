import { expect, test } from "vitest";
import { FuzzFailure, fuzzRun } from "./fuzz-run.ts";

const RUNS = 2000;
const STEPS = 100;

test(`nothing breaks in ${RUNS} runs of ${STEPS} random events over codec and core`, () => {
  for (let seed = 1; seed <= RUNS; seed += 1) {
    try {
      fuzzRun(seed, STEPS);
    } catch (error) {
      if (!(error instanceof FuzzFailure)) throw error;
      expect.fail(`seed ${error.seed}: ${error.message}\n${error.history.join("\n")}`);
    }
  }
});
