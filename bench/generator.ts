/** The load, in a process of its own. It gets one `Job`, answers with one `Outcome`, and ends. */
import { setTimeout as delay } from "node:timers/promises";
import type { ConnectResult, Job, LoadResult, Outcome, Result } from "./job.ts";
import { Load } from "./load.ts";
import { Nodes } from "./nodes.ts";
import { cpuTimes, cpuUsed, residentOctets } from "./process-figures.ts";

/** Clients that connect before the measured ones: with them code is compiled and the heap has grown. */
const FIRST_CLIENTS = 200;

/** Time for what follows a burst to come to rest: the last packets, the collection of garbage. */
const SETTLE_MS = 3000;

async function measureLoad(job: Job, publish: boolean, qos: 0 | 1 | 2): Promise<LoadResult> {
  const load = await Load.prepare(publish, job.nodes, qos, job.gatewayPort, job.brokerPort);
  load.start();
  await delay(job.warmUpMs);
  const before = cpuTimes(job.gatewayPid, job.brokerPid);
  const startedAt = performance.now();
  const completedBefore = load.completed;
  await delay(job.measureMs);
  const elapsedMs = performance.now() - startedAt;
  const messages = load.completed - completedBefore;
  const cpu = cpuUsed(before, cpuTimes(job.gatewayPid, job.brokerPid));
  load.stop();
  await load.settle();
  return { kind: "load", messages, elapsedMs, cpu, lost: load.lost, strays: load.strays };
}

async function measureConnects(job: Job): Promise<ConnectResult> {
  const nodes = await Nodes.open(FIRST_CLIENTS + job.nodes, job.gatewayPort, () => undefined);
  await nodes.connect(FIRST_CLIENTS);
  await delay(SETTLE_MS);
  const repeatedBefore = nodes.repeated;
  const gatewayOctets = residentOctets(job.gatewayPid);
  const brokerOctets = residentOctets(job.brokerPid);
  const before = cpuTimes(job.gatewayPid, job.brokerPid);
  const startedAt = performance.now();
  await nodes.connect(FIRST_CLIENTS + job.nodes, FIRST_CLIENTS);
  const elapsedMs = performance.now() - startedAt;
  const cpu = cpuUsed(before, cpuTimes(job.gatewayPid, job.brokerPid));
  await delay(SETTLE_MS);
  return {
    kind: "connect",
    elapsedMs,
    cpu,
    repeated: nodes.repeated - repeatedBefore,
    gatewayOctetsPerClient: (residentOctets(job.gatewayPid) - gatewayOctets) / job.nodes,
    brokerOctetsPerClient: (residentOctets(job.brokerPid) - brokerOctets) / job.nodes,
  };
}

function measure(job: Job): Promise<Result> {
  const { mode } = job;
  return mode.kind === "connect" ? measureConnects(job) : measureLoad(job, mode.kind === "publish", mode.qos);
}

function finish(outcome: Outcome): void {
  process.send!(outcome, () => process.exit(outcome.ok ? 0 : 1));
}

function fail(error: unknown): void {
  finish({ ok: false, reason: error instanceof Error ? error.message : String(error) });
}

process.on("uncaughtException", fail);
// Whoever started it is gone.
process.on("disconnect", () => process.exit(1));
process.once("message", (job: Job) => {
  measure(job).then((result) => finish({ ok: true, result }), fail);
});
