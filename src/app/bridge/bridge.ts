import type { Note, NoteName } from "../../gateway/contract.ts";
import type { MqttQoS, Will } from "../../gateway/packet.ts";
import type { SavedSession } from "../../gateway/saved-session.ts";
import { isTopicName } from "../../sn/topic-name.ts";
import { type ClientStates, isThere } from "../is-there.ts";
import type { Log } from "../log/log.ts";
import { type Availability, BridgeAvailability } from "./bridge-availability.ts";
import { bridgeDiscovery } from "./bridge-discovery.ts";
import { type BridgeCore, type BridgeCounts, BridgeHealth } from "./bridge-health.ts";
import { bridgeInfo, type DescribedGateway } from "./bridge-info.ts";

export interface BridgeOptions {
  gateway: DescribedGateway;
  core: BridgeCore & ClientStates;
  counts: BridgeCounts;
  /** Publishes through the gateway's own client; false where that takes nothing now. */
  publish: (topic: string, payload: Uint8Array, options: { qos: MqttQoS; retain: boolean }) => boolean;
  log: Log;
}

/** What is due is told at this interval, of so many clients at once: 200 a second. What changes meanwhile is told once. */
const TELL_INTERVAL_MS = 100;
const CLIENTS_AT_ONCE = 20;

/** While nothing of it can be told, as what is larger than the broker takes, it is tried less and less often, down to this. */
const RETRY_INTERVAL_MS_MAX = 10_000;

/** At the end, when nothing else goes on any more. */
const CLIENTS_AT_ONCE_AT_END = 500;
const END_INTERVAL_MS = 10;

/** A connection that the broker ends so soon after something was published, so often in succession, is ended because of that. */
const SHORT_CONNECTION_MS = 5000;
const SHORT_CONNECTIONS_MAX = 3;

const AVAILABILITY_OF: Readonly<Partial<Record<NoteName, Availability>>> = {
  "client.connected": "online",
  "client.resumed": "online",
  "client.asleep": "online",
  "client.awake": "online",
  "client.disconnected": "offline",
  "client.lost": "offline",
  "client.taken-over": "offline",
  "session.failed": "offline",
};

/** A CONNECT came to nothing. Whoever was there when saying it is not there any more, unless its session goes on. */
const IN_VAIN: ReadonlySet<NoteName> = new Set(["client.refused", "setup.abandoned"]);

type OwnTopic = "state" | "info" | "discovery";

/**
 * What the gateway tells of itself on the broker, over its own connection: that it is there, what it is, its figures, and which clients are
 * there (docs/bus.md). All that is retained is told again after each connection: the broker may have lost it.
 */
export class Bridge {
  /** What the broker publishes when the gateway is gone without a word. */
  readonly will: Will;
  readonly #options: BridgeOptions;
  readonly #base: string;
  readonly #qos: MqttQoS;
  readonly #retain: boolean;
  readonly #availability: BridgeAvailability | undefined;
  readonly #health: BridgeHealth;
  readonly #healthTimer: NodeJS.Timeout;
  readonly #due = new Set<OwnTopic>();
  #tellTimer: NodeJS.Timeout | undefined;
  #tellIntervalMs = TELL_INTERVAL_MS;
  /** Messages that the own client has taken. */
  #taken = 0;
  #isReachable = false;
  /** On the clock of `performance.now`. */
  #reachableSinceMs = 0;
  #shortConnections = 0;
  /** A client id was told of that cannot stand in a topic. */
  #hasToldUnnamed = false;
  #hasToldRefused = false;
  /** Nothing is told any more: at the end, or because the broker does not want it. */
  #isOver = false;

  constructor(options: BridgeOptions) {
    const values = options.gateway.values();
    this.#options = options;
    this.#base = values["bridge.base_topic"];
    this.#qos = values["broker.max_qos"] === 0 ? 0 : 1;
    this.#retain = values["broker.retain"] === "keep";
    this.will = {
      topic: `${this.#base}/bridge/state`,
      payload: octetsOf({ state: "offline" }),
      qos: this.#qos,
      retain: this.#retain,
    };
    if (values["bridge.availability"]) this.#availability = new BridgeAvailability(values["clients.max"]);
    this.#health = new BridgeHealth(options.core, options.counts);
    this.#healthTimer = setInterval(() => this.#tellRegularly(), values["bridge.health_interval"]);
    this.#healthTimer.unref();
  }

  /** The own client has a connection, the first one or another. */
  reachable(): void {
    if (this.#isOver) return;
    this.#isReachable = true;
    this.#reachableSinceMs = performance.now();
    this.#tellIntervalMs = TELL_INTERVAL_MS;
    this.#due.add("state").add("info");
    if (this.#options.gateway.values()["bridge.home_assistant"]) this.#due.add("discovery");
    this.#tellOwn();
    this.#tellHealth();
    this.#availability?.tellAgain();
    this.#schedule();
  }

  /** The own client has no connection. `byBroker`: the broker was there, and has ended it. */
  unreachable(byBroker: boolean): void {
    if (!this.#isReachable || this.#isOver) return;
    this.#isReachable = false;
    this.#unschedule();
    const lastedMs = performance.now() - this.#reachableSinceMs;
    this.#shortConnections = byBroker && lastedMs < SHORT_CONNECTION_MS ? this.#shortConnections + 1 : 0;
    if (this.#shortConnections >= SHORT_CONNECTIONS_MAX) this.#giveUp();
  }

  /** The broker takes the own connection only without the will. */
  willRefused(reason: string): void {
    const { topic } = this.will;
    const message = `the broker takes the gateway's own connection only without its will (${reason}): where the gateway ends without a word, ${topic} stays online. Does the broker allow it to publish there?`;
    this.#options.log.warn("bridge.will-refused", { topic, reason }, message);
  }

  /** The broker has refused what was told. */
  publishRefused(topic: string, reason: string): void {
    if (this.#hasToldRefused) return;
    this.#hasToldRefused = true;
    const message = `the broker refuses what the gateway tells of itself at ${topic}: ${reason}. Allow it to publish to ${this.#base}/#, choose another bridge.base_topic, or set bridge.enabled: false.`;
    this.#options.log.warn("bridge.refused", { topic, reason }, message);
  }

  /** What has happened in the core. */
  note({ name, fields }: Note): void {
    const availability = AVAILABILITY_OF[name];
    if (availability !== undefined) this.#set(fields.clientId as string, availability);
    else if (IN_VAIN.has(name)) this.#connectedInVain(fields.clientId as string | undefined);
    else if (name === "client.forgotten" && fields.limit === undefined) this.#forget(fields.clientId as string);
  }

  /** The sessions of before the restart have come back, or not: `now` is what there is of one. */
  restored(sessions: readonly SavedSession[], now: (clientId: string) => SavedSession | undefined): void {
    for (const { clientId } of sessions) {
      const state = now(clientId)?.state ?? "disconnected";
      this.#set(clientId, state === "disconnected" ? "offline" : "online");
    }
  }

  /** The configuration was read again. */
  reload(): void {
    this.#availability?.limit(this.#options.gateway.values()["clients.max"]);
    this.#due.add("info");
    this.#schedule();
  }

  /** The gateway has stopped: tells that, and which clients are gone by it. Takes no longer than this. */
  async stop(boundMs: number): Promise<void> {
    clearInterval(this.#healthTimer);
    this.#unschedule();
    if (this.#isOver || !this.#isReachable) return;
    this.#isOver = true;
    const endsAtMs = performance.now() + boundMs;
    this.#publish("state", { state: "offline" });
    while (this.#availability?.isDue === true && performance.now() < endsAtMs) {
      this.#availability.tell(CLIENTS_AT_ONCE_AT_END, this.#tellClient);
      await new Promise((resolve) => setTimeout(resolve, END_INTERVAL_MS));
    }
  }

  #set(clientId: string, availability: Availability): void {
    if (this.#availability === undefined || !this.#isNamed(clientId)) return;
    this.#availability.set(clientId, availability);
    this.#schedule();
  }

  #connectedInVain(clientId: string | undefined): void {
    if (clientId === undefined || this.#availability?.isOnline(clientId) !== true) return;
    if (!isThere(this.#options.core, clientId)) this.#set(clientId, "offline");
  }

  #forget(clientId: string): void {
    if (this.#availability === undefined || !this.#isNamed(clientId)) return;
    this.#availability.forget(clientId);
    this.#schedule();
  }

  /** Whether there is a topic for the client, for which the broker does not close the connection. */
  #isNamed(clientId: string): boolean {
    const forbidden = this.#options.gateway.values()["broker.forbidden_characters"];
    const isForbidden = forbidden !== "" && [...forbidden].some((character) => clientId.includes(character));
    if (isTopicName(clientId) && !isForbidden) return true;
    if (!this.#hasToldUnnamed) {
      this.#hasToldUnnamed = true;
      const message = `no availability is told of the client ${JSON.stringify(clientId)}, nor of others with + # or control characters in their ids, or with broker.forbidden_characters: these cannot stand in a topic`;
      this.#options.log.warn("bridge.client-unnamed", { clientId }, message);
    }
    return false;
  }

  #schedule(): void {
    const isDue = this.#due.size > 0 || this.#availability?.isDue === true;
    if (!isDue || !this.#isReachable || this.#isOver || this.#tellTimer !== undefined) return;
    this.#tellTimer = setTimeout(() => {
      this.#tellTimer = undefined;
      const takenBefore = this.#taken;
      this.#tellOwn();
      this.#availability?.tell(CLIENTS_AT_ONCE, this.#tellClient);
      const isTaken = this.#taken > takenBefore;
      this.#tellIntervalMs = isTaken ? TELL_INTERVAL_MS : Math.min(this.#tellIntervalMs * 2, RETRY_INTERVAL_MS_MAX);
      this.#schedule();
    }, this.#tellIntervalMs);
  }

  #unschedule(): void {
    clearTimeout(this.#tellTimer);
    this.#tellTimer = undefined;
  }

  #tellOwn(): void {
    for (const topic of this.#due) {
      if (this.#tellOneOwn(topic)) this.#due.delete(topic);
    }
  }

  #tellOneOwn(topic: OwnTopic): boolean {
    const { gateway } = this.#options;
    if (topic === "state") return this.#publish("state", { state: "online" });
    if (topic === "info") return this.#publish("info", bridgeInfo(gateway));
    const values = gateway.values();
    const discovery = bridgeDiscovery({
      base: this.#base,
      prefix: values["bridge.home_assistant_prefix"],
      version: gateway.version,
      healthIntervalMs: values["bridge.health_interval"],
    });
    const options = { qos: this.#qos, retain: this.#retain };
    return this.#send(discovery.topic, octetsOf(discovery.payload), options);
  }

  /**
   * With the figures it is said again that the gateway is there: a broker that finds out late that a connection of before is dead publishes the
   * will of that one.
   */
  #tellRegularly(): void {
    if (!this.#isReachable || this.#isOver) return;
    this.#publish("state", { state: "online" });
    this.#tellHealth();
  }

  /** Figures of a while ago help nobody: they are not kept for who comes later. */
  #tellHealth(): void {
    const payload = octetsOf(this.#health.message());
    this.#send(`${this.#base}/bridge/health`, payload, { qos: 0, retain: false });
  }

  readonly #tellClient = (clientId: string, availability: Availability | undefined): boolean => {
    // Nothing takes back what a broker did not retain.
    if (availability === undefined && !this.#retain) return true;
    const payload = availability === undefined ? new Uint8Array() : octetsOf({ state: availability });
    const options = { qos: this.#qos, retain: this.#retain };
    return this.#send(`${this.#base}/${clientId}/availability`, payload, options);
  };

  #publish(topic: "state" | "info", content: Record<string, unknown>): boolean {
    const options = { qos: this.#qos, retain: this.#retain };
    return this.#send(`${this.#base}/bridge/${topic}`, octetsOf(content), options);
  }

  #send(topic: string, payload: Uint8Array, options: { qos: MqttQoS; retain: boolean }): boolean {
    if (!this.#options.publish(topic, payload, options)) return false;
    this.#taken += 1;
    return true;
  }

  #giveUp(): void {
    this.#isOver = true;
    clearInterval(this.#healthTimer);
    const base = this.#base;
    const message = `the broker has ended the gateway's own connection ${SHORT_CONNECTIONS_MAX} times right after the gateway told of itself below ${base}: nothing is told there any more. Allow it to publish to ${base}/#, choose another bridge.base_topic, or set bridge.enabled: false.`;
    this.#options.log.warn("bridge.given-up", { topic: base }, message);
  }
}

function octetsOf(content: Record<string, unknown>): Uint8Array {
  return Buffer.from(JSON.stringify(content));
}
