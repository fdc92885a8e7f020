import { encode } from "../sn/encode.ts";
import type { MsgIdOnly, TopicAck } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { BrokerAnswers } from "./broker-answers.ts";
import type { Client } from "./client.ts";
import type { Instant } from "./contract.ts";
import type { DeliveryPhase } from "./delivery-phase.ts";
import { type Delivery, DeliveryQueue } from "./delivery-queue.ts";
import { encodePublish, type Obstacle, obstacleTo } from "./outbound-message.ts";
import { isSameTopicId, outboundTopicOf } from "./outbound-topic.ts";
import type { AckPacket, PublishPacket } from "./packet.ts";
import type { TopicEntry } from "./topic-table.ts";

/** What a retry led to: sent again, or the client does not answer. */
export type RetryResult = "again" | "exhausted";

/** How often a QoS 1 or 2 message outlives a client that does not answer REGISTER, before it is given up. */
const POSTPONED_MAX = 3;

/** How often a client may ask for the message in flight before its time. Each time costs it, or whoever asks in its name, 2 octets. */
const ASKED_MAX = 10;

const NEVER: Instant = Number.POSITIVE_INFINITY;

/**
 * Messages from the broker to one client: in order, one exchange in flight (G6), each name registered before it is used (G2), and
 * each acknowledged to the broker when the client has acknowledged it. The MsgId of a PUBLISH is the broker's packet identifier.
 */
export class Deliveries {
  readonly #client: Client;
  readonly #queue: DeliveryQueue;
  readonly answers: BrokerAnswers;
  #phase: DeliveryPhase = "idle";
  #tries = 0;
  #asked = 0;
  #startedAt: Instant = 0;
  #registerMsgId = 0;
  #due: Instant = NEVER;
  /** The connection to the broker is being made anew: nothing is sent before that is there. */
  #suspended = false;
  /** What is in flight goes out once more then. */
  #sendsAtResume = false;
  /** The message that the client was sent over the connection of before, and that the broker is to send again; 0 for none. */
  #interrupted = 0;
  /** The same before a restart, as far as that was saved: it may be that one no more. */
  #sentEarlier = 0;
  /** The client has acknowledged it since. */
  #interruptedIsDone = false;
  /** How many more messages may be started (Z8). */
  budget = NEVER;

  constructor(client: Client) {
    this.#client = client;
    this.answers = new BrokerAnswers(client);
    this.#queue = new DeliveryQueue(client.settings.queuedMax, client.settings.queuedOctetsMax, client.buffered);
  }

  /** When the message in flight is sent again. */
  get due(): Instant {
    return this.#suspended ? NEVER : this.#due;
  }

  /** Nothing waits and nothing is in flight. */
  get empty(): boolean {
    return this.#queue.length === 0;
  }

  get length(): number {
    return this.#queue.length;
  }

  /** Something waits that may not be dropped. */
  get keepsAny(): boolean {
    return this.#queue.keepsAny;
  }

  /** Nothing is in flight, and nothing more may be started in this period. */
  get pauses(): boolean {
    return this.#phase === "idle" && (this.#queue.length === 0 || this.budget <= 0);
  }

  /** A message is on its way to the client. */
  get inFlight(): boolean {
    return this.#phase !== "idle";
  }

  /** The packet identifier of the message that the client was sent and has not acknowledged; 0 for none. */
  get sentPacketId(): number {
    const { head } = this.#queue;
    if (head?.packet !== undefined && head.sent && !head.orphaned) return head.packetId;
    return this.#interrupted || this.#sentEarlier;
  }

  /** What `sentPacketId` was before a restart. */
  restore(sentPacketId: number): void {
    this.#sentEarlier = sentPacketId;
  }

  /** Nothing goes on without a word of the broker. */
  get awaitsBroker(): boolean {
    return this.#suspended || this.#phase === "releasing";
  }

  /** The message in flight had to be sent again. */
  get repeating(): boolean {
    return this.#tries > 0;
  }

  /** More waits than this many times what the limits allow, and none of it may be dropped. */
  exceeds(factor: number): boolean {
    return this.#queue.exceeds(factor);
  }

  get hasRoom(): boolean {
    return this.#queue.hasRoom;
  }

  /** The connection to the broker is over; it will send again what was not acknowledged. */
  reset(): void {
    this.#queue.clear();
    this.answers.forget();
    this.#suspended = false;
    this.#interrupt(0);
    this.#idle();
  }

  /** The connection to the broker is made anew, and the client is not to notice: all stays as it is until `resume`. */
  suspend(): void {
    this.#suspended = true;
  }

  /** The new connection is there. Where the broker has the session of before, it sends again what was not acknowledged. */
  renewed(sessionPresent: boolean): void {
    if (!sessionPresent) {
      this.#queue.orphan();
      this.answers.forget();
      this.#interrupt(0);
      return;
    }
    const { head } = this.#queue;
    // Where the connection of before broke in its turn the broker may not have come to send it again.
    const interrupted = this.#queue.dropUnacknowledged();
    if (interrupted !== 0) this.#interrupt(interrupted);
    if (this.#queue.head !== head) this.#idle();
  }

  /** Delivery goes on over the new connection. */
  resume(now: Instant): void {
    this.#suspended = false;
    // Of an orphan no PUBREL will come.
    if (this.#phase === "releasing" && this.#queue.head!.orphaned) this.#complete(now);
    else if (this.#sendsAtResume) this.#send(now);
    this.#sendsAtResume = false;
    this.advance(now);
  }

  /** A PUBLISH of the broker. */
  receive(packet: PublishPacket, now: Instant): void {
    // Some brokers repeat on one connection what is not acknowledged yet; it waits here already.
    if (packet.dup && packet.qos > 0 && this.#queue.awaitsAcknowledgement(packet.messageId)) return;
    const waits = this.#suspended || !this.#client.listening || !this.empty;
    const wasSent = packet.dup && packet.qos > 0 && this.#wasSent(packet.messageId);
    // The payload is a view into all that was read at once; what waits must not keep that.
    this.#queue.push(waits ? { ...packet, payload: new Uint8Array(packet.payload) } : packet, wasSent);
    this.advance(now);
    for (let limit = this.#queue.exceededLimit; limit !== undefined; limit = this.#queue.exceededLimit) {
      const dropped = this.#queue.dropOldestQos0(this.#phase !== "idle");
      if (dropped === undefined) return;
      this.answers.noteDropped(dropped, { reason: "the queue is full", limit });
    }
  }

  /** A PUBREL of the broker. */
  release({ messageId }: AckPacket, now: Instant): void {
    const head = this.#queue.head;
    if (head?.packetId === messageId && !head.orphaned) {
      if (this.#phase === "releasing") {
        this.#complete(now);
        return;
      }
      if (this.#phase === "completing") return;
    }
    if (this.answers.complete(messageId)) return;
    // Of an exchange of before: only the client knows whether it has released the message.
    if (this.#queue.hasRelease(messageId)) return;
    this.#queue.pushRelease(messageId, this.#phase !== "idle");
    this.advance(now);
  }

  /** Sends what can be sent now. While a SUBSCRIBE is open, a name without an id waits for its SUBACK (S10). */
  advance(now: Instant): void {
    while (this.#phase === "idle" && this.#client.listening && this.budget > 0 && !this.#suspended) {
      const head = this.#queue.head;
      if (head === undefined) return;
      if (this.#isDone(head)) {
        this.#finish(head, "puback");
        continue;
      }
      if (head.packet === undefined) this.#phase = "completing";
      else if (!this.#start(head, head.packet)) return;
      if (this.#phase === "idle") continue;
      this.#tries = 0;
      this.#asked = 0;
      this.#startedAt = now;
      this.#send(now);
    }
  }

  /** The client sleeps: what is in flight waits, as it is. */
  park(): void {
    this.#due = NEVER;
  }

  /** The client listens again, or asks again: what is in flight goes out once more, its repetitions counted from here. */
  unpark(now: Instant): void {
    const { head } = this.#queue;
    // It may have started anew, and lost the ids that it was given once more (G4).
    if (head !== undefined) head.registeredAgain = false;
    if (this.#phase === "idle" || this.#phase === "releasing") return;
    this.#tries = 0;
    this.#asked = 0;
    this.#startedAt = now;
    if (this.#suspended) this.#sendsAtResume = true;
    else this.#send(now);
  }

  /** The client is there, and has its time to answer: the repetitions of what is in flight are counted from here. */
  recount(now: Instant): void {
    if (this.#phase === "idle" || this.#phase === "releasing") return;
    this.#tries = 0;
    this.#due = now + this.#client.settings.tRetryMs;
  }

  /** Whether the message in flight waits for the client to be heard of. */
  get postponed(): boolean {
    return this.#phase !== "idle" && this.#phase !== "releasing" && this.#due === NEVER;
  }

  /** `due` has come. */
  retry(now: Instant): RetryResult {
    const { settings } = this.#client;
    const { head } = this.#queue;
    if (this.#knowsTopic && head?.packet !== undefined && !head.needsRegister) {
      // A client that does not do REGISTER, as RIOT's emcute, was quicker to look at the message than at our answer with its id. One
      // that does, and did not get this one, says so again.
      const { topics } = this.#client;
      topics.announce(topics.byName(head.packet.topic)!);
      head.needsRegister = true;
      head.registeredAgain = false;
      // Its PUBACK has ended the exchange, and repetitions it would refuse.
      head.sent = false;
      this.#idle();
      this.advance(now);
      return "again";
    }
    if (this.#tries >= settings.nRetry) return "exhausted";
    this.#tries += 1;
    this.#asked = 0;
    this.#client.note("delivery.repeated", { phase: this.#phase, repetition: this.#tries });
    this.#send(now);
    return "again";
  }

  /** The client asks what has become of its messages: the one in flight is sent once more before its time (Z10). */
  repeat(now: Instant): void {
    if (this.#phase === "idle" || this.#phase === "releasing" || this.#suspended) return;
    if (this.#asked >= ASKED_MAX) return;
    this.#asked += 1;
    this.#tries += 1;
    this.#send(now);
  }

  /**
   * The client did not answer REGISTER (R6): the message is given up and the client kept. With `keep` a QoS 1 or 2 message is kept until
   * the client is heard of again, for with its acknowledgement the broker would forget it; but not for ever. Undefined where something
   * else than REGISTER was not answered.
   */
  giveUpRegister(keep: boolean): "given up" | "kept" | undefined {
    const head = this.#queue.head;
    if (this.#phase !== "registering" || head?.packet === undefined || this.#suspended) return undefined;
    if (keep && head.packet.qos > 0 && head.postponed < POSTPONED_MAX) {
      head.postponed += 1;
      this.#due = NEVER;
      this.#client.note("delivery.postponed", { topic: head.packet.topic });
      return "kept";
    }
    // A client that was heard of meanwhile does not do REGISTER, as RIOT's emcute; one that was not may have been out of reach.
    const heardOf = this.#client.heardAt > this.#startedAt || head.postponed > 0;
    if (heardOf && !this.#knowsTopic) this.#suppress(head.packet.topic);
    this.#giveUp(head, { reason: "no answer to REGISTER" });
    return "given up";
  }

  onRegAck(message: TopicAck, now: Instant): void {
    const head = this.#queue.head;
    if (this.#phase !== "registering" || message.msgId !== this.#registerMsgId || head?.packet === undefined) return;
    const { topic } = head.packet;
    const entry = this.#client.topics.byName(topic);
    switch (message.returnCode) {
      case RETURN_CODE.accepted:
        // G2a: an acceptance of another id is not one of ours.
        if (entry?.id !== message.topicId) return;
        this.#client.topics.announce(entry);
        this.#idle();
        return;
      case RETURN_CODE.congestion:
        head.needsRegister = true;
        this.#leaveAlone(now);
        return;
      default:
        this.#suppress(topic);
        // G3: the refusal ends a plain subscription; what a wildcard covers can only be passed over.
        if (this.#client.subscriptions.get(topic) !== undefined) this.#client.dropSubscription(topic);
        this.#giveUp(head, { reason: "the client refused the topic name" });
    }
  }

  onPubAck(message: TopicAck, now: Instant): void {
    const { topics } = this.#client;
    const head = this.#queue.head;
    const packet = head?.packet;
    const unknownTopic = message.returnCode === RETURN_CODE.invalidTopicId;
    if (message.msgId === 0) {
      // G4: at QoS 0 the message is gone, the mapping is mended.
      const entry = topics.byId(message.topicId);
      if (unknownTopic && entry !== undefined) topics.retract(entry);
      return;
    }
    if (this.#phase === "idle" && message.msgId === this.#interrupted && message.returnCode === RETURN_CODE.accepted) {
      this.#interruptedIsDone = true;
    }
    if (this.#phase !== "publishing" || head?.packetId !== message.msgId || packet === undefined) return;
    // Some clients name no topic in a refusal; the MsgId says which message it is (as G2a says of REGACK).
    const namesTopic = message.topicId !== 0 || message.returnCode === RETURN_CODE.accepted;
    if (namesTopic && !isSameTopicId(head.topic!, message.topicId)) return;
    if (message.returnCode === RETURN_CODE.accepted) {
      if (packet.qos === 1) this.#finish(head, "puback");
      return;
    }
    if (message.returnCode === RETURN_CODE.congestion) {
      this.#leaveAlone(now);
      return;
    }
    const entry = topics.byName(packet.topic);
    const isOfEntry = unknownTopic && head.topic!.topicIdType === "normal" && entry?.id === head.topic!.topicId;
    if (isOfEntry) topics.retract(entry);
    if (isOfEntry && !head.registeredAgain) {
      head.registeredAgain = true;
      this.#idle();
      return;
    }
    if (!unknownTopic && packet.qos === 1 && head.repeated && !head.sentAnew) {
      // Some, as RIOT's emcute, take no repetition, although the first copy may have been lost.
      head.sentAnew = true;
      head.sent = false;
      this.#tries = 0;
      this.#send(now);
      return;
    }
    const reason = unknownTopic ? "the client does not know the topic id" : "the client refused the message";
    this.#giveUp(head, { reason });
  }

  /** A PUBACK that can only be dealt with later: that the client does not know a topic id holds at once (G4). */
  hear({ msgId, returnCode }: TopicAck): void {
    const head = this.#queue.head;
    if (this.#phase !== "publishing" || head?.packetId !== msgId || head.topic?.topicIdType !== "normal") return;
    const { topics } = this.#client;
    const entry = topics.byId(head.topic.topicId);
    if (returnCode === RETURN_CODE.invalidTopicId && entry !== undefined) topics.retract(entry);
  }

  /** PUBREC of the client. */
  onPubRec({ msgId }: MsgIdOnly, now: Instant): void {
    const head = this.#queue.head;
    if (head?.packetId !== msgId) return;
    if (this.#phase === "publishing" && head.packet?.qos === 2) {
      if (head.orphaned) {
        this.#complete(now);
        return;
      }
      this.#phase = "releasing";
      this.#due = NEVER;
      this.#client.write({ cmd: "pubrec", messageId: msgId });
    } else if (this.#phase === "completing" && this.#client.listening) {
      this.#send(now);
    }
  }

  /** PUBCOMP of the client. */
  onPubComp({ msgId }: MsgIdOnly): void {
    const head = this.#queue.head;
    if (this.#phase === "completing" && head?.packetId === msgId) this.#finish(head, "pubcomp");
  }

  /** The name that the client does not answer REGISTER for is one whose id it has been given when it asked. */
  get #knowsTopic(): boolean {
    const packet = this.#queue.head?.packet;
    if (this.#phase !== "registering" || packet === undefined) return false;
    return this.#client.topics.byName(packet.topic)?.asked === true;
  }

  /** O4: a client that is busy is left alone for as long as the repetitions to one that does not answer would take. */
  #leaveAlone(now: Instant): void {
    const { tRetryMs, nRetry } = this.#client.settings;
    this.#tries = 0;
    if (this.#client.listening) this.#due = now + tRetryMs * (nRetry + 1);
  }

  /** Begins the exchange of a message. False: it has to wait for a SUBACK, or for an id. */
  #start(head: Delivery, packet: PublishPacket): boolean {
    const topic = outboundTopicOf(this.#client, packet.topic);
    if (topic === "unregistered" && (this.#client.subscribing || this.#awaitsId(packet.topic))) return false;
    const obstacle = obstacleTo(this.#client, packet, topic);
    if (obstacle !== undefined) {
      this.#giveUp(head, obstacle);
      return true;
    }
    if (typeof topic === "object") {
      head.topic = topic;
      this.#publish(head, packet);
      return true;
    }
    this.#registerMsgId = this.#freeMsgId();
    this.#phase = "registering";
    return true;
  }

  /** No name can be given an id before something has been saved. */
  #awaitsId(name: string): boolean {
    const { topics } = this.#client;
    return topics.awaitsSaving && topics.byName(name) === undefined;
  }

  /** Whether the client has acknowledged the message since it was sent it over the connection of before. */
  #isDone({ packet, packetId, sent }: Delivery): boolean {
    return this.#interruptedIsDone && sent && packetId === this.#interrupted && packet?.qos === 1;
  }

  /** Whether the client was sent this message over the connection of before, or before a restart. */
  #wasSent(packetId: number): boolean {
    if (packetId === this.#interrupted) return true;
    if (packetId !== this.#sentEarlier) return false;
    this.#sentEarlier = 0;
    return true;
  }

  #publish(head: Delivery, packet: PublishPacket): void {
    this.budget -= 1;
    if (packet.qos === 0) {
      this.#client.send(encodePublish(head, packet));
      this.#queue.shift();
      return;
    }
    this.#phase = "publishing";
  }

  /** The message of the present phase, and its supervision (R4, R5). */
  #send(now: Instant): void {
    const head = this.#queue.head!;
    this.#due = now + this.#client.settings.tRetryMs;
    switch (this.#phase) {
      case "registering": {
        const { id, name } = this.#client.topics.byName(head.packet!.topic) as TopicEntry;
        const msgId = this.#registerMsgId;
        this.#client.send(encode({ type: "REGISTER", topicId: id, msgId, topicName: name }));
        return;
      }
      case "publishing":
        this.#client.send(encodePublish(head, head.packet!));
        head.repeated = head.sent;
        head.sent = true;
        return;
      case "completing":
        this.#client.send(encode({ type: "PUBREL", msgId: head.packetId }));
        return;
      default:
        this.#due = NEVER;
    }
  }

  /** A MsgId for REGISTER: one that no message of the broker has that is here. The broker numbers from the bottom, so we begin at the top. */
  #freeMsgId(): number {
    let msgId = 0xffff;
    while (this.#queue.hasPacketId(msgId)) msgId -= 1;
    return msgId;
  }

  /** The client is told that the exchange of a QoS 2 message may end. */
  #complete(now: Instant): void {
    this.#phase = "completing";
    this.#tries = 0;
    this.#due = NEVER;
    if (this.#client.listening) this.#send(now);
  }

  /** The client has the message: the broker may forget it. */
  #finish(head: Delivery, cmd: "puback" | "pubcomp"): void {
    this.answers.finish(head, cmd);
    this.#over(head);
  }

  /** The client will not have the message. */
  #giveUp(head: Delivery, obstacle: Obstacle): void {
    this.#over(head);
    this.answers.giveUp(head, obstacle);
  }

  /** The exchange is over: its packet identifier stands for another message from now on. */
  #over({ packetId }: Delivery): void {
    this.#queue.shift();
    this.#idle();
    if (packetId !== 0 && packetId === this.#interrupted) this.#interrupt(0);
  }

  /** For as long as this connection lasts. */
  #suppress(topic: string): void {
    const { topics } = this.#client;
    const entry = topics.byName(topic);
    if (entry !== undefined) entry.suppressed = true;
    this.#client.note("topic.suppressed", { topic });
  }

  /** The client was sent this message over the connection of before. */
  #interrupt(packetId: number): void {
    this.#interrupted = packetId;
    this.#interruptedIsDone = false;
  }

  #idle(): void {
    this.#phase = "idle";
    this.#sendsAtResume = false;
    this.#due = NEVER;
  }
}
