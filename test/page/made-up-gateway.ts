import type {
  ClientDetails,
  ClientState,
  ClientSummary,
  GatewayStatus,
  History,
  TracedDatagram,
} from "../../src/http/answers.ts";
import type { GatewaySource, TraceTarget } from "../../src/http/source.ts";
import { nothingHappened } from "../adapters/nothing-happened.ts";

/** A client that does well, but for what is said of it. */
export function madeUpClient(clientId: string, differences: Partial<ClientSummary> = {}): ClientSummary {
  const now = Date.now();
  return {
    clientId,
    state: "active",
    address: "192.168.1.20:4711",
    wirelessNodeId: null,
    durable: true,
    keepAliveSeconds: 300,
    sleepSeconds: 0,
    lastSeen: now - 5000,
    lostAt: now + 400_000,
    link: "open",
    queued: 0,
    queuedOctets: 0,
    unanswered: 0,
    subscriptions: 1,
    topics: 2,
    datagramsIn: 40,
    octetsIn: 1200,
    datagramsOut: 38,
    octetsOut: 700,
    published: 30,
    delivered: 4,
    dropped: 0,
    refused: 0,
    repeatedIn: 0,
    repeatedOut: 0,
    connects: 1,
    wakeUps: 0,
    parted: null,
    ...differences,
  };
}

/** A gateway of which there is nothing but what it answers to the status page. What it is to show is written to its fields. */
export class MadeUpGateway implements GatewaySource {
  readonly known = new Map<string, ClientSummary>();
  readonly details: Partial<ClientDetails> = {};
  readonly dismissed: [clientId: string, forget: boolean][] = [];
  readonly about: Partial<Omit<GatewayStatus, "sessions" | "states">> = {};
  /** What whoever traces is shown at once. */
  traced: TracedDatagram[] = [];
  points: History["points"] = [];
  readonly #startedAt = Date.now() - 3 * 60 * 60 * 1000;

  add(...clients: ClientSummary[]): void {
    for (const client of clients) this.known.set(client.clientId, client);
  }

  change(clientId: string, differences: Partial<ClientSummary>): void {
    this.add({ ...this.known.get(clientId)!, ...differences });
  }

  status(): Omit<GatewayStatus, "sessions" | "states"> {
    const broker = { url: "mqtt://broker.example:1883", reachable: true, since: this.#startedAt, reason: null };
    return {
      ...nothingHappened(),
      version: "1.2.3",
      gatewayId: 1,
      node: "v20.20.0",
      startedAt: this.#startedAt,
      now: Date.now(),
      ready: true,
      listeners: ["udp://0.0.0.0:1883"],
      broker: { ...broker, outages: 0, mqttVersion: 4 },
      sessionsMax: 10_000,
      queuedOctetsMax: 64 * 1024 * 1024,
      process: { residentOctets: 60_000_000, cpuSeconds: 1, eventLoopDelayP99Ms: null },
      ...this.about,
    };
  }

  clients(): Iterable<ClientSummary> {
    return this.known.values();
  }

  client(clientId: string): ClientDetails | undefined {
    const known = this.known.get(clientId);
    return known && { subscribed: [], topicIds: [], will: null, events: [], log: [], ...this.details, ...known };
  }

  dismiss(clientId: string, forget: boolean): boolean {
    this.dismissed.push([clientId, forget]);
    return this.known.has(clientId);
  }

  trace(_: TraceTarget, onDatagram: (inWords: () => TracedDatagram) => void): () => void {
    for (const datagram of this.traced) onDatagram(() => datagram);
    return () => {};
  }

  history(range: History["range"]): History {
    return { range, intervalSeconds: range === "10m" ? 1 : 60, points: this.points };
  }

  async metrics(): Promise<{ contentType: string; text: string }> {
    return { contentType: "text/plain", text: "" };
  }

  whyNotReady(): undefined {}

  hasFailed(): boolean {
    return false;
  }
}

/** So many clients, in every state. */
export function madeUpFleet(count: number): ClientSummary[] {
  const states: ClientState[] = ["active", "asleep", "asleep", "active", "awake", "lost", "disconnected", "refused"];
  const now = Date.now();
  return Array.from({ length: count }, (_, index) => {
    const state = states[index % states.length]!;
    const isGone = state === "lost" || state === "refused" || state === "disconnected";
    return madeUpClient(`sensor-${String(index).padStart(5, "0")}`, {
      state,
      address: `10.0.${index >> 8}.${index & 255}:4711`,
      lastSeen: now - index * 10,
      sleepSeconds: state === "asleep" ? 600 : 0,
      datagramsIn: index,
      parted: isGone ? { how: state, at: now - 1000, reason: "made up" } : null,
    });
  });
}
