import { setTimeout as delay } from "node:timers/promises";
import type { Figures } from "./figures.ts";
import type { Job } from "./job.ts";
import { MemoryMeter } from "./memory-meter.ts";
import { Meter } from "./meter.ts";
import { Nodes } from "./nodes.ts";

/** How fast the gateway tells the broker that clients have come (`src/app/bridge/bridge.ts`). */
const TOLD_PER_SECOND = 200;

/** After that, for V8 to tidy up, which takes it some 0.3 s of CPU time, once. */
const SETTLE_MS = 40_000;

/**
 * What clients cost that sleep, when all has been told of them: what remains are the pings of their connections to the broker, which the
 * gateway spreads over its keep alive, and what it does for itself once a minute.
 */
export async function measureIdle(job: Job): Promise<Figures> {
  const memory = new MemoryMeter(job);
  const nodes = await Nodes.open(job.nodes, job.gatewayPort, () => undefined);
  await nodes.connect(job.nodes);
  await nodes.sleep(job.nodes);
  const telling = new Meter(job);
  await delay((1000 * job.nodes) / TOLD_PER_SECOND);
  const { gatewayPercent: tellingPercent } = telling.figures(1);
  await delay(SETTLE_MS);
  const meter = new Meter(job);
  await delay(job.measureMs);
  const { seconds, gatewayPercent, brokerPercent, generatorPercent, othersPercent } = meter.figures(1);
  const percents = { tellingPercent, gatewayPercent, brokerPercent, generatorPercent, othersPercent };
  return { seconds, ...percents, ...memory.figures(job.nodes) };
}
