import { expect, test } from "vitest";
import type { NoteName } from "../../src/gateway/contract.ts";
import { failureText } from "./failure-text.ts";
import { MISHAPS } from "./mishaps.ts";
import { drawOptions } from "./sim-options.ts";
import { SimulatedWorld } from "./simulated-world.ts";

const SEEDS = 200;

/** What has to come of the mishaps now and then. */
const OUTCOMES: readonly NoteName[] = ["sessions.restored", "link.retried", "link.restored", "client.taken-over"];

test(`nothing acknowledged is lost, nothing of QoS 2 comes twice, and nobody gets what is not for him, in ${SEEDS} simulated worlds`, () => {
  const totals = { upstream: 0, accepted: 0, downstream: 0, arrived: 0 };
  const happened = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const options = drawOptions(seed);
    const result = new SimulatedWorld(options).run();
    if (result.violation !== undefined) expect.fail(failureText(options, result));
    for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += result.counts[key];
    for (const what of result.notes.keys()) happened.add(what);
  }
  // A world in which nothing happens would find nothing.
  expect(totals.accepted).toBeGreaterThan(1000);
  expect(totals.arrived).toBeGreaterThan(1000);
  expect([...MISHAPS, ...OUTCOMES].filter((what) => !happened.has(what))).toEqual([]);
}, 120_000);
