import { setTimeout as delay } from "node:timers/promises";
import type { Figures } from "./figures.ts";
import type { Job } from "./job.ts";
import { MemoryMeter } from "./memory-meter.ts";
import { Meter } from "./meter.ts";
import { Nodes } from "./nodes.ts";

/** Time for what follows the clients' coming to come to rest. */
const SETTLE_MS = 5000;

/**
 * What clients cost that sleep: what remains are the pings of their connections to the broker, which the gateway spreads over its keep
 * alive, so that any part of it is like any other.
 */
export async function measureIdle(job: Job): Promise<Figures> {
  const memory = new MemoryMeter(job);
  const nodes = await Nodes.open(job.nodes, job.gatewayPort, () => undefined);
  await nodes.connect(job.nodes);
  await nodes.sleep(job.nodes);
  await delay(SETTLE_MS);
  const meter = new Meter(job);
  await delay(job.measureMs);
  const { seconds, gatewayPercent, brokerPercent, generatorPercent, othersPercent } = meter.figures(1);
  return { seconds, gatewayPercent, brokerPercent, generatorPercent, othersPercent, ...memory.figures(job.nodes) };
}
