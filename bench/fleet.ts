import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { FleetOrder, FleetReport } from "./fleet-order.ts";

const PROCESS = fileURLToPath(new URL("fleet-process.js", import.meta.url));

/** Requests on their way at once, over all processes; below what the gateway's receive buffer holds. */
const AT_ONCE = 128;

/** What became of something that all sleepers, or some of them, have done. */
export interface FleetTimes {
  count: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Requests without an answer for 1 s. */
  repeated: number;
}

/** Many sleepers, with a socket each, in as many processes as their sockets need. */
export class Fleet {
  readonly #processes: ChildProcess[];

  private constructor(processes: ChildProcess[]) {
    this.#processes = processes;
  }

  /** Opens the sockets of `count` sleepers, `perProcess` in one process at most. */
  static async open(count: number, perProcess: number, gatewayPort: number): Promise<Fleet> {
    const processes = Array.from({ length: Math.ceil(count / perProcess) }, () => fork(PROCESS));
    const fleet = new Fleet(processes);
    const share = Math.ceil(count / processes.length);
    const atOnce = Math.ceil(AT_ONCE / processes.length);
    try {
      await fleet.#order((index) => {
        const from = index * share;
        return { kind: "open", from, to: Math.min(count, from + share), gatewayPort, atOnce };
      });
      return fleet;
    } catch (error) {
      fleet.close();
      throw error;
    }
  }

  /** All connect, subscribe and fall asleep. */
  async sleep(): Promise<FleetTimes> {
    return this.#order(() => ({ kind: "sleep" }));
  }

  /** All wake up, many at once. */
  async wake(): Promise<FleetTimes> {
    const atOnce = Math.ceil(AT_ONCE / this.#processes.length);
    return this.#order(() => ({ kind: "wake", step: 1, atOnce }));
  }

  /** Every `step`th of them wakes up, one after the other in each process. */
  async wakeSome(step: number): Promise<FleetTimes> {
    return this.#order(() => ({ kind: "wake", step, atOnce: 1 }));
  }

  close(): void {
    for (const process of this.#processes) process.kill();
  }

  async #order(orderOf: (index: number) => FleetOrder): Promise<FleetTimes> {
    const startedAt = performance.now();
    const reports = await Promise.all(
      this.#processes.map(async (process, index) => {
        const answered = once(process, "message") as Promise<[FleetReport]>;
        const ended = once(process, "exit");
        process.send(orderOf(index));
        const [first] = await Promise.race([answered, ended]);
        if (first === null || typeof first !== "object") throw new Error(`a process of sleepers ended: ${first}`);
        const report = first as FleetReport;
        if (!report.ok) throw new Error(report.reason);
        return report;
      }),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const ms = reports.flatMap((report) => report.ms).sort((a, b) => a - b);
    const at = (part: number): number => ms[Math.min(ms.length - 1, Math.floor(part * ms.length))] ?? 0;
    const repeated = reports.reduce((sum, report) => sum + report.repeated, 0);
    return { count: ms.length, seconds, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), repeated };
  }
}
