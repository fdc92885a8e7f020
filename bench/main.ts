/** What a message costs, by `npm run bench`. See README.md beside this file. */
import { parseArgs } from "node:util";
import type { ConnectResult, LoadResult, Mode, Result } from "./job.ts";
import { openFilesMax } from "./process-figures.ts";
import { brief, type ConnectRow, type LoadRow, summarizeConnects, summarizeLoad, table } from "./summary.ts";
import { runTrial } from "./trial.ts";

const MODES: Readonly<Record<string, Mode>> = {
  "publish-qos0": { kind: "publish", qos: 0 },
  "publish-qos1": { kind: "publish", qos: 1 },
  "publish-qos2": { kind: "publish", qos: 2 },
  "deliver-qos0": { kind: "deliver", qos: 0 },
  "deliver-qos1": { kind: "deliver", qos: 1 },
  connect: { kind: "connect" },
};

/** Files and sockets that a process needs besides one for each client; the clients that `connect` does not count are in it. */
const OTHER_FILES = 500;

const USAGE = `npm run bench -- [options]

  --only <mode,…>      ${Object.keys(MODES).join(", ")} (all)
  --nodes <n,…>        nodes of publish and deliver, each a case of its own (100,1000)
  --connects <n>       clients of connect (10000)
  --seconds <s>        measured time of a run (5)
  --warm-up <s>        load before it that is not measured (3)
  --repetitions <n>    runs of each case, interleaved; the medians are shown (3)
  --json               the figures of every run as JSON on standard output
`;

interface Case {
  name: string;
  mode: Mode;
  nodes: number;
  results: Result[];
}

interface Plan {
  cases: Case[];
  warmUpMs: number;
  measureMs: number;
  repetitions: number;
  json: boolean;
}

class UsageError extends Error {}

function number(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text !== "" && value >= min && value <= max) return value;
  throw new UsageError(`--${option} is a number from ${min} to ${max}, not "${text}"`);
}

function integer(option: string, text: string, min: number, max: number): number {
  const value = number(option, text, min, max);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`--${option} is a whole number, not "${text}"`);
}

function parsePlan(args: string[]): Plan {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", default: Object.keys(MODES).join(",") },
      nodes: { type: "string", default: "100,1000" },
      connects: { type: "string", default: "10000" },
      seconds: { type: "string", default: "5" },
      "warm-up": { type: "string", default: "3" },
      repetitions: { type: "string", default: "3" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const nodes = values.nodes.split(",").map((text) => integer("nodes", text, 1, 10_000));
  const connects = integer("connects", values.connects, 1, 20_000);
  const cases: Case[] = [];
  for (const name of values.only.split(",")) {
    const mode = MODES[name];
    if (mode === undefined) throw new UsageError(`--only: there is no mode "${name}"`);
    const counts = mode.kind === "connect" ? [connects] : nodes;
    for (const count of counts) cases.push({ name, mode, nodes: count, results: [] });
  }
  return {
    cases,
    measureMs: 1000 * number("seconds", values.seconds, 0.5, 60),
    warmUpMs: 1000 * number("warm-up", values["warm-up"], 0, 60),
    repetitions: integer("repetitions", values.repetitions, 1, 20),
    json: values.json,
  };
}

/** Every node is a socket of the generator, of the gateway and of the broker. */
function assertEnoughFiles(plan: Plan): void {
  const needed = Math.max(...plan.cases.map(({ nodes }) => nodes)) + OTHER_FILES;
  const max = openFilesMax();
  if (needed > max) throw new Error(`${needed} open files are needed, and ${max} allowed: raise "ulimit -n"`);
}

async function run(plan: Plan): Promise<void> {
  for (let repetition = 1; repetition <= plan.repetitions; repetition += 1) {
    for (const { name, mode, nodes, results } of plan.cases) {
      const result = await runTrial(mode, nodes, plan.warmUpMs, plan.measureMs);
      results.push(result);
      console.error(`${repetition}/${plan.repetitions} ${name}, ${nodes} nodes: ${brief(result)}`);
    }
  }
}

function print(plan: Plan): void {
  const loads: LoadRow[] = [];
  const connects: ConnectRow[] = [];
  for (const { name, nodes, results } of plan.cases) {
    const loadResults = results.filter((result): result is LoadResult => result.kind === "load");
    const connectResults = results.filter((result): result is ConnectResult => result.kind === "connect");
    if (loadResults.length > 0) loads.push(summarizeLoad(name, nodes, loadResults));
    if (connectResults.length > 0) connects.push(summarizeConnects(name, nodes, connectResults));
  }
  if (plan.json) {
    const runs = plan.cases.map(({ name, nodes, results }) => ({ mode: name, nodes, results }));
    console.log(JSON.stringify({ medians: [...loads, ...connects], runs }, undefined, 2));
    return;
  }
  for (const rows of [loads, connects]) if (rows.length > 0) console.log(`\n${table(rows)}`);
}

try {
  const plan = parsePlan(process.argv.slice(2));
  assertEnoughFiles(plan);
  await run(plan);
  print(plan);
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  const message = error instanceof Error ? error.message : String(error);
  console.error(message);
  if (isUsage) console.error(USAGE);
  process.exitCode = isUsage ? 2 : 1;
}
