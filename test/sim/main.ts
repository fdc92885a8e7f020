/** Simulated worlds from the command line: `npm run sim -- --seed 7 --runs 1000`, or one of them with every arrow: `-- --seed 7 --log`. */
import { argumentsOf, endWithUsage } from "../arguments.ts";
import { failureText } from "./failure-text.ts";
import { drawOptions } from "./sim-options.ts";
import { SimulatedWorld } from "./simulated-world.ts";

const USAGE = `npm run sim -- [options]

  --seed <n>   the first world (1)
  --runs <n>   how many worlds (1)
  --log        show every arrow
`;

const values = argumentsOf(USAGE, {
  seed: { type: "string", default: "1" },
  runs: { type: "string", default: "1" },
  log: { type: "boolean", default: false },
});
const first = Number(values.seed);
const runs = Number(values.runs);
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(runs) || runs < 1) {
  endWithUsage(USAGE, "--seed and --runs are whole numbers");
}

const totals = { upstream: 0, accepted: 0, downstream: 0, arrived: 0 };
const notes = new Map<string, number>();
let failures = 0;
for (let seed = first; seed < first + runs; seed += 1) {
  const options = drawOptions(seed);
  const world = new SimulatedWorld(options, values.log ? (arrow) => console.log(arrow) : undefined);
  const result = world.run();
  for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += result.counts[key];
  for (const [name, count] of result.notes) notes.set(name, (notes.get(name) ?? 0) + count);
  if (result.violation === undefined) continue;
  failures += 1;
  process.exitCode = 1;
  console.log(`${failureText(options, result)}\n`);
}
console.log(`${runs} worlds, ${failures} failed`);
console.log(`${totals.upstream} messages published by devices, ${totals.accepted} of them accepted`);
console.log(`${totals.downstream} messages published to devices, ${totals.arrived} of them arrived`);
for (const [name, count] of [...notes].sort(([, one], [, other]) => other - one)) console.log(`  ${count} ${name}`);
