import { setTimeout as delay } from "node:timers/promises";
import type { Figures } from "./figures.ts";
import { Histogram } from "./histogram.ts";
import type { Job } from "./job.ts";
import { MemoryMeter } from "./memory-meter.ts";
import { Meter } from "./meter.ts";
import { Nodes } from "./nodes.ts";

/** Clients that connect before the measured ones: with them code is compiled and the heap has grown. */
const FIRST_CLIENTS = 200;

/** Time for what follows a burst to come to rest: the last packets, the collection of garbage. */
const SETTLE_MS = 3000;

/** What it takes to connect many clients at once, and what they take when they are there. */
export async function measureConnects(job: Job): Promise<Figures> {
  const count = FIRST_CLIENTS + job.nodes;
  const nodes = await Nodes.open(count, job.gatewayPort, () => undefined);
  await nodes.connect(FIRST_CLIENTS);
  await delay(SETTLE_MS);
  const repeatedBefore = nodes.repeated;
  const latency = new Histogram();
  const memory = new MemoryMeter(job);
  const meter = new Meter(job);
  await nodes.connect(count, FIRST_CLIENTS, latency);
  const figures = meter.figures(job.nodes);
  const repeated = nodes.repeated - repeatedBefore;
  await delay(SETTLE_MS);
  const p50Us = latency.quantileUs(0.5);
  const p99Us = latency.quantileUs(0.99);
  return { ...figures, p50Us, p99Us, ...memory.figures(job.nodes), repeated };
}
