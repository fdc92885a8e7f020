import type { GatewayFigures } from "../../gateway/gateway-figures.ts";
import { LATENCY_BOUNDS_MS, type Latencies } from "../../gateway/latencies.ts";
import type { StateCounts } from "../../gateway/state-counts.ts";
import type { Metrics } from "../../http/metrics.ts";
import type { DurationReading, MetricsReading, TrafficReading } from "../../http/metrics-reading.ts";
import type { OptionValues } from "../configuration/options.ts";
import { clientStates } from "../http/client-states.ts";
import type { DatagramCounts } from "./datagram-counts.ts";
import type { EventLoopDelay } from "./event-loop-delay.ts";
import type { GatewayCounts } from "./gateway-counts.ts";
import type { PacketCounts } from "./packet-counts.ts";

/** Where the figures of a gateway come from. */
export interface MetricsParts {
  /** Of the program. */
  readonly version: string;
  /** Those that hold now. */
  readonly options: () => Pick<OptionValues, "gateway.id" | "clients.max" | "clients.max_buffered_bytes">;
  /** `Gateway` is one. */
  readonly core: {
    readonly figures: Readonly<GatewayFigures>;
    readonly stateCounts: Readonly<StateCounts>;
    readonly buffered: { readonly messages: number; readonly octets: number };
  };
  /** What its runner has counted. */
  readonly counts: GatewayCounts;
  /** Datagrams whose source may not send. */
  readonly datagramsRefused: () => number;
  /** Undefined where nothing is kept. */
  readonly stateWrites: () => MetricsReading["stateWrites"];
  readonly logLinesOmitted: () => number;
  readonly eventLoopDelay: EventLoopDelay;
}

/** What `/metrics` tells of a gateway. Nothing is loaded or measured for it before somebody asks. */
export class GatewayMetrics {
  readonly #parts: MetricsParts;
  #metrics: Promise<Metrics> | undefined;

  constructor(parts: MetricsParts) {
    this.#parts = parts;
  }

  /** The figures as they are now, in the text format of Prometheus. */
  async answer(): Promise<{ contentType: string; text: string }> {
    this.#metrics ??= this.#load();
    const metrics = await this.#metrics;
    return { contentType: metrics.contentType, text: await metrics.text() };
  }

  async #load(): Promise<Metrics> {
    // Only here: prom-client takes memory, and adds to the work of the process.
    const { Metrics } = await import("../../http/metrics.ts");
    return new Metrics(() => readingOf(this.#parts));
  }
}

function readingOf({ version, options, core, counts, eventLoopDelay, ...parts }: MetricsParts): MetricsReading {
  const values = options();
  const { figures, buffered } = core;
  const { notes, links, broker } = counts;
  const { opening, open, accepted, refused, failed } = links;
  return {
    version,
    node: process.version,
    gatewayId: values["gateway.id"],
    clients: clientStates(core.stateCounts),
    clientsMax: values["clients.max"],
    in: trafficOf(counts.in),
    out: trafficOf(counts.out),
    packetsToBroker: packetsOf(counts.packetsToBroker, ["suback", "unsuback"]),
    packetsFromBroker: packetsOf(counts.packetsFromBroker, ["subscribe", "unsubscribe"]),
    published: figures.published,
    publishedWithoutConnection: figures.publishedWithoutConnection,
    delivered: figures.delivered,
    repeatedByClients: figures.repeatedByClients,
    repeatedToClients: figures.repeatedToClients,
    wakeUps: figures.wakeUps,
    publishDurations: durationsOf(figures.publishLatencies),
    deliveryDurations: durationsOf(figures.deliveryLatencies),
    queuedMessages: buffered.messages,
    queuedOctets: buffered.octets,
    queuedOctetsMax: values["clients.max_buffered_bytes"],
    notes: notes.byName,
    refusals: {
      connect: notes.byReason("client.refused"),
      publish: notes.byReason("publish.refused"),
      register: notes.byReason("register.refused"),
      subscribe: notes.byReason("subscribe.refused"),
      will_update: notes.byReason("will.refused"),
    },
    drops: {
      datagram: notes.byReason("datagram.dropped"),
      delivery: notes.byReason("delivery.dropped"),
      qos_minus_one: notes.byReason("qos-minus-one.dropped"),
      search: notes.byReason("search.ignored"),
    },
    gone: {
      disconnected: notes.byReason("client.disconnected"),
      lost: notes.byReason("client.lost"),
      abandoned: notes.byReason("setup.abandoned"),
    },
    limitsReached: notes.byLimit,
    datagramsRefused: parts.datagramsRefused(),
    links: { opening, open },
    linkAttempts: { accepted, refused, failed },
    brokerReachable: broker.reachable,
    brokerOutages: broker.outages,
    stateWrites: parts.stateWrites(),
    logLinesOmitted: parts.logLinesOmitted(),
    eventLoopDelayP99Ms: eventLoopDelay.p99Ms,
    eventLoopDelayMaxMs: eventLoopDelay.maxMs,
  };
}

function trafficOf({ byType: messages, answers }: DatagramCounts): TrafficReading {
  return { messages, answers };
}

/** Those that do not go this way are left out. */
function packetsOf(counts: PacketCounts, neverSeen: readonly (keyof PacketCounts)[]): Record<string, number> {
  const all = Object.entries(counts).filter(([type]) => !neverSeen.some((never) => never === type));
  return Object.fromEntries(all);
}

function durationsOf({ counts, sumMs }: Latencies): DurationReading {
  return { boundsMs: LATENCY_BOUNDS_MS, counts, sumMs };
}
