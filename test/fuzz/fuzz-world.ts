import { createHash } from "node:crypto";
import type { Effect, GatewayEvent, Note } from "../../src/gateway/contract.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { SavedSession } from "../../src/gateway/saved-session.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../src/gateway/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import { describe } from "../../src/sn/describe.ts";
import type { Encapsulated, Message } from "../../src/sn/message.ts";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import { isTopicName } from "../../src/sn/topic-name.ts";
import { SENT_BY_GATEWAY } from "../sn/sent-by-gateway.ts";
import { FuzzBroker } from "./fuzz-broker.ts";
import { invariant } from "./invariant.ts";

/** Lines that are kept to show what led to a failure. */
const HISTORY_MAX = 60;

/** Deadlines at one instant; each session has at most a few. */
const DEADLINES_MAX = 100;

/** Messages of the gateway that a client has not answered, as far as the run remembers them. */
const UNANSWERED_MAX = 8;

/** Topic ids that a client uses. */
const TOPIC_IDS_MAX = 5;

/** What is known of the client at an address from what it was sent. */
export interface ClientEnd {
  unanswered: Message[];
  topicIds: number[];
  state: "disconnected" | "connected" | "asleep";
}

/** When settings are reloaded besides: those that hold, before each event, or the first ones, by a gateway that began with others. */
export type Reloads = "as it happens" | "before each event" | "at the start";

/** A gateway, the broker and the addresses of clients, in virtual time; everything the gateway does is checked. */
export class FuzzWorld {
  readonly broker = new FuzzBroker();
  readonly history: string[] = [];
  readonly #clients = new Map<string, ClientEnd>();
  /** Of all that happens and what the gateway does about it. */
  readonly digest = createHash("sha1");
  readonly #reloads: Reloads;
  /** What holds now. */
  settings: Settings;
  /** The largest that these limits have been: what was there when they were lowered stays. */
  #clientsMax: number;
  #datagramOctetsMax: number;
  #strangerAnswersPerSecond: number;
  #gateway: Gateway;
  /** MsgIds of PUBACKs that clients have sent. */
  readonly #acknowledged = new Set<number>();
  #now = 0;
  #strangersAnsweredAt: number[] = [];

  constructor(settings: Settings, seed: number, reloads: Reloads = "as it happens") {
    this.settings = settings;
    this.#reloads = reloads;
    this.#clientsMax = settings.clientsMax;
    this.#datagramOctetsMax = settings.datagramOctetsMax;
    this.#strangerAnswersPerSecond = settings.strangerAnswersPerSecond;
    this.#gateway = this.#start(seed);
  }

  #start(seed: number): Gateway {
    if (this.#reloads !== "at the start") return new Gateway(this.settings, seed);
    const { savesSessions, standby } = this.settings;
    const gateway = new Gateway({ ...DEFAULT_SETTINGS, savesSessions, standby }, seed);
    gateway.handle({ type: "reload", settings: this.settings }, this.#now);
    return gateway;
  }

  client(address: string): ClientEnd {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    const client: ClientEnd = { unanswered: [], topicIds: [], state: "disconnected" };
    this.#clients.set(address, client);
    return client;
  }

  /** What the gateway has of a client for the time after a restart. */
  savedSession(clientId: string): SavedSession | undefined {
    return this.#gateway.savedSession(clientId);
  }

  get lastTopicId(): number {
    return this.#gateway.lastTopicId;
  }

  /** The process is gone, and another one begins with nothing. */
  restart(seed: number): void {
    this.#record(`${this.#now} --- restart`);
    this.broker.forget();
    this.#strangersAnsweredAt = [];
    this.#gateway = this.#start(seed);
  }

  /** Other settings hold from now on. */
  reload(settings: Settings): void {
    this.settings = settings;
    this.#clientsMax = Math.max(this.#clientsMax, settings.clientsMax);
    this.#datagramOctetsMax = Math.max(this.#datagramOctetsMax, settings.datagramOctetsMax);
    this.#strangerAnswersPerSecond = Math.max(this.#strangerAnswersPerSecond, settings.strangerAnswersPerSecond);
    this.handle({ type: "reload", settings });
  }

  get deadline(): number {
    return this.#gateway.deadline;
  }

  get now(): number {
    return this.#now;
  }

  handle(event: GatewayEvent): void {
    this.#record(`${this.#now} ${showEvent(event)}`);
    this.broker.happen(event);
    const asked = opened(event);
    if (asked.type === "datagram") {
      this.client(asked.from);
      const message = decode(asked.data);
      if (message.type === "PUBACK") this.#acknowledged.add(message.msgId);
    }
    if (asked.type === "restore") for (const saved of asked.saved.sessions) this.client(addressOf(saved));
    // What is due now would be done because of it.
    if (
      this.#reloads === "before each event" &&
      event.type !== "restore" &&
      event.type !== "reload" &&
      this.#gateway.deadline > this.#now
    )
      this.#reloadSame();
    const effects = this.#gateway.handle(event, this.#now);
    for (const effect of effects) this.#record(`    ${showEffect(effect)}`);
    for (const effect of effects) this.#check(effect, asked, effects);
    invariant(this.broker.inUse <= this.#clientsMax, "there are at most clientsMax broker connections in use");
    invariant(!Number.isNaN(this.#gateway.deadline), "the deadline is a number");
    this.#checkViews();
  }

  /** What people are shown is what there is: each client once, and counted in its state. */
  #checkViews(): void {
    const counts = new Map<string, number>();
    const clientIds = new Set<string>();
    for (const { clientId, state } of this.#gateway.views()) {
      invariant(!clientIds.has(clientId), "a client is shown once");
      clientIds.add(clientId);
      counts.set(state, (counts.get(state) ?? 0) + 1);
      invariant(this.#gateway.detail(clientId, this.#now)?.state === state, "a client is shown in one state");
    }
    for (const [state, count] of Object.entries(this.#gateway.stateCounts))
      invariant(count === (counts.get(state) ?? 0), `clients that are ${state} are counted`);
  }

  #reloadSame(): void {
    const effects = this.#gateway.handle({ type: "reload", settings: structuredClone(this.settings) }, this.#now);
    invariant(effects.length === 0, `a reload of the same is nothing: ${effects.map(showEffect)}`);
  }

  /** Lets time pass, with every deadline kept on the way. */
  advance(milliseconds: number): void {
    const until = this.#now + milliseconds;
    let atOneInstant = 0;
    while (this.#gateway.deadline <= until) {
      const due = Math.max(this.#now, this.#gateway.deadline);
      atOneInstant = due === this.#now ? atOneInstant + 1 : 0;
      invariant(atOneInstant < DEADLINES_MAX, "the deadline moves on");
      this.#now = due;
      this.handle({ type: "deadline" });
    }
    this.#now = until;
  }

  /** The orderly end. */
  stop(): void {
    this.handle({ type: "stop" });
    invariant(this.broker.inUse === 0, "after stop every broker connection is closed");
    invariant(this.#gateway.deadline === Number.POSITIVE_INFINITY, "after stop nothing is due");
  }

  #check(effect: Effect, event: GatewayEvent, effects: Effect[]): void {
    switch (effect.type) {
      case "send":
        this.#checkDatagram(effect.to, effect.data, event, effects);
        break;
      case "note":
        this.#checkNote(effect);
        break;
      case "write":
        this.broker.perform(effect);
        if (effect.packet.cmd === "puback") {
          const given = effects.some((other) => other.type === "note" && other.name === "delivery.dropped");
          // What was acknowledged while there was no connection counts when the broker sends it again, or the connection is ready.
          const isOver = this.#acknowledged.has(effect.packet.messageId);
          const comesAgain = event.type === "packet" && event.packet.cmd === "publish" && event.packet.dup;
          invariant(
            given || event.type === "datagram" || (isOver && (comesAgain || endsRenewal(effects))),
            "the broker gets PUBACK when the client gave one, or the message was given up",
          );
        }
        break;
      case "broadcast":
        invariant(decode(effect.data).type !== "malformed", "every datagram that is sent decodes");
        break;
      case "publish":
        invariant(isTopicName(effect.topic), "the gateway's own client publishes to a topic name");
        break;
      case "save":
        break;
      default:
        this.broker.perform(effect);
    }
  }

  #checkDatagram(to: string, data: Uint8Array, event: GatewayEvent, effects: Effect[]): void {
    const message = decode(data);
    invariant(message.type !== "malformed", "every datagram that is sent decodes");
    if (message.type === "ENCAPSULATED") {
      this.#checkDatagram(nodeAddress(to, message), message.data, event, effects);
      return;
    }
    const client = this.#clients.get(to);
    invariant(client !== undefined, "a datagram goes to an address that exists");
    invariant(SENT_BY_GATEWAY.has(message.type), "the gateway sends what a gateway may send");
    invariant(data.length <= this.#datagramOctetsMax, "a datagram has at most datagramOctetsMax octets");
    if (message.type === "PUBACK" && message.returnCode === RETURN_CODE.accepted) {
      invariant(
        isPubAckOfBroker(event) || mayWake(event) || endsRenewal(effects) || sendsToSleep(effects),
        "PUBACK follows the broker's, at once or when a sleeping client wakes up",
      );
    }
    client.unanswered.push(message);
    if (client.unanswered.length > UNANSWERED_MAX) client.unanswered.shift();
    this.#follow(client, message, event);
  }

  #follow(client: ClientEnd, message: Message, event: GatewayEvent): void {
    switch (message.type) {
      case "CONNACK":
        client.state = message.returnCode === RETURN_CODE.accepted ? "connected" : "disconnected";
        break;
      case "DISCONNECT": {
        const asked = event.type === "datagram" ? decode(event.data) : undefined;
        const sleeps = asked?.type === "DISCONNECT" && Number(asked.duration) > 0;
        client.state = sleeps && client.state !== "disconnected" ? "asleep" : "disconnected";
        break;
      }
      case "REGISTER":
      case "REGACK":
      case "SUBACK":
        if (message.topicId !== 0) client.topicIds = [message.topicId, ...client.topicIds].slice(0, TOPIC_IDS_MAX);
        break;
    }
  }

  #checkNote({ name, fields }: Note): void {
    invariant(name !== "session.failed", `no session fails: ${fields.error}`);
    if (name === "stranger.answered") {
      const recently = this.#strangersAnsweredAt.filter((at) => at > this.#now - 1000);
      this.#strangersAnsweredAt = [...recently, this.#now];
      const most = 2 * this.#strangerAnswersPerSecond;
      invariant(this.#strangersAnsweredAt.length <= most, "strangers are answered at a limited rate");
    }
  }

  #record(line: string): void {
    this.digest.update(line);
    this.history.push(line);
    if (this.history.length > HISTORY_MAX) this.history.shift();
  }
}

/** What a node behind a forwarder says, as if it came from an address of its own. */
function opened(event: GatewayEvent): GatewayEvent {
  if (event.type !== "datagram") return event;
  const message = decode(event.data);
  if (message.type !== "ENCAPSULATED") return event;
  return { type: "datagram", from: nodeAddress(event.from, message), data: message.data };
}

function nodeAddress(forwarder: string, { wirelessNodeId }: Pick<Encapsulated, "wirelessNodeId">): string {
  return `${forwarder}/${Buffer.from(wirelessNodeId).toString("hex")}`;
}

function addressOf({ address, wirelessNodeId }: SavedSession): string {
  return wirelessNodeId === undefined ? address : nodeAddress(address, { wirelessNodeId });
}

function isPubAckOfBroker(event: GatewayEvent): boolean {
  return event.type === "packet" && event.packet.cmd === "puback";
}

/** Whether a sleeping client is heard of, and gets the answers that were held for it. */
function mayWake(event: GatewayEvent): boolean {
  // What a client has said while its connection was to be made anew is looked at also when that takes too long.
  if (event.type === "deadline") return true;
  if (event.type !== "datagram") return false;
  const { type } = decode(event.data);
  return type === "PINGREQ" || type === "CONNECT";
}

/** Whether what clients have said while their connection was made anew is looked at now. */
function endsRenewal(effects: Effect[]): boolean {
  const notes = /^(will\.(updated|refused)|link\.(restored|renewed))$/;
  return effects.some((effect) => effect.type === "note" && notes.test(effect.name));
}

/** Whether clients that wait for their messages are sent back to sleep, for the broker cannot be reached. */
function sendsToSleep(effects: Effect[]): boolean {
  return effects.some((effect) => effect.type === "note" && effect.name === "link.retried");
}

function showEvent(event: GatewayEvent): string {
  if (event.type === "datagram") {
    return `${event.from}: ${describe(decode(event.data))}  (${Buffer.from(event.data).toString("hex").slice(0, 80)})`;
  }
  return showFields(event);
}

function showEffect(effect: Effect): string {
  if (effect.type === "send") return `→ ${effect.to}: ${describe(decode(effect.data))}`;
  return showFields(effect);
}

function showFields(value: object): string {
  return JSON.stringify(value, (_key, field) => (field instanceof Uint8Array ? `${field.length} octets` : field));
}
