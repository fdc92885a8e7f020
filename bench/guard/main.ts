import { Command } from "commander";
import { type Baseline, deviations, readBaseline, TOLERANCES, writeBaseline } from "./baseline.ts";
import { instructionsTaken } from "./instructions-taken.ts";
import { type Figures, octetsAllocated } from "./octets-allocated.ts";

const options = new Command("guard")
  .description(
    "What every message takes, against bench/guard/baseline.json: octets on V8's heap, and machine instructions.",
  )
  .option("--instructions", "count machine instructions too, with valgrind: some minutes")
  .option("--update", "write what is measured into the baseline")
  .parse()
  .opts<{ instructions?: true; update?: true }>();

async function instructions(names: readonly string[]): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const name of names) figures[name] = await instructionsTaken(name);
  return figures;
}

const baseline = readBaseline();
const node = Number.parseInt(process.versions.node, 10);
const [octetsOptimized, octetsWritten] = await Promise.all([octetsAllocated("optimized"), octetsAllocated("written")]);
const exchanges = Object.keys(octetsWritten).filter((name) => name.startsWith("core:") && name.includes("QoS"));
const measured: Baseline = {
  node,
  octetsOptimized,
  octetsWritten,
  instructions: options.instructions ? await instructions(exchanges) : baseline.instructions,
};

for (const kind of ["octetsOptimized", "octetsWritten", "instructions"] as const) {
  const before = baseline[kind];
  const off = deviations(before, measured[kind], TOLERANCES[kind]);
  console.log(`\n${kind}${off.length > 0 ? `, off by more than allowed: ${off.length}` : ""}`);
  console.table(
    Object.fromEntries(
      Object.entries(measured[kind]).map(([name, now]) => {
        const was = before[name];
        const change = was === undefined || was === 0 ? "" : `${(((now - was) / was) * 100).toFixed(1)} %`;
        return [name, { before: was, now, change }];
      }),
    ),
  );
  if (off.length > 0 && !options.update) process.exitCode = 1;
}
if (options.update) writeBaseline(measured);
else if (node !== baseline.node) console.log(`The baseline is of Node ${baseline.node}: with ${node} it says little.`);
