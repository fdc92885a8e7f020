import type {
  ClientDetails,
  ClientState,
  ClientSummary,
  GatewayStatus,
  History,
  TracedDatagram,
} from "../../src/http/answers.ts";
import { CLIENT_STATES } from "../../src/http/client-query.ts";
import type { GatewaySource, TraceTarget } from "../../src/http/source.ts";
import { nothingHappened } from "./nothing-happened.ts";

const NOON = 1_800_000_000_000;

/** A client as lists show it; `over` is what differs. */
export function summary(clientId: string, over: Partial<ClientSummary> = {}): ClientSummary {
  return {
    clientId,
    state: "active",
    address: "10.0.0.7:4711",
    wirelessNodeId: null,
    durable: false,
    keepAliveSeconds: 60,
    sleepSeconds: 0,
    lastSeen: NOON,
    lostAt: NOON + 90_000,
    link: "open",
    queued: 0,
    queuedOctets: 0,
    unanswered: 0,
    subscriptions: 0,
    topics: 0,
    datagramsIn: 0,
    octetsIn: 0,
    datagramsOut: 0,
    octetsOut: 0,
    published: 0,
    delivered: 0,
    dropped: 0,
    refused: 0,
    repeatedIn: 0,
    repeatedOut: 0,
    connects: 1,
    wakeUps: 0,
    parted: null,
    ...over,
  };
}

/** So many clients in all states, `sensor-00000` and on. */
export function fleet(count: number): ClientSummary[] {
  return Array.from({ length: count }, (_, index) =>
    summary(`sensor-${String(index).padStart(5, "0")}`, {
      state: CLIENT_STATES[index % CLIENT_STATES.length]!,
      address: `10.0.${index >> 8}.${index & 255}:1883`,
      queued: index % 7,
    }),
  );
}

/** A gateway that has what a test puts into it, and remembers what is asked of it. */
export class MadeUpSource implements GatewaySource {
  all: ClientSummary[];
  published = 0;
  notReady: string | undefined;
  failed = false;
  /** How often somebody has begun to go through all clients, and how many were looked at. */
  walks = 0;
  looked = 0;
  readonly dismissed: { clientId: string; forget: boolean }[] = [];
  readonly traces = new Map<(inWords: () => TracedDatagram) => void, TraceTarget>();
  metrics = () => Promise.resolve({ contentType: "text/plain; version=0.0.4", text: "up 1\n" });

  constructor(all: ClientSummary[] = []) {
    this.all = all;
  }

  status(): GatewayStatus {
    return {
      ...nothingHappened(),
      version: "1.2.3",
      gatewayId: 1,
      node: process.version,
      startedAt: NOON,
      now: Date.now(),
      ready: true,
      listeners: ["udp://127.0.0.1:1883"],
      broker: { url: "mqtt://127.0.0.1:1883", reachable: true, since: NOON, reason: null, outages: 0, mqttVersion: 4 },
      sessions: this.all.length,
      sessionsMax: 10_000,
      states: Object.fromEntries(CLIENT_STATES.map((state) => [state, 0])) as Record<ClientState, number>,
      queuedOctetsMax: 1,
      published: [this.published, 0, 0],
      process: { residentOctets: 1, cpuSeconds: performance.now(), eventLoopDelayP99Ms: null },
    };
  }

  *clients(): Generator<ClientSummary> {
    this.walks += 1;
    for (const client of this.all) {
      this.looked += 1;
      yield client;
    }
  }

  client(clientId: string): ClientDetails | undefined {
    const client = this.all.find((each) => each.clientId === clientId);
    return client && { ...client, subscribed: [], topicIds: [], will: null, events: [], log: [] };
  }

  dismiss(clientId: string, forget: boolean): boolean {
    if (this.client(clientId) === undefined) return false;
    this.dismissed.push({ clientId, forget });
    return true;
  }

  trace(whose: TraceTarget, onDatagram: (inWords: () => TracedDatagram) => void): () => void {
    this.traces.set(onDatagram, whose);
    return () => this.traces.delete(onDatagram);
  }

  history(range: History["range"]): History {
    return { range, intervalSeconds: range === "10m" ? 1 : 60, points: [] };
  }

  whyNotReady(): string | undefined {
    return this.notReady;
  }

  hasFailed(): boolean {
    return this.failed;
  }

  /** A datagram for everybody who traces. */
  datagram(text: string): void {
    const datagram: TracedDatagram = { at: NOON, direction: "in", octets: 2, text, hex: "0216" };
    for (const onDatagram of this.traces.keys()) onDatagram(() => datagram);
  }
}
