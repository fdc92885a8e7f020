import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CaseOutcome, TargetReport } from "./case-outcome.ts";
import { INTEROP_CASES, INTEROP_OPTIONS } from "./cases.ts";
import type { InteropCase } from "./interop-case.ts";
import { Site } from "./site.ts";
import type { RunningBroker, Target } from "./target.ts";

/** What `npm run interop` says: which targets were asked for by name, and the folder for the reports. */
const ASKED = (process.env.INTEROP_TARGETS ?? "").split(" ");
const { INTEROP_REPORTS } = process.env;

/** Runs the cases against a target: what a test file of a target consists of. */
export function testTarget(target: Target): void {
  if (target.isOptIn && !ASKED.includes(target.name)) {
    // Its file is found all the same, and one without any test is an error.
    test.skip(`runs with npm run interop -- ${target.name}`, () => {});
    return;
  }
  const missing = target.missing();
  if (missing !== undefined) {
    // Whoever runs the tests sees what was not tested; where it must be tested, that is a failure.
    test(`without ${target.title} its ${INTEROP_CASES.length} cases are skipped, unless they must run`, () => {
      console.warn(`${missing}: ${INTEROP_CASES.length} cases with ${target.title} skipped`);
      const { requiredBy } = target;
      const isRequired = target.isOptIn || (requiredBy !== undefined && process.env[requiredBy] === "1");
      expect(isRequired, missing).toBe(false);
    });
    return;
  }
  describe(target.title, () => {
    const ends: (() => void)[] = [];
    const atEnd = (end: () => void) => ends.push(end);
    const outcomes: CaseOutcome[] = [];
    let site: Site;

    beforeAll(async () => {
      const broker = await target.start(atEnd);
      site = await Site.at(target, withInteropOptions(broker), {}, [], atEnd);
    }, 60_000);
    afterAll(() => {
      for (const end of ends.reverse()) end();
      if (INTEROP_REPORTS !== undefined) writeReport(INTEROP_REPORTS, target, site.broker, outcomes);
    });

    for (const each of casesOf(target)) {
      test.concurrent(each.name, async ({ onTestFinished, skip }) => {
        const outcome = await outcomeOf(each, target, site.forCase(onTestFinished));
        outcomes.push(outcome);
        if (outcome.result === "untried") skip(`${target.title} has no ${each.needs}`);
        if (outcome.result === "fails") throw outcome.error;
      });
    }
  });
}

function casesOf({ rowsInTests }: Target): readonly InteropCase[] {
  if (rowsInTests === undefined || INTEROP_REPORTS !== undefined) return INTEROP_CASES;
  return INTEROP_CASES.filter(({ row }) => rowsInTests.includes(row));
}

function withInteropOptions(broker: RunningBroker): RunningBroker {
  return { ...broker, options: { ...INTEROP_OPTIONS, ...broker.options } };
}

async function outcomeOf(each: InteropCase, target: Target, site: Site): Promise<CaseOutcome & { error?: unknown }> {
  const { name, row, needs, run } = each;
  if (needs !== undefined && site.broker[needs] === undefined) return { name, row, result: "untried", texts: [] };
  const why = Object.entries(target.cannot ?? {}).find(([beginning]) => name.startsWith(beginning))?.[1];
  try {
    await run(site);
  } catch (error) {
    if (why !== undefined) return { name, row, result: "cannot", texts: [why] };
    return { name, row, result: "fails", texts: [(error as Error).message], error };
  }
  if (why !== undefined) {
    const error = new Error(`works with ${target.title}, of which is said that it cannot: ${why}`);
    return { name, row, result: "fails", texts: [error.message], error };
  }
  const { differences, inabilities } = site.findings;
  if (inabilities.size > 0) return { name, row, result: "cannot", texts: [...inabilities] };
  return { name, row, result: differences.size > 0 ? "differs" : "works", texts: [...differences] };
}

function writeReport(
  folder: string,
  { name, title, table, head }: Target,
  { version }: RunningBroker,
  outcomes: readonly CaseOutcome[],
): void {
  mkdirSync(folder, { recursive: true });
  const plain = outcomes.map(({ name, row, result, texts }) => ({ name, row, result, texts }));
  const report: TargetReport = { name, title, table, head, version, outcomes: plain };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(report));
}
