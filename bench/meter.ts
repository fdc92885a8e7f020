import type { Figures } from "./figures.ts";
import type { Job } from "./job.ts";
import { cpuUs, machineUs } from "./process-figures.ts";

interface Reading {
  atMs: number;
  gatewayUs: number;
  brokerUs: number;
  generatorUs: number;
  machineUs: number;
}

/** What gateway, broker and this process use from its making on. */
export class Meter {
  readonly #job: Job;
  readonly #before: Reading;

  constructor(job: Job) {
    this.#job = job;
    this.#before = read(job);
  }

  /** Since the beginning: elapsed time, CPU time for each of `count` things, and shares of a core. */
  figures(count: number) {
    const after = read(this.#job);
    const before = this.#before;
    const elapsedMs = after.atMs - before.atMs;
    const gateway = after.gatewayUs - before.gatewayUs;
    const broker = after.brokerUs - before.brokerUs;
    const generator = after.generatorUs - before.generatorUs;
    const percent = (us: number): number => us / (elapsedMs * 10);
    return {
      seconds: elapsedMs / 1000,
      messagesPerSecond: (1000 * count) / elapsedMs,
      gatewayUs: gateway / count,
      brokerUs: broker / count,
      generatorUs: generator / count,
      ratio: gateway / broker,
      gatewayPercent: percent(gateway),
      brokerPercent: percent(broker),
      generatorPercent: percent(generator),
      othersPercent: Math.max(0, percent(after.machineUs - before.machineUs - gateway - broker - generator)),
    } satisfies Figures;
  }
}

function read({ gatewayPids, brokerPids }: Job): Reading {
  return {
    atMs: performance.now(),
    gatewayUs: cpuUs(gatewayPids),
    brokerUs: cpuUs(brokerPids),
    generatorUs: cpuUs([process.pid]),
    machineUs: machineUs(),
  };
}
