import { expect, onTestFinished } from "vitest";
import type {
  BrokerLimits,
  Effect,
  GatewayEvent,
  Instant,
  LinkId,
  Note,
  NoteName,
} from "../../src/gateway/contract.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { PacketFromBroker, PacketToBroker } from "../../src/gateway/packet.ts";
import type { SavedSession } from "../../src/gateway/saved-session.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../src/gateway/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import type { MessageName } from "../../src/sn/msg-type.ts";

type Fields = Record<string, unknown>;

const text = (value: string) => new TextEncoder().encode(value);

/** What a message holds where a test does not say. */
const DEFAULTS: Partial<Record<MessageName, Fields>> = {
  CONNECT: { will: false, cleanSession: true, protocolId: 1, duration: 60, clientId: "dev1" },
  WILLTOPIC: { empty: false, qos: 0, retain: false },
  WILLTOPICUPD: { empty: false, qos: 0, retain: false },
  REGISTER: { topicId: 0 },
  REGACK: { returnCode: 0 },
  PUBLISH: { dup: false, qos: 0, retain: false, topicIdType: "normal", msgId: 0, data: text("hi") },
  PUBACK: { returnCode: 0 },
  SUBSCRIBE: { dup: false, qos: 0, topicIdType: "normal" },
  UNSUBSCRIBE: { topicIdType: "normal" },
  PINGREQ: { clientId: "" },
  DISCONNECT: { duration: undefined },
};

/** A broker of MQTT 5 that can do everything. */
const NO_LIMITS: BrokerLimits = {
  receiveMax: 65_535,
  maxQos: 2,
  retains: true,
  packetOctetsMax: Number.POSITIVE_INFINITY,
};

/** The octets of a message; `data`, `willMsg` may be given as text. */
export function octets(type: MessageName, fields: Fields = {}): Uint8Array {
  const message: Fields = { type, ...DEFAULTS[type], ...fields };
  for (const key of ["data", "willMsg"]) if (typeof message[key] === "string") message[key] = text(message[key]);
  return encode(message as unknown as Message);
}

/**
 * A test of the core as a script of arrows in virtual time: what a client and the broker send, and what each of them is to get for it.
 * Every effect has to be named: one that is left over when the next arrow comes, or at the end of the test, fails it. Notes need not
 * be named; `noted` looks at those since the last arrow into the gateway.
 */
export class Script {
  gateway: Gateway;
  now: Instant = 0;
  /** The connection to the broker that the script speaks on: the last one opened, unless a test says otherwise. */
  link: LinkId = 0;
  /** The address the script's client speaks from; its forwarder's where it is behind one. */
  address = "c1";
  /** A fault is planted: a session that fails is no failure of the test. */
  mayFail = false;
  /** The wireless node id of a client behind a forwarder. */
  #node: Uint8Array | undefined;
  #effects: Exclude<Effect, Note>[] = [];
  #notes: Note[] = [];
  #settings: Settings;
  /** What the gateway has asked to be kept, as it was when it asked for the last time. */
  readonly #store = new Map<string, SavedSession>();
  #saves: string[] = [];
  /** Of clients for whom a connection was made; not of all, where there are thousands. */
  readonly #clientIds = new Set<string>();

  constructor(settings: Partial<Settings> = {}, seed = 0) {
    this.#settings = { ...DEFAULT_SETTINGS, savesSessions: true, ...settings };
    this.gateway = new Gateway(this.#settings, seed);
    onTestFinished(() => {
      this.nothing();
    });
  }

  /** client ──▶ gateway */
  client(type: MessageName, fields: Fields = {}): this {
    return this.datagram(octets(type, fields));
  }

  /** The script's client is another one from now on, or the same one elsewhere. */
  from(address: string): this {
    this.address = address;
    this.#node = undefined;
    return this;
  }

  /** The script's client is a node behind a forwarder from now on: what it says and gets travels in envelopes. */
  behind(forwarder: string, wirelessNodeId: Uint8Array): this {
    this.address = forwarder;
    this.#node = wirelessNodeId;
    return this;
  }

  /** Any octets from the client's address. */
  datagram(data: Uint8Array): this {
    const node = this.#node;
    const wrapped = node === undefined ? data : octets("ENCAPSULATED", { radius: 0, wirelessNodeId: node, data });
    return this.event({ type: "datagram", from: this.address, data: wrapped });
  }

  /** broker ──▶ gateway: a packet on the script's link. */
  broker(cmd: PacketFromBroker["cmd"], fields: Fields = {}): this {
    const packet: Fields = { cmd, ...fields };
    if (cmd === "publish") {
      const payload = typeof fields.payload === "string" ? text(fields.payload) : (fields.payload ?? text("hi"));
      Object.assign(packet, { qos: 0, retain: false, dup: false, messageId: 0, ...fields, payload });
    }
    return this.event({ type: "packet", link: this.link, packet: packet as unknown as PacketFromBroker });
  }

  /** A message that the broker has for the client. */
  deliver(topic: string, fields: Fields = {}): this {
    return this.broker("publish", { topic, ...fields });
  }

  event(event: GatewayEvent): this {
    this.nothing();
    this.#notes = [];
    this.#saves = [];
    if (event.type === "restore") for (const saved of event.saved.sessions) this.#store.set(saved.clientId, saved);
    this.#take(this.gateway.handle(event, this.now));
    return this;
  }

  /** What is kept of a client. */
  saved(clientId = "dev1"): SavedSession | undefined {
    return this.#store.get(clientId);
  }

  /** The last arrow into the gateway led to a `save` of whomever. */
  get isSaving(): boolean {
    return this.#saves.length > 0;
  }

  /** The last arrow into the gateway led to a `save` of these clients, and of no others. */
  saves(...clientIds: string[]): this {
    expect(this.#saves).toEqual(clientIds);
    return this;
  }

  /**
   * The gateway dies without a word, and another one is started with what was kept, maybe with other settings. Before clients are heard
   * it has been kept that there was a restart.
   */
  restart(settings: Partial<Settings> = {}): this {
    const { lastTopicId } = this.gateway;
    this.#settings = { ...this.#settings, ...settings };
    this.gateway = new Gateway(this.#settings, 0);
    this.event({ type: "restore", saved: { sessions: [...this.#store.values()], lastTopicId } });
    const notes = this.#notes;
    const saves = this.#saves;
    this.event({ type: "saved" });
    this.#notes = notes;
    this.#saves = saves;
    return this;
  }

  /** Other settings hold from now on. */
  reload(settings: Partial<Settings>): this {
    this.#settings = { ...this.#settings, ...settings };
    return this.event({ type: "reload", settings: this.#settings });
  }

  /** Lets time pass, with every deadline kept on the way. What happens meanwhile stands in the order in which it happened. */
  after(milliseconds: number): this {
    this.nothing();
    this.#notes = [];
    this.#saves = [];
    const until = this.now + milliseconds;
    for (let steps = 0; this.gateway.deadline <= until; steps += 1) {
      if (steps > 10_000) throw new Error("the deadline does not move on");
      this.now = Math.max(this.now, this.gateway.deadline);
      this.#take(this.gateway.handle({ type: "deadline" }, this.now));
    }
    this.now = until;
    return this;
  }

  /** gateway ──▶ client: the next effect is this message, with at least these fields; `data` may be given as text. */
  toClient(type: MessageName, fields: Fields = {}, to = this.address): this {
    const effect = this.#next(`${type} to the client`);
    if (effect.type !== "send") return expect.fail(`expected ${type} to the client, but got ${show(effect)}`);
    const wanted: Fields = { type, ...fields };
    for (const key of ["data"]) if (typeof wanted[key] === "string") wanted[key] = Buffer.from(wanted[key]);
    expect({ ...this.#opened(effect.data), to: effect.to }, show(effect)).toMatchObject({ ...wanted, to });
    return this;
  }

  /** gateway ──▶ discovery groups: the next effect is this message; `near` is the address whose listener's groups it goes to. */
  toGroups(type: MessageName, fields: Fields = {}, how: { near?: string | undefined; radius?: number } = {}): this {
    const effect = this.#next(`${type} to the groups`);
    if (effect.type !== "broadcast") return expect.fail(`expected ${type} to the groups, but got ${show(effect)}`);
    expect({ ...decode(effect.data) }, show(effect)).toMatchObject({ type, ...fields });
    expect(effect, show(effect)).toMatchObject(how);
    return this;
  }

  /** gateway ──▶ broker, through the gateway's own client; `payload` may be given as text. */
  publishes(topic: string, fields: Fields = {}): this {
    const effect = this.#next(`a PUBLISH to ${topic}`);
    if (effect.type !== "publish") return expect.fail(`expected a PUBLISH to ${topic}, but got ${show(effect)}`);
    const seen = { ...effect, payload: Buffer.from(effect.payload).toString() };
    expect(seen, show(effect)).toMatchObject({ topic, ...fields });
    return this;
  }

  /** The broker can be reached from now on, or not any more. */
  brokerReachable(reachable = true, limits?: Partial<BrokerLimits>): this {
    const event: GatewayEvent = { type: "broker-reachable", reachable };
    return this.event(limits === undefined ? event : { ...event, limits: { ...NO_LIMITS, ...limits } });
  }

  /** The next effect is a datagram in an envelope with these fields. */
  toEnvelope(fields: Fields): this {
    const effect = this.#effects[0];
    if (effect?.type !== "send") return expect.fail("expected an envelope");
    expect(decode(effect.data)).toMatchObject({ type: "ENCAPSULATED", ...fields });
    return this;
  }

  /** As `toClient`; the message's TopicId is returned. */
  toClientId(type: "REGISTER" | "PUBLISH", fields: Fields = {}): number {
    const effect = this.#effects[0];
    this.toClient(type, fields);
    return (this.#opened((effect as Extract<Effect, { type: "send" }>).data) as { topicId: number }).topicId;
  }

  /** gateway ──▶ broker: the next effect writes this packet; `payload` may be given as text. */
  toBroker(cmd: PacketToBroker["cmd"], fields: Fields = {}): this {
    const effect = this.#next(`${cmd} to the broker`);
    if (effect.type !== "write") return expect.fail(`expected ${cmd} to the broker, but got ${show(effect)}`);
    const packet: Fields = { ...effect.packet };
    if (packet.payload instanceof Uint8Array) packet.payload = Buffer.from(packet.payload).toString();
    expect({ ...packet, link: effect.link }, show(effect)).toMatchObject({ cmd, ...fields, link: this.link });
    return this;
  }

  /** The gateway opens a connection to the broker: the script speaks on it from now on. The will's payload may be given as text. */
  opens(connect: Fields = {}): this {
    const effect = this.#next("a connection to the broker");
    if (effect.type !== "open") return expect.fail(`expected a connection to the broker, but got ${show(effect)}`);
    const { will } = effect.connect;
    const seen = will && { ...will, payload: Buffer.from(will.payload).toString() };
    expect({ ...effect.connect, will: seen }).toMatchObject(connect);
    this.link = effect.link;
    return this;
  }

  /** The broker accepts that connection; it may say what it cannot do. */
  accepts(sessionPresent = false, limits?: Partial<BrokerLimits>): this {
    const event: GatewayEvent = { type: "link-opened", link: this.link, sessionPresent };
    return this.event(limits === undefined ? event : { ...event, limits: { ...NO_LIMITS, ...limits } });
  }

  refuses(returnCode: number, reason?: string): this {
    return this.event({ type: "link-refused", link: this.link, returnCode, ...(reason && { reason }) });
  }

  /** The gateway closes the connection; `disconnect` false lets the will fire. */
  closes(disconnect: boolean, link = this.link): this {
    const effect = this.#next("the end of a connection");
    expect(effect, show(effect)).toEqual({ type: "close", link, disconnect });
    return this;
  }

  /** The connection is gone: broken, or as asked; or nobody was reached. */
  gone(link = this.link): this {
    return this.event({ type: "link-closed", link, reason: "connection refused", unasked: true });
  }

  /** The next effect is another one about the link: pause, resume, probe. */
  does(type: "pause" | "resume" | "probe"): this {
    const effect = this.#next(type);
    expect(effect, show(effect)).toEqual({ type, link: this.link });
    return this;
  }

  /** All that has come out, a few words each. */
  arrows(): string[] {
    return this.#effects.splice(0).map(name);
  }

  /** Nothing more has come out. */
  nothing(): this {
    expect(this.#effects.map(show), "effects that the script does not name").toEqual([]);
    return this;
  }

  /** A note was made since the last arrow into the gateway. */
  noted(name: NoteName, fields: Fields = {}): this {
    expect(this.#notes).toContainEqual(expect.objectContaining({ name, fields: expect.objectContaining(fields) }));
    return this;
  }

  /** No such note was made since the last arrow into the gateway. */
  notNoted(name: NoteName): this {
    expect(this.#notes.map((note) => note.name)).not.toContain(name);
    return this;
  }

  /** The whole way to an active client. */
  connect(fields: Fields = {}, sessionPresent = false): this {
    return this.client("CONNECT", fields).opens().accepts(sessionPresent).toClient("CONNACK", { returnCode: 0 });
  }

  /** The whole way to an active client with a will. */
  connectWithWill(fields: Fields, will: { willTopic: string; willMsg: string; qos?: number; retain?: boolean }): this {
    const { willMsg, ...willTopic } = will;
    this.client("CONNECT", { ...fields, will: true }).toClient("WILLTOPICREQ");
    this.client("WILLTOPIC", willTopic).toClient("WILLMSGREQ");
    this.client("WILLMSG", { willMsg }).opens({ will: { topic: will.willTopic, payload: willMsg } });
    return this.accepts().toClient("CONNACK", { returnCode: 0 });
  }

  /** The client says DISCONNECT, and its connection to the broker ends. */
  disconnect(): this {
    const { link } = this;
    return this.client("DISCONNECT").toClient("DISCONNECT").closes(true).gone(link);
  }

  /** The client goes to sleep. */
  sleep(duration = 300): this {
    return this.client("DISCONNECT", { duration }).toClient("DISCONNECT", { duration: undefined });
  }

  /** REGISTER and REGACK; the id is returned. */
  register(topicName: string, msgId = 1): number {
    this.client("REGISTER", { topicName, msgId });
    return this.#answeredId("REGACK", msgId);
  }

  /** SUBSCRIBE by name to SUBACK; the id is returned. */
  subscribe(topicName: string, qos: 0 | 1 | 2 = 0, msgId = 1): number {
    this.client("SUBSCRIBE", { topicName, qos, msgId });
    this.toBroker("subscribe", { messageId: msgId });
    this.broker("suback", { messageId: msgId, granted: [qos] });
    return this.#answeredId("SUBACK", msgId);
  }

  #answeredId(type: "REGACK" | "SUBACK", msgId: number): number {
    const effect = this.#next(type);
    const message = effect.type === "send" ? this.#opened(effect.data) : undefined;
    expect(message).toMatchObject({ type, msgId, returnCode: 0 });
    return (message as { topicId: number }).topicId;
  }

  /** A message to the script's client, out of the envelope that a node behind a forwarder has to get it in. */
  #opened(data: Uint8Array): ReturnType<typeof decode> {
    if (this.#node === undefined) return decode(data);
    const envelope = decode(data);
    if (envelope.type !== "ENCAPSULATED") return expect.fail(`expected an envelope, but got ${envelope.type}`);
    expect(Buffer.from(envelope.wirelessNodeId)).toEqual(Buffer.from(this.#node));
    return decode(envelope.data);
  }

  /** As the effect says. What was kept before is of no use any more. */
  #keep(clientId: string): void {
    this.#saves.push(clientId);
    const session = this.gateway.savedSession(clientId);
    if (session === undefined) this.#store.delete(clientId);
    else this.#store.set(clientId, structuredClone(session));
  }

  #next(what: string): Exclude<Effect, Note> {
    return this.#effects.shift() ?? expect.fail(`expected ${what}, but nothing came`);
  }

  #take(effects: Effect[]): void {
    for (const effect of effects) {
      if (effect.type === "note") this.#notes.push(effect);
      else if (effect.type === "save") this.#keep(effect.clientId);
      else this.#effects.push(effect);
      const failed = effect.type === "note" && effect.name === "session.failed";
      if (failed && !this.mayFail) expect.fail(String(effect.fields.error));
      if (effect.type === "open" && this.#clientIds.size < 10) this.#clientIds.add(effect.connect.clientId);
    }
    if (this.#settings.savesSessions) this.#checkStore();
  }

  /** What is to be kept never changes without a `save`. What changes with every message of QoS 2 may be kept later. */
  #checkStore(): void {
    for (const clientId of this.#clientIds) {
      const saved = this.gateway.savedSession(clientId);
      const { openPublishes, inFlight } = this.#store.get(clientId) ?? {};
      expect(this.#store.get(clientId), "kept").toEqual(
        saved && { ...structuredClone(saved), openPublishes, inFlight },
      );
    }
  }
}

function name(effect: Effect): string {
  switch (effect.type) {
    case "send": {
      const message = decode(effect.data);
      return "returnCode" in message ? `${message.type} ${message.returnCode}` : message.type;
    }
    case "write":
      return `broker: ${effect.packet.cmd}`;
    case "close":
      return effect.disconnect ? "close" : "close, will fires";
    default:
      return effect.type;
  }
}

function show(effect: Effect): string {
  if (effect.type === "broadcast") return `broadcast: ${JSON.stringify(decode(effect.data))}`;
  if (effect.type !== "send") return JSON.stringify(effect);
  return `send to ${effect.to}: ${JSON.stringify(decode(effect.data))}`;
}
