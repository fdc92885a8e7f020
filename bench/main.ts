/** What a message costs, by `npm run bench`. See README.md beside this file. */
import { readFileSync, writeFileSync } from "node:fs";
import { doubts } from "./doubts.ts";
import { thisMachine } from "./machine.ts";
import { type Plan, parsePlan, USAGE, UsageError } from "./plan.ts";
import { assertMosquitto, assertReadable, assertWritable } from "./prerequisites.ts";
import { openFilesMax } from "./process-figures.ts";
import { measuredSection, withMeasured } from "./readme-section.ts";
import { type Results, summarize } from "./results.ts";
import { brief, plainTable, tables } from "./tables.ts";
import { runTrial } from "./trial.ts";

const README = new URL("../../bench/README.md", import.meta.url);
const RESULTS = new URL("../../bench/results.json", import.meta.url);

/** Files that a process needs besides one for each node; what the gateway may have more clients than nodes is in it (`trial.ts`). */
const OTHER_FILES = 1200;

/** Every node is a socket of the generator, of the gateway and of the broker. */
function assertEnoughFiles(plan: Plan): void {
  const needed = Math.max(...plan.cases.map(({ nodes }) => nodes)) + OTHER_FILES;
  const max = openFilesMax();
  if (needed > max) throw new Error(`${needed} open files are needed, and ${max} allowed: raise "ulimit -n"`);
}

/** A run that fails is told, and does not keep the others from running. */
async function run(plan: Plan): Promise<void> {
  for (let repetition = 1; repetition <= plan.repetitions; repetition += 1) {
    for (const { repetitions, mode, nodes, subject, kind, of, warmUpMs, measureMs, runs, failures } of plan.cases) {
      if (repetition > repetitions) continue;
      const what = `${repetition}/${repetitions} ${mode}, ${nodes} nodes, ${subject}`;
      try {
        const figures = await runTrial(of, kind, nodes, warmUpMs, measureMs);
        runs.push(figures);
        console.error(`${what}: ${brief(figures)}`);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        failures.push(reason);
        console.error(`${what}: failed: ${reason}`);
      }
    }
  }
}

/** Figures to six digits: what is behind them is noise. */
function asJson(results: Results): string {
  const round = (_key: string, value: unknown): unknown =>
    typeof value === "number" ? Number(value.toPrecision(6)) : value;
  return `${JSON.stringify(results, round, 2)}\n`;
}

function print(plan: Plan, results: Results): void {
  if (plan.json) process.stdout.write(asJson(results));
  else for (const table of tables(results)) console.log(`\n${plainTable(table)}`);
  if (plan.out !== undefined) writeFileSync(plan.out, asJson(results));
}

const startedAt = performance.now();
try {
  const plan = parsePlan(process.argv.slice(2));
  if (plan === undefined) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  assertMosquitto();
  if (plan.otherMain !== undefined) assertReadable("against", plan.otherMain);
  if (plan.out !== undefined) assertWritable("out", plan.out);
  assertEnoughFiles(plan);
  const machine = thisMachine();
  if (plan.write) for (const doubt of doubts(machine, [])) console.error(`warning: ${doubt}`);
  await run(plan);
  const { warmUpMs, measureMs, repetitions } = plan;
  const cases = plan.cases.map(({ mode, nodes, subject, runs, failures }) => ({
    mode,
    nodes,
    subject,
    runs,
    failures,
  }));
  const results = summarize(machine, { warmUpMs, measureMs, repetitions }, cases);
  print(plan, results);
  console.error(`\ntook ${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes`);
  const failed = cases.flatMap(({ failures }) => failures).length;
  if (failed > 0) {
    console.error(`${failed} runs failed${plan.write ? ": nothing is written" : ""}`);
    process.exitCode = 1;
  } else if (plan.write) {
    for (const doubt of doubts(machine, results.cases)) console.error(`warning: ${doubt}`);
    writeFileSync(RESULTS, asJson(results));
    writeFileSync(README, withMeasured(readFileSync(README, "utf8"), measuredSection(results)));
  }
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  const message = error instanceof Error ? error.message : String(error);
  console.error(message);
  if (isUsage) console.error(USAGE);
  process.exitCode = isUsage ? 2 : 1;
}
