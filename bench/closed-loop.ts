import { setTimeout as delay } from "node:timers/promises";
import type { MqttQoS } from "../src/gateway/packet.ts";
import type { Figures } from "./figures.ts";
import type { Job } from "./job.ts";
import { Load } from "./load.ts";
import { MemoryMeter } from "./memory-meter.ts";
import { Meter } from "./meter.ts";

/** What a message costs while 128 are on their way. */
export async function measureClosedLoop(job: Job, publish: boolean, qos: MqttQoS): Promise<Figures> {
  const memory = new MemoryMeter(job);
  const load = await Load.prepare(publish, job.nodes, qos, job.gatewayPort, job.brokerPort);
  load.start();
  await delay(job.warmUpMs);
  load.latency.clear();
  const completedBefore = load.completed;
  const meter = new Meter(job);
  await delay(job.measureMs);
  const figures = meter.figures(load.completed - completedBefore);
  const p50Us = load.latency.quantileUs(0.5);
  const p99Us = load.latency.quantileUs(0.99);
  const grown = memory.figures(job.nodes);
  load.stop();
  await load.settle();
  const { lost, duplicates, strays } = load;
  return { ...figures, p50Us, p99Us, ...grown, lost, duplicates, strays };
}
