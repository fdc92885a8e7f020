import { encode } from "../sn/encode.ts";
import type { Subscribe, Unsubscribe } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { hasWildcard } from "../sn/topic-name.ts";
import { returnCodeOf } from "./broker-refusal.ts";
import type { Client } from "./client.ts";
import type { NoteFields } from "./contract.ts";
import type { OpenExchanges } from "./open-exchanges.ts";
import type { MqttQoS, SubackPacket, SubscribePacket, UnsubackPacket } from "./packet.ts";
import { subscribeTopicOf } from "./requested-topic.ts";

/** Filters in one SUBSCRIBE of ours: there are brokers that close the connection for more. */
const FILTERS_MAX = 8;

/** What was said to the last SUBSCRIBE, for its repetition (S7). */
interface AnsweredSubscribe {
  msgId: number;
  filter: string;
  qos: number;
  answer: Uint8Array;
}

/** SUBSCRIBEs and UNSUBSCRIBEs of a client (§6.9), each answered when the broker has answered; and those made again for it. */
export class SubscribeRequests {
  readonly #client: Client;
  readonly #open: OpenExchanges;
  /** How many SUBSCRIBEs wait for the broker. */
  #waiting = 0;
  #last: AnsweredSubscribe | undefined;
  /** Packets with what the broker had forgotten and is subscribed to again that wait for an answer. */
  #restoring = 0;
  /** That was done over a connection that broke: the broker may have the session, and not what was to be in it. */
  unrestored = false;
  /** The broker refused something of that. */
  refused = false;

  constructor(client: Client, open: OpenExchanges) {
    this.#client = client;
    this.#open = open;
  }

  /** Whether what the broker had forgotten is being subscribed to again. */
  get restoring(): boolean {
    return this.#restoring > 0;
  }

  /** Whether one waits for the broker. */
  get waiting(): boolean {
    return this.#waiting > 0;
  }

  /** The connection is over. */
  suspend(): void {
    this.#waiting = 0;
    this.#restoring = 0;
    this.refused = false;
  }

  /** And its client waits for nothing of before. */
  reset(): void {
    this.suspend();
    this.#last = undefined;
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
      const open = this.#open.find(msgId, "subscribe");
      if (open !== undefined && open.topic.filter === topic.filter) {
        open.askedIn = askedIn;
        return;
      }
      const last = this.#last;
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
    if (!client.terms.fitsFilters([topic.filter])) {
      this.#refuseSubscribe(msgId, RETURN_CODE.notSupported, askedIn, { reason: "larger than the broker takes" });
      return;
    }
    const isNew = client.subscriptions.get(topic.filter) === undefined;
    if (isNew && client.subscriptions.size + this.#waiting >= client.settings.subscriptionsMax) {
      this.#refuseSubscribe(msgId, RETURN_CODE.congestion, askedIn, { limit: "clients.max_subscriptions" });
      return;
    }
    if (isNew && client.names.isFull) {
      this.#refuseSubscribe(msgId, RETURN_CODE.congestion, askedIn, { limit: "clients.max_topic_bytes" });
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
    const packetId = client.writable ? this.#open.packetIdFor(msgId) : undefined;
    if (packetId === undefined) {
      this.#refuseSubscribe(msgId, RETURN_CODE.congestion, askedIn, this.#open.obstacle(client));
      return;
    }
    this.#waiting += 1;
    this.#open.add({ type: "subscribe", msgId, packetId, askedIn, topic, qos });
    client.write({ cmd: "subscribe", messageId: packetId, subscriptions: [{ topic: topic.filter, qos }] });
  }

  unsubscribe(message: Unsubscribe, askedIn: number): void {
    const client = this.#client;
    const { msgId } = message;
    const topic = subscribeTopicOf(client, message);
    if (typeof topic === "number" || !client.terms.fitsFilters([topic.filter])) {
      // UNSUBACK has no return code (S9). What is larger than the broker takes it cannot have been subscribed to.
      client.answer(askedIn, encode({ type: "UNSUBACK", msgId }));
      return;
    }
    const open = this.#open.find(msgId, "unsubscribe");
    if (open !== undefined && open.filter === topic.filter) {
      open.askedIn = askedIn;
      return;
    }
    const packetId = client.writable ? this.#open.packetIdFor(msgId) : undefined;
    // There is no way to refuse; the client will ask again.
    if (packetId === undefined) return;
    this.#open.add({ type: "unsubscribe", msgId, packetId, askedIn, filter: topic.filter });
    client.write({ cmd: "unsubscribe", messageId: packetId, unsubscriptions: [topic.filter] });
  }

  /** Makes again at the broker what the client has subscribed to. */
  restore(): void {
    this.unrestored = true;
    let batch: SubscribePacket["subscriptions"] = [];
    for (const { filter, qos } of [...this.#client.subscriptions.values()]) {
      if (!this.#client.terms.fitsFilters([filter])) {
        this.#lose(filter, "it is larger than the broker takes");
        continue;
      }
      const filters = batch.map(({ topic }) => topic);
      if (batch.length === FILTERS_MAX || !this.#client.terms.fitsFilters([...filters, filter])) {
        this.#subscribeAgain(batch);
        batch = [];
      }
      batch.push({ topic: filter, qos });
    }
    if (batch.length > 0) this.#subscribeAgain(batch);
  }

  #subscribeAgain(subscriptions: SubscribePacket["subscriptions"]): void {
    const packetId = this.#open.freePacketId();
    const restored = subscriptions.map(({ topic }) => topic);
    this.#open.add({ type: "own", msgId: 0, packetId, askedIn: 0, restored });
    this.#restoring += 1;
    this.#client.write({ cmd: "subscribe", messageId: packetId, subscriptions });
  }

  /** What the broker has forgotten is not to be had again. */
  #lose(filter: string, reason: string): void {
    this.refused = true;
    this.#client.subscriptions.delete(filter);
    this.#client.note("subscribe.refused", { filter, reason });
  }

  /** The answer of before may name an id that is not known any more. */
  idsDropped(): void {
    this.#last = undefined;
  }

  /** The client wants nothing of a name any more (G3). */
  dropSubscription(filter: string): void {
    this.#client.subscriptions.delete(filter);
    if (this.#last?.filter === filter) this.#last = undefined;
    const packetId = this.#open.packetIdFor(0);
    if (packetId === undefined) return;
    this.#open.add({ type: "own", msgId: 0, packetId, askedIn: 0, restored: [] });
    this.#client.write({ cmd: "unsubscribe", messageId: packetId, unsubscriptions: [filter] });
  }

  subscribed(packet: SubackPacket): void {
    const exchange = this.#open.get(packet.messageId);
    if (exchange?.type === "own") {
      this.#open.delete(exchange);
      this.#restoring -= 1;
      if (!this.restoring) this.unrestored = false;
      exchange.restored.forEach((filter, index) => {
        if (!isGranted(packet.granted[index])) this.#lose(filter, "the broker refused it when it was made again");
      });
      return;
    }
    if (exchange?.type !== "subscribe") return;
    this.#open.delete(exchange);
    this.#waiting -= 1;
    const client = this.#client;
    const { topic, msgId, askedIn } = exchange;
    const granted = packet.granted[0];
    if (!isGranted(granted)) {
      const returnCode = granted === undefined ? RETURN_CODE.notSupported : returnCodeOf(granted);
      const { filter } = topic;
      this.#refuseSubscribe(msgId, returnCode, askedIn, { filter, brokerReasonCode: granted });
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
    this.#last = { msgId, filter: topic.filter, qos: exchange.qos, answer };
    client.answer(askedIn, answer);
  }

  unsubscribed(packet: UnsubackPacket): void {
    const exchange = this.#open.get(packet.messageId);
    if (exchange?.type !== "unsubscribe" && exchange?.type !== "own") return;
    this.#open.delete(exchange);
    if (exchange.type === "own") return;
    this.#client.subscriptions.delete(exchange.filter);
    if (this.#last?.filter === exchange.filter) this.#last = undefined;
    this.#client.answer(exchange.askedIn, encode({ type: "UNSUBACK", msgId: exchange.msgId }));
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
