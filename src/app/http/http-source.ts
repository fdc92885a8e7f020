import type { ClientView } from "../../gateway/client-view.ts";
import type { Address, Instant } from "../../gateway/contract.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { ClientDetails, ClientSummary, GatewayStatus, History } from "../../http/answers.ts";
import type { GatewaySource } from "../../http/source.ts";
import type { BrokerStatus } from "../broker/broker-status.ts";
import type { OptionValues } from "../configuration/options.ts";
import type { EventLoopDelay } from "../figures/event-loop-delay.ts";
import type { GatewayMetrics } from "../figures/gateway-metrics.ts";
import type { RateHistory } from "../figures/rate-history.ts";
import type { RecentLog } from "../log/recent-log.ts";
import type { Runner } from "../runner.ts";
import type { LiveTrace } from "../trace/live-trace.ts";
import type { WhereIs } from "../where-is.ts";
import { clientStates } from "./client-states.ts";
import { clientSummary } from "./client-summary.ts";

/** Lines of the log that come with the state of the gateway. */
const LOG_LINES = 50;

/** Nobody subscribes by what is reserved. */
type KindOfTopic = ClientDetails["subscribed"][number]["topicIdType"];

/** A difference that is not one of reading two clocks one after the other. */
const CLOCK_SET_MS = 50;

/** What the server's answers are made from. */
export interface HttpSourceParts {
  core: Gateway;
  runner: Runner;
  version: string;
  /** Those that hold now. */
  values: () => OptionValues;
  listenerUrls: () => string[];
  whereIs: WhereIs;
  /** Without user name and password. */
  brokerUrl: string;
  brokerStatus: BrokerStatus;
  isReady: () => boolean;
  hasFailed: () => boolean;
  log: RecentLog;
  trace: LiveTrace;
  history: RateHistory;
  metrics: GatewayMetrics;
  eventLoopDelay: EventLoopDelay;
}

/** Tells the server what it asks of the gateway: with the time of day, and with nothing that is secret. */
export class HttpSource implements GatewaySource {
  readonly #parts: HttpSourceParts;
  readonly #startedAt: Instant;
  /** From the time of the core to the time of day. */
  #offsetMs = Number.NaN;

  constructor(parts: HttpSourceParts) {
    this.#parts = parts;
    this.#startedAt = parts.runner.now;
  }

  status(): GatewayStatus {
    const { core, runner, brokerStatus, log, eventLoopDelay, ...parts } = this.#parts;
    const values = parts.values();
    const { figures, buffered } = core;
    const { counts } = runner;
    const states = clientStates(core.stateCounts);
    const { user, system } = process.cpuUsage();
    return {
      version: parts.version,
      gatewayId: values["gateway.id"],
      node: process.version,
      startedAt: this.#timeOf(this.#startedAt),
      now: Date.now(),
      ready: parts.isReady(),
      listeners: parts.listenerUrls(),
      broker: {
        url: parts.brokerUrl,
        ...brokerStatus.now,
        outages: counts.broker.outages,
        mqttVersion: values["broker.version"] === 5 ? 5 : 4,
      },
      sessions: states.connecting + states.active + states.asleep + states.awake,
      sessionsMax: values["clients.max"],
      states,
      queued: buffered.messages,
      queuedOctets: buffered.octets,
      queuedOctetsMax: values["clients.max_buffered_bytes"],
      published: [...figures.published],
      publishedWithoutConnection: figures.publishedWithoutConnection,
      delivered: [...figures.delivered],
      repeatedByClients: figures.repeatedByClients,
      repeatedToClients: figures.repeatedToClients,
      wakeUps: figures.wakeUps,
      datagramsIn: counts.in.datagrams,
      octetsIn: counts.in.octets,
      datagramsOut: counts.out.datagrams,
      octetsOut: counts.out.octets,
      process: {
        residentOctets: process.memoryUsage.rss(),
        cpuSeconds: (user + system) / 1e6,
        eventLoopDelayP99Ms: eventLoopDelay.p99Ms,
      },
      limitsReached: Object.fromEntries(Object.entries(counts.notes.byLimit).filter(([, count]) => count > 0)),
      log: log.last(LOG_LINES),
    };
  }

  *clients(): Generator<ClientSummary> {
    for (const view of this.#parts.core.views()) yield this.#summary(view);
  }

  client(clientId: string): ClientDetails | undefined {
    const { core, runner, log } = this.#parts;
    const detail = core.detail(clientId, runner.now);
    if (detail === undefined) return undefined;
    const now = Date.now();
    return {
      ...this.#summary(detail),
      subscribed: detail.subscribed.map(({ topicIdType, ...rest }) => ({
        ...rest,
        topicIdType: topicIdType as KindOfTopic,
      })),
      topicIds: detail.topicIds.map(({ id, name, announced, suppressed }) => ({ id, name, announced, suppressed })),
      will: detail.will ?? null,
      events: detail.events.map(({ ageMs, event, id }) => ({ at: now - Math.round(ageMs), event, id })),
      log: log.of(clientId),
    };
  }

  dismiss(clientId: string, forget: boolean): boolean {
    const { core, runner } = this.#parts;
    if (core.detail(clientId, runner.now) === undefined) return false;
    runner.dismiss(clientId, forget);
    return true;
  }

  trace: GatewaySource["trace"] = (whose, onDatagram) => this.#parts.trace.begin(whose, onDatagram);

  history(range: History["range"]): History {
    return this.#parts.history.history(range);
  }

  metrics(): Promise<{ contentType: string; text: string }> {
    return this.#parts.metrics.answer();
  }

  whyNotReady(): string | undefined {
    const { isReady, brokerStatus } = this.#parts;
    if (isReady()) return undefined;
    const { reason } = brokerStatus.now;
    return `the broker has not been reached yet${reason === null ? "" : `: ${reason}`}`;
  }

  hasFailed(): boolean {
    return this.#parts.hasFailed();
  }

  #summary(view: ClientView): ClientSummary {
    return clientSummary(view, this.#timeOf, this.#parts.whereIs);
  }

  /** The time of day of an instant: the same one each time, unless a clock was set or the machine has slept. */
  readonly #timeOf = (instant: Instant): number => {
    const offsetMs = Date.now() - this.#parts.runner.now;
    if (!(Math.abs(offsetMs - this.#offsetMs) <= CLOCK_SET_MS)) this.#offsetMs = offsetMs;
    return Math.round(instant + this.#offsetMs);
  };
}

/** Where a client is, or was last, as the core knows addresses. */
export function addressOf(core: Gateway, clientId: string): Address | undefined {
  const view = core.detail(clientId, 0);
  if (view === undefined) return undefined;
  return view.wirelessNodeId === undefined ? view.address : `${view.address}/${view.wirelessNodeId}`;
}
