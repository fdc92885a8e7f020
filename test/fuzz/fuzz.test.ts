import { expect, test } from "vitest";
import { FuzzFailure, fuzzRun } from "./fuzz-run.ts";

const RUNS = 2000;
const STEPS = 100;

/** Runs that are done twice. */
const TWICE = 500;

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

test.each([
  ["a reload of the settings that hold is nothing, whenever it comes", "before each event"],
  ["a gateway that began with other settings is no other one after a reload", "at the start"],
] as const)("%s", (_, reloads) => {
  for (let seed = 1; seed <= TWICE; seed += 1) {
    const digest = fuzzRun(seed, STEPS);
    expect(fuzzRun(seed, STEPS, reloads), `seed ${seed}`).toBe(digest);
  }
});
