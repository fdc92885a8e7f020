/** What every message takes: octets on V8's heap, which do not depend on how busy the machine is. */
import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { deviations, readBaseline, TOLERANCES } from "../bench/guard/baseline.ts";
import { octetsAllocated } from "../bench/guard/octets-allocated.ts";

const baseline = readBaseline();
const isOfThisNode = process.versions.node.startsWith(`${baseline.node}.`);
if (!isOfThisNode) {
  test("with another Node than the baseline's its tests are skipped, unless REQUIRE_GUARD=1", () => {
    console.warn(`bench/guard/baseline.json is of Node ${baseline.node}: its tests are skipped`);
    const remedy = `REQUIRE_GUARD=1 asks for Node ${baseline.node}; npm run guard -- --update makes the baseline one of this Node`;
    expect(process.env.REQUIRE_GUARD === "1", remedy).toBe(false);
  });
}

const REMEDY = "npm run guard shows it; where it has to be, npm run guard -- --update, with the reason in the commit";

describe.skipIf(!isOfThisNode)("no message allocates more, or less, than bench/guard/baseline.json says", () => {
  beforeAll(() => {
    execFileSync("node_modules/.bin/tsc", ["-p", "bench/guard/tsconfig.json"]);
  });

  test.concurrent("by code as it is written", async () => {
    const measured = await octetsAllocated("written");
    expect(deviations(baseline.octetsWritten, measured, TOLERANCES.octetsWritten), REMEDY).toEqual([]);
  });

  test.concurrent("by code as the compiler leaves it", async () => {
    const measured = await octetsAllocated("optimized");
    expect(deviations(baseline.octetsOptimized, measured, TOLERANCES.octetsOptimized), REMEDY).toEqual([]);
  });
});
