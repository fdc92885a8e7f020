import { freemem, loadavg, totalmem } from "node:os";
import type { Gateway } from "../../gateway/gateway.ts";
import type { GatewayCounts } from "../figures/gateway-counts.ts";
import { clientStates } from "../http/client-states.ts";

/** What the core has to say of its clients and messages. */
export type BridgeCore = Pick<Gateway, "figures" | "buffered" | "stateCounts">;

/** What the runner counts. */
export type BridgeCounts = Pick<GatewayCounts, "in" | "out" | "broker">;

const MEBIBYTE = 1024 * 1024;

/** The gateway's figures, as bridge/health tells them: see docs/bus.md. */
export class BridgeHealth {
  readonly #core: BridgeCore;
  readonly #counts: BridgeCounts;
  /** When the figures were told last, of which rates are made; at first when the gateway was started. */
  #lastAtMs = performance.now();
  #lastMessages = 0;
  #lastCpuMicros = 0;

  constructor(core: BridgeCore, counts: BridgeCounts) {
    this.#core = core;
    this.#counts = counts;
    this.#lastCpuMicros = cpuMicros();
  }

  /** What is to be told now. */
  message(): Record<string, unknown> {
    const { figures, buffered } = this.#core;
    const { in: fromDevices, out: toDevices, broker } = this.#counts;
    const fromClients = sumOf(figures.published) + figures.publishedWithoutConnection;
    const toClients = sumOf(figures.delivered);
    const messages = fromClients + toClients;
    const cpu = cpuMicros();
    const nowMs = performance.now();
    const passedMs = Math.max(1, nowMs - this.#lastAtMs);
    const perMinute = ((messages - this.#lastMessages) * 60_000) / passedMs;
    const cpuPercent = ((cpu - this.#lastCpuMicros) / 1000 / passedMs) * 100;
    this.#lastAtMs = nowMs;
    this.#lastMessages = messages;
    this.#lastCpuMicros = cpu;
    const memory = process.memoryUsage.rss();
    const [total, free] = [totalmem(), freemem()];
    return {
      response_time: Date.now(),
      os: {
        load_average: loadavg().map(rounded),
        memory_used_mb: rounded((total - free) / MEBIBYTE),
        memory_percent: rounded((100 * (total - free)) / total),
      },
      process: {
        uptime_sec: Math.round(process.uptime()),
        memory_used_mb: rounded(memory / MEBIBYTE),
        memory_percent: rounded((100 * memory) / total),
        cpu_percent: rounded(cpuPercent),
      },
      mqtt: { connected: true, outages: broker.outages },
      clients: this.#clients(),
      messages: {
        from_clients: fromClients,
        to_clients: toClients,
        per_minute: rounded(perMinute),
        repeated_by_clients: figures.repeatedByClients,
        repeated_to_clients: figures.repeatedToClients,
        waiting: buffered.messages,
        waiting_bytes: buffered.octets,
      },
      datagrams: {
        received: fromDevices.datagrams,
        received_bytes: fromDevices.octets,
        sent: toDevices.datagrams,
        sent_bytes: toDevices.octets,
      },
      wake_ups: figures.wakeUps,
    };
  }

  #clients(): Record<string, number> {
    const { connecting, active, asleep, awake, disconnected, lost } = clientStates(this.#core.stateCounts);
    return { connected: active + asleep + awake, active, asleep, awake, connecting, disconnected, lost };
  }
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** To two decimals. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
