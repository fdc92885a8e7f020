import { encode } from "../sn/encode.ts";
import type { Message, MsgIdOnly, Publish, Subscribe, Unsubscribe } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { hasWildcard } from "../sn/topic-name.ts";
import type { Client } from "./client.ts";
import { CompletedPublishes, fingerprintOf } from "./completed-publishes.ts";
import type { Instant, NoteFields } from "./contract.ts";
import { EarlierPublishes } from "./earlier-publishes.ts";
import type { OpenExchange, PublishExchange } from "./open-exchange.ts";
import type { AckPacket, MqttQoS, SubackPacket, UnsubackPacket } from "./packet.ts";
import { publishTopicOf, subscribeTopicOf } from "./requested-topic.ts";
import type { SavedPublish } from "./saved-session.ts";

/** What was said to the last SUBSCRIBE, for its repetition (S7). */
interface AnsweredSubscribe {
  msgId: number;
  filter: string;
  qos: number;
  answer: Uint8Array;
}

const PACKET_ID_MAX = 65535;

/**
 * What a client asks of the broker: PUBLISH, SUBSCRIBE, UNSUBSCRIBE. Each is answered when the broker has answered, and each may come
 * more than once (R7). The packet identifier is the client's MsgId, so that a gateway that lost its memory, or a new connection to
 * the broker, still speaks of the same exchange; only where that number is taken, or 0, it is another. `askedIn` is the period of the
 * client in which a request came, which is not the present one where it had to wait for a connection.
 */
export class Requests {
  readonly #client: Client;
  #open: Map<number, OpenExchange> | undefined;
  #subscribing = 0;
  #restoring = false;
  /** It was being done over a connection that broke: the broker may have the session, and not what was to be in it. */
  #unrestored = false;
  #lost = false;
  #completed: CompletedPublishes | undefined;
  #earlier: EarlierPublishes | undefined;
  #lastSubscribe: AnsweredSubscribe | undefined;
  #lastType: OpenExchange["type"] | "register" = "own";
  #lastMsgId = 0;
  /** The client has given two requests in a row one MsgId: with such a client the same number is no sign of a copy. */
  #reusesMsgIds = false;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Whether a SUBSCRIBE waits for the broker. Messages with a name the client does not know may belong to it (S10). */
  get subscribing(): boolean {
    return this.#subscribing > 0;
  }

  /** Whether nothing waits for the broker. */
  get empty(): boolean {
    return this.#open === undefined || this.#open.size === 0;
  }

  /**
   * The connection is over: nothing that was asked will be answered. What was completed a moment ago is remembered even into a clean
   * session, for a copy of it may come there.
   */
  reset(): void {
    for (const exchange of this.#open?.values() ?? []) {
      // The message is the broker's since its PUBREL: a copy of it now is a copy, though the end was not seen.
      if (exchange.type === "publish" && exchange.phase === "released")
        this.#remember(exchange, false, this.#client.heardAt);
    }
    this.#open = undefined;
    this.#subscribing = 0;
    this.#restoring = false;
    this.#lost = false;
    this.#lastSubscribe = undefined;
  }

  /**
   * The connection is over, and another one follows, of which the client is not to know. It repeats what it has no answer to, except a
   * message of QoS 2 that the broker has: of that it repeats PUBREL.
   */
  suspend(): void {
    for (const exchange of this.#open?.values() ?? []) {
      if (exchange.type === "publish" && exchange.phase !== "sent") exchange.unsure = true;
      else this.#open!.delete(exchange.packetId);
    }
    this.#subscribing = 0;
    this.#restoring = false;
  }

  /** QoS 2 messages that the broker has, or may have, and whose exchange is not over. */
  get openPublishes(): SavedPublish[] {
    const publishes = new Map<number, SavedPublish>();
    for (const publish of this.#earlier?.values() ?? []) publishes.set(publish.msgId, publish);
    for (const exchange of this.#open?.values() ?? []) {
      if (exchange.type !== "publish" || exchange.qos !== 2) continue;
      const { msgId, packetId, fingerprint, phase } = exchange;
      // A PUBLISH that comes again stands for the same exchange by itself.
      if (phase === "sent" && msgId === packetId) continue;
      publishes.set(msgId, { msgId, packetId, fingerprint, released: phase === "released" });
    }
    return [...publishes.values()];
  }

  /** What `openPublishes` was before a restart. */
  restore(publishes: readonly SavedPublish[], now: Instant): void {
    if (publishes.length === 0) return;
    this.#earlier = new EarlierPublishes(publishes, this.#client.settings.inFlightMax);
    for (const publish of this.#earlier.values()) if (publish.released) this.#remember(publish, false, now);
  }

  /** The broker has forgotten all that it had before a restart. */
  forgetEarlier(): void {
    this.#earlier = undefined;
  }

  /** The broker has forgotten a message of QoS 2 that the client will not send again. */
  get lost(): boolean {
    return this.#lost;
  }

  /**
   * The new connection is there. Where the broker has forgotten the session, or may not have heard what was to be in it, it is subscribed
   * again to what the client has subscribed to.
   */
  renewed(isKept: boolean): void {
    if (!isKept) this.#lost = !this.empty || this.#earlier?.empty === false;
    if ((!isKept || this.#unrestored) && this.#client.subscriptions.size > 0) this.#restoreSubscriptions();
  }

  /** Whether what the broker had forgotten is being subscribed to again. */
  get restoring(): boolean {
    return this.#restoring;
  }

  /** The client has made a request of this type under this number. */
  sawMsgId(type: "register" | Exclude<OpenExchange["type"], "own">, msgId: number): void {
    if (msgId === this.#lastMsgId && type !== this.#lastType) this.#reusesMsgIds = true;
    this.#lastType = type;
    this.#lastMsgId = msgId;
  }

  /** Whether the message is about a request that is open, not a new one. */
  concerns(message: Message): boolean {
    switch (message.type) {
      case "PUBLISH":
        return (message.msgId !== 0 || message.dup) && this.#find(message.msgId, "publish") !== undefined;
      case "PUBREL":
        return this.#find(message.msgId, "publish") !== undefined;
      case "SUBSCRIBE":
        return this.#find(message.msgId, "subscribe") !== undefined;
      case "UNSUBSCRIBE":
        return this.#find(message.msgId, "unsubscribe") !== undefined;
      default:
        return false;
    }
  }

  publish(message: Publish, askedIn: number, now: Instant): void {
    const client = this.#client;
    const { qos, msgId } = message;
    if (qos === -1) return;
    const topic = publishTopicOf(client, message);
    if (typeof topic === "number") {
      this.#refusePublish(message, topic, askedIn);
      return;
    }
    if (qos === 0) {
      if (!client.writable) this.#refusePublish(message, RETURN_CODE.congestion, askedIn, this.#obstacle);
      else client.write(publishPacket(topic, message, 0, 0));
      return;
    }
    if (msgId !== 0 || message.dup) {
      const open = this.#find(msgId, "publish");
      if (open !== undefined) {
        this.#repeated(open, askedIn);
        return;
      }
    }
    const fingerprint = qos === 2 ? fingerprintOf(message) : undefined;
    if (fingerprint !== undefined && this.#isLateCopy(message, fingerprint, now)) {
      client.note("publish.repeated", { msgId, completed: true });
      return;
    }
    if (qos === 2 && msgId !== 0 && this.#open?.has(msgId) === true) {
      // Its PUBREL has to find the broker by the same number, also when we have lost our memory. The client will repeat it.
      client.note("message.ignored", { message: "PUBLISH", reason: "another request has its MsgId", msgId });
      return;
    }
    const earlier = this.#earlier?.repeated(msgId, fingerprint);
    const packetId = client.writable ? this.#packetIdFor(msgId, earlier) : undefined;
    if (packetId === undefined) {
      this.#refusePublish(message, RETURN_CODE.congestion, askedIn, this.#obstacle);
      return;
    }
    // Another message under the number of one that has just been completed.
    if (qos === 2 && this.#completed?.forget(msgId) === true && !message.dup) this.#reusesMsgIds = true;
    this.#add({
      type: "publish",
      msgId,
      packetId,
      askedIn,
      qos,
      topicId: message.topicId,
      fingerprint,
      phase: "sent",
      unsure: false,
    });
    client.write(publishPacket(topic, message, qos, packetId));
  }

  /** PUBREL of the client. One that we know nothing of goes to the broker all the same: it may hold the message of before a restart. */
  release({ msgId }: MsgIdOnly, askedIn: number, now: Instant): void {
    const client = this.#client;
    const open = this.#find(msgId, "publish");
    if (open !== undefined) {
      open.askedIn = askedIn;
      if (open.phase === "sent" || (open.phase === "released" && !open.unsure)) return;
      open.phase = "released";
      open.unsure = false;
      client.write({ cmd: "pubrel", messageId: open.packetId });
      return;
    }
    if (this.#completed?.has(msgId, now) === true) {
      client.answer(askedIn, encode({ type: "PUBCOMP", msgId }));
      return;
    }
    // The client asks again where its number is taken or too much is open. What 0 stood for at the broker is not known any more: to
    // say that it was released would be a guess.
    const earlier = this.#earlier?.get(msgId);
    const packetId = earlier?.packetId ?? msgId;
    if (!client.writable || this.#packetIdFor(msgId, earlier?.packetId) !== packetId) return;
    this.#add({
      type: "publish",
      msgId,
      packetId,
      askedIn,
      qos: 2,
      topicId: 0,
      fingerprint: earlier?.fingerprint,
      phase: "released",
      unsure: false,
    });
    client.write({ cmd: "pubrel", messageId: packetId });
  }

  subscribe(message: Subscribe, askedIn: number): void {
    const client = this.#client;
    const { msgId, qos } = message;
    const topic = subscribeTopicOf(client, message);
    if (typeof topic === "number" || qos === -1) {
      this.#refuseSubscribe(msgId, typeof topic === "number" ? topic : RETURN_CODE.notSupported, askedIn);
      return;
    }
    if (msgId !== 0 || message.dup) {
      const open = this.#find(msgId, "subscribe");
      if (open !== undefined && open.topic.filter === topic.filter) {
        open.askedIn = askedIn;
        return;
      }
      const last = this.#lastSubscribe;
      if (last !== undefined && last.msgId === msgId && last.filter === topic.filter && last.qos === qos) {
        // The client may have said in the meantime that it does not know the id (G4): with this it does.
        const entry = topic.topicIdType === "normal" ? client.topics.byName(topic.filter) : undefined;
        if (entry !== undefined) client.topics.answer(entry);
        client.answer(askedIn, last.answer);
        return;
      }
    }
    if (Buffer.byteLength(topic.filter) > client.settings.topicOctetsMax) {
      this.#refuseSubscribe(msgId, RETURN_CODE.notSupported, askedIn, { limit: "clients.max_topic_length" });
      return;
    }
    const isNew = client.subscriptions.get(topic.filter) === undefined;
    if (isNew && client.subscriptions.size + this.#subscribing >= client.settings.subscriptionsMax) {
      this.#refuseSubscribe(msgId, RETURN_CODE.congestion, askedIn, { limit: "clients.max_subscriptions" });
      return;
    }
    if (topic.topicIdType === "normal" && !hasWildcard(topic.filter)) {
      // The id goes into SUBACK (S2): without one there is no use in asking the broker.
      if (client.topics.obtain(topic.filter) === undefined) {
        const { obstacle } = client.topics;
        this.#refuseSubscribe(msgId, obstacle.returnCode, askedIn, obstacle);
        return;
      }
    }
    const packetId = client.writable ? this.#packetIdFor(msgId) : undefined;
    if (packetId === undefined) {
      this.#refuseSubscribe(msgId, RETURN_CODE.congestion, askedIn, this.#obstacle);
      return;
    }
    this.#subscribing += 1;
    this.#add({ type: "subscribe", msgId, packetId, askedIn, topic, qos });
    client.write({ cmd: "subscribe", messageId: packetId, subscriptions: [{ topic: topic.filter, qos }] });
  }

  unsubscribe(message: Unsubscribe, askedIn: number): void {
    const client = this.#client;
    const { msgId } = message;
    const topic = subscribeTopicOf(client, message);
    if (typeof topic === "number") {
      // UNSUBACK has no return code (S9).
      client.answer(askedIn, encode({ type: "UNSUBACK", msgId }));
      return;
    }
    const open = this.#find(msgId, "unsubscribe");
    if (open !== undefined && open.filter === topic.filter) {
      open.askedIn = askedIn;
      return;
    }
    const packetId = client.writable ? this.#packetIdFor(msgId) : undefined;
    // There is no way to refuse; the client will ask again.
    if (packetId === undefined) return;
    this.#add({ type: "unsubscribe", msgId, packetId, askedIn, filter: topic.filter });
    client.write({ cmd: "unsubscribe", messageId: packetId, unsubscriptions: [topic.filter] });
  }

  #restoreSubscriptions(): void {
    const packetId = this.#freePacketId();
    const subscriptions = [];
    for (const { filter, qos } of this.#client.subscriptions.values()) subscriptions.push({ topic: filter, qos });
    const restored = subscriptions.map(({ topic }) => topic);
    this.#add({ type: "own", msgId: 0, packetId, askedIn: 0, restored });
    this.#restoring = true;
    this.#unrestored = true;
    this.#client.write({ cmd: "subscribe", messageId: packetId, subscriptions });
  }

  /** The client wants nothing of a name any more (G3). */
  dropSubscription(filter: string): void {
    this.#client.subscriptions.delete(filter);
    if (this.#lastSubscribe?.filter === filter) this.#lastSubscribe = undefined;
    const packetId = this.#packetIdFor(0);
    if (packetId === undefined) return;
    this.#add({ type: "own", msgId: 0, packetId, askedIn: 0, restored: [] });
    this.#client.write({ cmd: "unsubscribe", messageId: packetId, unsubscriptions: [filter] });
  }

  /** PUBACK, PUBREC or PUBCOMP of the broker. */
  acknowledged(packet: AckPacket, now: Instant): void {
    const exchange = this.#open?.get(packet.messageId);
    if (exchange?.type !== "publish") return;
    const { msgId, topicId, askedIn } = exchange;
    if (packet.cmd === "puback" && exchange.qos === 1) {
      this.#open!.delete(exchange.packetId);
      this.#client.answer(askedIn, encode({ type: "PUBACK", topicId, msgId, returnCode: RETURN_CODE.accepted }));
    } else if (packet.cmd === "pubrec" && exchange.qos === 2 && exchange.phase === "sent") {
      exchange.phase = "received";
      this.#client.answer(askedIn, encode({ type: "PUBREC", msgId }));
    } else if (packet.cmd === "pubcomp" && exchange.phase === "released") {
      this.#open!.delete(exchange.packetId);
      this.#earlier?.delete(msgId);
      this.#remember(exchange, true, now);
      this.#client.answer(askedIn, encode({ type: "PUBCOMP", msgId }));
    }
  }

  subscribed(packet: SubackPacket): void {
    const exchange = this.#open?.get(packet.messageId);
    if (exchange?.type === "own") {
      this.#open!.delete(exchange.packetId);
      this.#restoring = false;
      this.#unrestored = false;
      exchange.restored.forEach((filter, index) => {
        if (isGranted(packet.granted[index])) return;
        this.#client.subscriptions.delete(filter);
        this.#client.note("subscribe.refused", { filter, reason: "the broker refused it when it was made again" });
      });
      return;
    }
    if (exchange?.type !== "subscribe") return;
    this.#open!.delete(exchange.packetId);
    this.#subscribing -= 1;
    const client = this.#client;
    const { topic, msgId, askedIn } = exchange;
    const granted = packet.granted[0];
    if (!isGranted(granted)) {
      this.#refuseSubscribe(msgId, RETURN_CODE.notSupported, askedIn);
      return;
    }
    client.subscriptions.set({ ...topic, qos: granted });
    let topicId = topic.topicId;
    if (topic.topicIdType === "normal" && !hasWildcard(topic.filter)) {
      const entry = client.topics.obtain(topic.filter);
      if (entry !== undefined) {
        client.topics.answer(entry);
        topicId = entry.id;
      }
    }
    const returnCode = RETURN_CODE.accepted;
    const answer = encode({ type: "SUBACK", qos: granted, topicId, msgId, returnCode });
    this.#lastSubscribe = { msgId, filter: topic.filter, qos: exchange.qos, answer };
    client.answer(askedIn, answer);
  }

  unsubscribed(packet: UnsubackPacket): void {
    const exchange = this.#open?.get(packet.messageId);
    if (exchange?.type !== "unsubscribe" && exchange?.type !== "own") return;
    this.#open!.delete(exchange.packetId);
    if (exchange.type === "own") return;
    this.#client.subscriptions.delete(exchange.filter);
    if (this.#lastSubscribe?.filter === exchange.filter) this.#lastSubscribe = undefined;
    this.#client.answer(exchange.askedIn, encode({ type: "UNSUBACK", msgId: exchange.msgId }));
  }

  #remember(
    { msgId, fingerprint }: Pick<SavedPublish, "msgId" | "fingerprint">,
    confirmed: boolean,
    now: Instant,
  ): void {
    this.#completed ??= new CompletedPublishes(this.#client.settings.tRetryMs / 2);
    this.#completed.add(msgId, fingerprint, confirmed, now);
  }

  #isLateCopy({ msgId, dup }: Publish, fingerprint: number, now: Instant): boolean {
    if (!dup && this.#reusesMsgIds) return false;
    return this.#completed?.isCopy(msgId, fingerprint, now) === true;
  }

  #add(exchange: OpenExchange): void {
    if (exchange.type !== "own") this.sawMsgId(exchange.type, exchange.msgId);
    this.#open ??= new Map();
    this.#open.set(exchange.packetId, exchange);
  }

  #find<T extends OpenExchange["type"]>(msgId: number, type: T): Extract<OpenExchange, { type: T }> | undefined {
    if (this.#open === undefined || this.#open.size === 0) return undefined;
    const direct = this.#open.get(msgId);
    if (direct?.type === type && direct.msgId === msgId) return direct as Extract<OpenExchange, { type: T }>;
    for (const exchange of this.#open.values()) {
      if (exchange.type === type && exchange.msgId === msgId) return exchange as Extract<OpenExchange, { type: T }>;
    }
    return undefined;
  }

  /**
   * The MsgId itself where it is free, else a free number from the top; or what stood for it before a restart, `earlier`. Undefined when
   * too much is open (P4).
   */
  #packetIdFor(msgId: number, earlier?: number): number | undefined {
    const open = this.#open;
    if (open !== undefined && open.size >= this.#client.settings.inFlightMax) return undefined;
    if (earlier !== undefined) return open?.has(earlier) === true ? undefined : earlier;
    if (msgId !== 0 && !this.#isTaken(msgId)) return msgId;
    return this.#freePacketId();
  }

  /** A free number, from the top. */
  #freePacketId(): number {
    let packetId = PACKET_ID_MAX;
    while (this.#isTaken(packetId)) packetId -= 1;
    return packetId;
  }

  #isTaken(packetId: number): boolean {
    return this.#open?.has(packetId) === true || this.#earlier?.occupies(packetId) === true;
  }

  #repeated(open: PublishExchange, askedIn: number): void {
    const client = this.#client;
    open.askedIn = askedIn;
    client.note("publish.repeated", { msgId: open.msgId, completed: false });
    // P10: until its PUBREL a repeated QoS 2 PUBLISH is answered with PUBREC again.
    if (open.phase === "received") client.answer(askedIn, encode({ type: "PUBREC", msgId: open.msgId }));
  }

  /** Why nothing more is asked of the broker at the moment. */
  get #obstacle(): NoteFields {
    return this.#client.writable
      ? { limit: "clients.max_in_flight" }
      : { reason: "the broker connection takes no more" };
  }

  #refusePublish({ topicId, msgId, qos }: Publish, returnCode: number, askedIn: number, why: NoteFields = {}): void {
    const client = this.#client;
    client.note("publish.refused", { topicId, qos, returnCode, ...why });
    client.answer(askedIn, encode({ type: "PUBACK", topicId, msgId, returnCode }));
  }

  #refuseSubscribe(msgId: number, returnCode: number, askedIn: number, why: NoteFields = {}): void {
    const client = this.#client;
    client.note("subscribe.refused", { returnCode, ...why });
    client.answer(askedIn, encode({ type: "SUBACK", qos: 0, topicId: 0, msgId, returnCode }));
  }
}

/** Whether this octet of a SUBACK is a QoS, not a refusal. */
function isGranted(granted: number | undefined): granted is MqttQoS {
  return granted === 0 || granted === 1 || granted === 2;
}

function publishPacket(topic: string, message: Publish, qos: MqttQoS, packetId: number) {
  const { data, retain } = message;
  // A repetition is news to the broker unless it had the first one before a restart of ours; then DUP tells it so.
  const dup = qos > 0 && message.dup;
  return { cmd: "publish", topic, payload: data, qos, retain, dup, messageId: packetId } as const;
}
