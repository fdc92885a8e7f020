import { parseArgs } from "node:util";
import { BARE_MODES, MODES, type Mode } from "./modes.ts";
import type { CaseResult } from "./results.ts";
import type { Subject } from "./subject.ts";

/** Repetitions where none are asked for; of modes that take long, fewer. */
const REPETITIONS = 3;
const FEWER_REPETITIONS: Readonly<Record<string, number>> = {
  idle: 1,
  "open-publish-qos0": 2,
  "open-publish-qos1": 2,
  "open-deliver-qos0": 2,
};

/** A whole run: where an option is not given, it is so. */
const WHOLE = {
  nodes: "100,1000",
  connects: "10000",
  sleepers: "1000",
  seconds: "3",
  "warm-up": "2",
  "idle-seconds": "60",
} as const;

export const USAGE = `npm run bench -- [options]

  --only <mode,…>      ${wrapped(Object.keys(MODES))}
                       (all)
  --nodes <n,…>        nodes of publish and deliver, each a case of its own; of the open loops the last (100,1000)
  --connects <n>       clients of connect and idle (10000)
  --sleepers <n>       clients of wake-up (1000)
  --seconds <s>        measured time of a run with messages (3)
  --warm-up <s>        load before it that is not measured (2)
  --idle-seconds <s>   measured time of idle (60)
  --repetitions <n>    runs of each case, interleaved (${REPETITIONS}; open loops 2, idle 1)
  --against <what>     the same beside it with "bare", a relay that does nothing but translate, or with another gateway's
                       dist/cli/main.js
  --json               everything as JSON on standard output
  --out <file>         … into a file
  --write              everything into bench/results.json, and the tables into bench/README.md; only of a whole run, with no
                       option that makes it smaller or another one; then "npm run docs"
`;

/** Something to measure, as often as it is to be. */
export interface Case extends CaseResult {
  kind: Mode;
  of: Subject;
  warmUpMs: number;
  measureMs: number;
  repetitions: number;
}

export interface Plan {
  cases: Case[];
  warmUpMs: number;
  measureMs: number;
  repetitions: number;
  /** The `dist/cli/main.js` of another gateway. */
  otherMain: string | undefined;
  json: boolean;
  out: string | undefined;
  write: boolean;
}

/** The command line cannot be understood. */
export class UsageError extends Error {}

/** What a command line asks for; undefined where it asks for help. Throws UsageError, or what `parseArgs` throws. */
export function parsePlan(args: string[]): Plan | undefined {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string" },
      nodes: { type: "string", default: WHOLE.nodes },
      connects: { type: "string", default: WHOLE.connects },
      sleepers: { type: "string", default: WHOLE.sleepers },
      seconds: { type: "string", default: WHOLE.seconds },
      "warm-up": { type: "string", default: WHOLE["warm-up"] },
      "idle-seconds": { type: "string", default: WHOLE["idle-seconds"] },
      repetitions: { type: "string" },
      against: { type: "string" },
      json: { type: "boolean", default: false },
      out: { type: "string" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  if (values.write) assertWhole(values);
  const measureMs = 1000 * number("seconds", values.seconds, 0.5, 60);
  const warmUpMs = 1000 * number("warm-up", values["warm-up"], 0, 60);
  const idleMs = 1000 * number("idle-seconds", values["idle-seconds"], 1, 600);
  const nodes = values.nodes.split(",").map((text) => integer("nodes", text, 1, 10_000));
  const connects = integer("connects", values.connects, 1, 20_000);
  const sleepers = integer("sleepers", values.sleepers, 1, 20_000);
  const asked = values.repetitions === undefined ? undefined : integer("repetitions", values.repetitions, 1, 20);

  const nodesOf = (mode: Mode): readonly number[] => {
    if (mode.kind === "publish" || mode.kind === "deliver") return nodes;
    if (mode.kind === "open-publish" || mode.kind === "open-deliver") return nodes.slice(-1);
    if (mode.kind === "connect" || mode.kind === "idle") return [connects];
    if (mode.kind === "wake-up") return [sleepers];
    return mode.kind === "round-trip" ? [1] : [0];
  };
  const cases: Case[] = [];
  for (const mode of values.only?.split(",") ?? Object.keys(MODES)) {
    const kind = MODES[mode];
    if (kind === undefined) throw new UsageError(`--only: there is no mode "${mode}"`);
    for (const count of nodesOf(kind)) {
      for (const [subject, of] of subjects(mode, values.against)) {
        const repetitions = asked ?? FEWER_REPETITIONS[mode] ?? REPETITIONS;
        const measured = kind.kind === "idle" ? idleMs : measureMs;
        const what = { mode, nodes: count, subject, kind, of, runs: [], failures: [] };
        cases.push({ ...what, warmUpMs, measureMs: measured, repetitions });
      }
    }
  }
  const { against, json, out, write } = values;
  const otherMain = against === "bare" ? undefined : against;
  const repetitions = Math.max(...cases.map((one) => one.repetitions));
  return { cases, warmUpMs, measureMs, repetitions, otherMain, json, out, write };
}

type Values = Readonly<Partial<Record<keyof typeof WHOLE | "only" | "against" | "repetitions", string>>>;

/** What is written is compared with what was written before: only the time and the repetitions of each run may be more. */
function assertWhole(values: Values): void {
  const refuse = (option: keyof Values): never => {
    throw new UsageError(`--write is for a whole run, without --${option} ${values[option]}`);
  };
  if (values.only !== undefined) refuse("only");
  if (values.against !== undefined && values.against !== "bare") refuse("against");
  for (const option of ["nodes", "connects", "sleepers"] as const) if (values[option] !== WHOLE[option]) refuse(option);
  for (const option of ["seconds", "warm-up", "idle-seconds"] as const) {
    if (Number(values[option]) < Number(WHOLE[option])) refuse(option);
  }
  if (values.repetitions !== undefined && Number(values.repetitions) < REPETITIONS) refuse("repetitions");
}

/** What is measured in a mode, by name: the gateway, and what it is compared with. */
function subjects(mode: string, against: string | undefined): [string, Subject][] {
  const gateway: [string, Subject] = ["gateway", { kind: "gateway" }];
  if (against === undefined) return [gateway];
  if (against !== "bare") return [gateway, ["other", { kind: "gateway", main: against }]];
  return BARE_MODES.includes(mode) ? [gateway, ["bare", { kind: "bare" }]] : [gateway];
}

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

/** Names in lines that stand under each other in the list of options. */
function wrapped(names: readonly string[]): string {
  const lines: string[][] = [];
  for (let first = 0; first < names.length; first += 5) lines.push(names.slice(first, first + 5));
  return lines.map((line) => line.join(", ")).join(`,\n${" ".repeat(23)}`);
}
