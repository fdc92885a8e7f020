import { encode } from "../sn/encode.ts";
import type { Message, MsgIdOnly, Publish } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { isRefusal, returnCodeOf } from "./broker-refusal.ts";
import type { Client } from "./client.ts";
import { CompletedPublishes, fingerprintOf } from "./completed-publishes.ts";
import type { Instant, NoteFields } from "./contract.ts";
import { EarlierPublishes } from "./earlier-publishes.ts";
import type { PublishExchange } from "./open-exchange.ts";
import type { OpenExchanges } from "./open-exchanges.ts";
import type { AckPacket, MqttQoS } from "./packet.ts";
import { publishTopicOf } from "./requested-topic.ts";
import type { SavedPublish } from "./saved-session.ts";

/** What a refusal says of a PUBLISH. */
type Refusable = Pick<Publish, "topicId" | "msgId" | "qos">;

/** PUBLISHes of a client (§6.6), each answered when the broker has answered. */
export class PublishRequests {
  readonly #client: Client;
  readonly #open: OpenExchanges;
  #completed: CompletedPublishes | undefined;
  #earlier: EarlierPublishes | undefined;

  constructor(client: Client, open: OpenExchanges) {
    this.#client = client;
    this.#open = open;
  }

  /** The connection is over, and nothing follows: the broker's PUBCOMPs will not come. */
  reset(): void {
    if (this.#open.empty) return;
    for (const exchange of this.#open.values()) {
      // The message is the broker's since its PUBREL: a copy of it now is a copy, though the end was not seen.
      if (exchange.type === "publish" && (exchange.phase === "released" || exchange.phase === "handed over"))
        this.#remember(exchange, false, this.#client.heardAt);
    }
  }

  /** How many the broker counts as unfinished. */
  get #unfinished(): number {
    let count = 0;
    for (const exchange of this.#open.values()) {
      if (exchange.type === "publish" && exchange.phase !== "handed over") count += 1;
    }
    return count;
  }

  /** Whether the broker holds a message of QoS 2 whose exchange is not over. */
  get holdsAny(): boolean {
    for (const exchange of this.#open.values()) {
      if (exchange.type === "publish" && exchange.phase !== "sent" && exchange.phase !== "handed over") return true;
    }
    return false;
  }

  /** Whether the broker may hold a message of before a restart that its PUBREL has not released. */
  get holdsEarlier(): boolean {
    return this.#earlier?.empty === false;
  }

  /** QoS 2 messages that the broker has, or may have, and whose exchange is not over. */
  get openPublishes(): SavedPublish[] {
    const publishes = new Map<number, SavedPublish>();
    for (const exchange of this.#open.values()) {
      if (exchange.type !== "publish" || exchange.qos !== 2 || exchange.carried) continue;
      const { msgId, packetId, fingerprint, phase } = exchange;
      // A PUBLISH that comes again stands for the same exchange by itself.
      if ((phase === "sent" && msgId === packetId) || publishes.has(msgId)) continue;
      publishes.set(msgId, { msgId, packetId, fingerprint, released: phase === "released" || phase === "handed over" });
    }
    for (const publish of this.#earlier?.values() ?? []) {
      if (!publishes.has(publish.msgId)) publishes.set(publish.msgId, publish);
    }
    return [...publishes.values()];
  }

  /** What `openPublishes` was before a restart. */
  restore(publishes: readonly SavedPublish[], now: Instant): void {
    if (publishes.length === 0) return;
    const earlier = new EarlierPublishes(publishes, this.#client.settings.inFlightMax);
    this.#earlier = earlier;
    this.#open.occupies = (packetId) => earlier.occupies(packetId);
    for (const publish of earlier.values()) if (publish.released) this.#remember(publish, false, now);
  }

  /** The broker has forgotten all that it had before a restart. */
  forgetEarlier(): void {
    this.#earlier = undefined;
    this.#open.occupies = undefined;
  }

  publish(message: Publish, askedIn: number, now: Instant): void {
    const client = this.#client;
    const { qos, msgId } = message;
    if (qos === -1) return;
    const topic = publishTopicOf(client, message);
    if (typeof topic === "number") {
      const open = qos === 0 ? undefined : this.#open.find(msgId, "publish");
      // Since a reload the id may stand for nothing; what was taken before stays so.
      if (open?.topicId === message.topicId) this.#repeated(open, askedIn);
      else this.#refusePublish(message, undefined, topic, askedIn);
      return;
    }
    if (!client.terms.fits(topic, message.data)) {
      this.#refusePublish(message, topic, RETURN_CODE.notSupported, askedIn, {
        reason: "larger than the broker takes",
      });
      return;
    }
    if (qos === 0) {
      if (!client.writable)
        this.#refusePublish(message, topic, RETURN_CODE.congestion, askedIn, this.#open.obstacle(client));
      else {
        client.write(publishPacket(topic, message, 0, 0));
        client.figures.countPublished(0);
      }
      return;
    }
    if (msgId !== 0 || message.dup) {
      const open = this.#open.find(msgId, "publish");
      if (open !== undefined) {
        this.#repeated(open, askedIn);
        return;
      }
    }
    const fingerprint = qos === 2 ? fingerprintOf(message) : undefined;
    if (this.#isLateCopy(message, fingerprint, now)) return;
    // Its first copy, or our answer, was lost: the exchange is another one, and what its battery pays is the same.
    if (message.dup) client.figures.countRepeatedIn();
    if (qos === 2 && msgId !== 0 && this.#open.has(msgId)) {
      // Its PUBREL has to find the broker by the same number, also when we have lost our memory. The client will repeat it.
      client.note("message.ignored", { message: "PUBLISH", reason: "another request has its MsgId", msgId });
      return;
    }
    const { maxQos, receiveMax } = client.terms;
    if (maxQos === 0) {
      const reason = "the broker only takes QoS 0, with which nothing can be acknowledged";
      this.#refusePublish(message, topic, RETURN_CODE.notSupported, askedIn, { reason, limit: "broker.max_qos" });
      return;
    }
    if (this.#open.size >= receiveMax && this.#unfinished >= receiveMax) {
      this.#refusePublish(message, topic, RETURN_CODE.congestion, askedIn, {
        reason: "the broker takes no more at once",
      });
      return;
    }
    const earlier = this.#earlier?.repeated(msgId, fingerprint);
    const packetId = client.writable ? this.#open.packetIdFor(msgId, earlier) : undefined;
    if (packetId === undefined) {
      this.#refusePublish(message, topic, RETURN_CODE.congestion, askedIn, this.#open.obstacle(client));
      return;
    }
    const carriedQos = qos > maxQos ? maxQos : qos;
    // Another message under the number of one that has just been completed.
    if (qos === 2 && this.#completed?.forget(msgId) === true && !message.dup) this.#open.reusesMsgIds = true;
    this.#open.add({
      type: "publish",
      msgId,
      packetId,
      askedIn,
      qos,
      topicId: message.topicId,
      topic,
      fingerprint,
      carried: carriedQos < qos,
      phase: "sent",
      unsure: false,
      askedAt: now,
    });
    client.write(publishPacket(topic, message, carriedQos, packetId));
  }

  /** PUBREL of the client. One that we know nothing of goes to the broker all the same: it may hold the message of before a restart. */
  release({ msgId }: MsgIdOnly, askedIn: number, now: Instant): void {
    const client = this.#client;
    const open = this.#open.find(msgId, "publish");
    if (open !== undefined) {
      open.askedIn = askedIn;
      if (open.phase === "handed over") {
        this.#complete(open, now);
        return;
      }
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
    const earlier = this.#earlier?.get(msgId);
    if (earlier === undefined && client.terms.maxQos < 2) {
      // No PUBREC was given before the broker had said PUBACK, and it knows nothing of a PUBREL.
      client.answer(askedIn, encode({ type: "PUBCOMP", msgId }));
      return;
    }
    // The client asks again where its number is taken or too much is open. What 0 stood for at the broker is not known any more: to
    // say that it was released would be a guess.
    const packetId = earlier?.packetId ?? msgId;
    if (!client.writable || this.#open.packetIdFor(msgId, earlier?.packetId) !== packetId) return;
    this.#open.add({
      type: "publish",
      msgId,
      packetId,
      askedIn,
      qos: 2,
      topicId: 0,
      topic: undefined,
      fingerprint: earlier?.fingerprint,
      carried: false,
      phase: "released",
      unsure: false,
      askedAt: now,
    });
    client.write({ cmd: "pubrel", messageId: packetId });
  }

  /** PUBACK, PUBREC or PUBCOMP of the broker. */
  acknowledged(packet: AckPacket, now: Instant): void {
    const exchange = this.#open.get(packet.messageId);
    if (exchange?.type !== "publish") return;
    const { msgId, topicId, askedIn, qos, askedAt } = exchange;
    if (packet.cmd === "pubcomp") {
      // Whatever it says: of a message that the broker does not know any more it knows no other end.
      if (exchange.phase === "released") this.#complete(exchange, now);
      return;
    }
    if (exchange.phase !== "sent" || packet.cmd === "pubrel") return;
    if (isRefusal(packet.reasonCode)) {
      // At QoS 2 too this is the end of it (6c).
      const { reasonCode } = packet;
      this.#open.delete(exchange);
      this.#refusePublish(exchange, exchange.topic, returnCodeOf(reasonCode), askedIn, {
        brokerReasonCode: reasonCode,
      });
    } else if (packet.cmd === "puback" && qos === 1) {
      this.#open.delete(exchange);
      this.#client.figures.countPublished(qos, now - askedAt);
      this.#client.answer(askedIn, encode({ type: "PUBACK", topicId, msgId, returnCode: RETURN_CODE.accepted }));
    } else if (qos === 2) {
      // A broker without QoS 2 says PUBACK, whether it was carried there with QoS 1 or not: it has the message, and no more will come.
      exchange.phase = packet.cmd === "puback" ? "handed over" : "received";
      this.#client.figures.countPublished(qos, now - askedAt);
      this.#client.answer(askedIn, encode({ type: "PUBREC", msgId }));
    }
  }

  /** The exchange of a QoS 2 message is over. */
  #complete(exchange: PublishExchange, now: Instant): void {
    const { msgId, askedIn } = exchange;
    this.#open.delete(exchange);
    this.#earlier?.delete(msgId);
    this.#remember(exchange, true, now);
    this.#client.answer(askedIn, encode({ type: "PUBCOMP", msgId }));
  }

  #remember(
    { msgId, fingerprint }: Pick<SavedPublish, "msgId" | "fingerprint">,
    confirmed: boolean,
    now: Instant,
  ): void {
    this.#completed ??= new CompletedPublishes(this.#client.settings);
    this.#completed.add(msgId, fingerprint, confirmed, now);
  }

  /** Whether a message is a copy of one of QoS 2 that was completed a moment ago. When it is looked at that moment may be long ago. */
  isLateCopy(message: Message, now: Instant): boolean {
    if (message.type !== "PUBLISH" || message.qos !== 2 || this.#completed === undefined) return false;
    return this.#isLateCopy(message, fingerprintOf(message), now);
  }

  #isLateCopy({ msgId, dup }: Publish, fingerprint: number | undefined, now: Instant): boolean {
    if (fingerprint === undefined || (!dup && this.#open.reusesMsgIds)) return false;
    if (this.#completed?.isCopy(msgId, fingerprint, now) !== true) return false;
    this.#client.figures.countRepeatedIn();
    this.#client.note("publish.repeated", { msgId, completed: true });
    return true;
  }

  #repeated(open: PublishExchange, askedIn: number): void {
    const client = this.#client;
    open.askedIn = askedIn;
    client.figures.countRepeatedIn();
    client.note("publish.repeated", { msgId: open.msgId, completed: false });
    // P10: until its PUBREL a repeated QoS 2 PUBLISH is answered with PUBREC again.
    if (open.phase === "received" || open.phase === "handed over")
      client.answer(askedIn, encode({ type: "PUBREC", msgId: open.msgId }));
  }

  /** `topic` is the name, where the PUBLISH has one. */
  #refusePublish(
    { topicId, msgId, qos }: Refusable,
    topic: string | undefined,
    returnCode: number,
    askedIn: number,
    why: NoteFields = {},
  ): void {
    const client = this.#client;
    client.note("publish.refused", { topicId, topic, qos, returnCode, ...why });
    client.answer(askedIn, encode({ type: "PUBACK", topicId, msgId, returnCode }));
  }
}

function publishPacket(topic: string, message: Publish, qos: MqttQoS, packetId: number) {
  const { data, retain } = message;
  // A repetition is news to the broker unless it had the first one before a restart of ours; then DUP tells it so.
  const dup = qos > 0 && message.dup;
  return { cmd: "publish", topic, payload: data, qos, retain, dup, messageId: packetId } as const;
}
