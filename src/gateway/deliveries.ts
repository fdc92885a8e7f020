import { encode } from "../sn/encode.ts";
import type { MsgIdOnly, TopicAck } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { BrokerAnswers } from "./broker-answers.ts";
import type { Client } from "./client.ts";
import type { Instant } from "./contract.ts";
import {
  afterPubAck,
  afterRegAck,
  afterSilence,
  type DeliveryOutcome,
  isTriedWithoutRegister,
  retractIfUnknown,
} from "./delivery-outcome.ts";
import type { DeliveryPhase } from "./delivery-phase.ts";
import { type Delivery, DeliveryQueue, type Waiting } from "./delivery-queue.ts";
import { isCopy } from "./is-copy.ts";
import { encodePublish, encodeRegister, type Obstacle, obstacleTo } from "./outbound-message.ts";
import { awaitsId, outboundTopicOf } from "./outbound-topic.ts";
import type { AckPacket, PublishPacket } from "./packet.ts";
import { passes } from "./passes.ts";

/** What a retry led to: sent again, or the client does not answer. */
type RetryResult = "again" | "exhausted";

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
  /** How many more messages may be started (Z8). */
  budget = NEVER;

  constructor(client: Client) {
    this.#client = client;
    this.answers = new BrokerAnswers(client);
    this.#queue = new DeliveryQueue(client.settings, client.buffered);
  }

  /** When the message in flight is sent again. */
  get due(): Instant {
    return this.#suspended ? NEVER : this.#due;
  }

  /** What waits, and what is in flight. */
  get waiting(): Waiting {
    return this.#queue;
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
    return this.#queue.sentPacketId;
  }

  /** What `sentPacketId` was before a restart. */
  restore(sentPacketId: number): void {
    this.#queue.restore(sentPacketId);
  }

  /** The next step of the message in flight is the client's. */
  get #awaitsClient(): boolean {
    return this.#phase !== "idle" && this.#phase !== "releasing";
  }

  /** Nothing goes on without a word of the broker. */
  get awaitsBroker(): boolean {
    return this.#suspended || this.#phase === "releasing";
  }

  /** The message in flight had to be sent again. */
  get repeating(): boolean {
    return this.#tries > 0;
  }

  /** The connection to the broker is over; it will send again what was not acknowledged. */
  reset(): void {
    this.#queue.clear();
    this.answers.forget();
    this.answers.sentAgain.forget();
    this.#suspended = false;
    this.#idle();
  }

  /** The connection to the broker is made anew, and the client is not to notice: all stays as it is until `resume`. */
  suspend(): void {
    this.#suspended = true;
  }

  /** The new connection is there. Where the broker has the session of before, it sends again what was not acknowledged. */
  renewed(sessionPresent: boolean): void {
    this.answers.sentAgain.forget();
    if (!sessionPresent) {
      this.#queue.orphan();
      this.answers.forget();
      return;
    }
    const { head } = this.#queue;
    this.#queue.dropUnacknowledged();
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

  /** Less may wait from now on. */
  limitLowered(): void {
    this.#queue.limitLowered();
  }

  /** Topic ids are not known any more: where the client is being told of one of them, it is told of another one. */
  idsDropped(now: Instant): void {
    const { head } = this.#queue;
    if (this.#phase !== "registering" || head?.packet === undefined) return;
    if (this.#client.topics.byName(head.packet.topic) !== undefined) return;
    this.#idle();
    this.advance(now);
  }

  /** A PUBLISH of the broker. */
  receive(packet: PublishPacket, now: Instant): void {
    if (packet.qos === 0 && this.#mayPass && passes(this.#client, packet)) {
      this.budget -= 1;
      return;
    }
    const clientHasHead = this.#phase === "releasing" || this.#phase === "completing";
    if (packet.qos > 0 && isCopy(packet, this.#queue, this.answers, clientHasHead)) return;
    this.#queue.push(packet);
    this.advance(now);
    for (let limit = this.#queue.exceededLimit; limit !== undefined; limit = this.#queue.exceededLimit) {
      const dropped = this.#queue.dropOldestQos0(this.#phase !== "idle");
      if (dropped === undefined) return;
      this.answers.noteDropped(dropped, { reason: "the queue is full", limit });
    }
  }

  /** What comes now goes out at once: nothing is before it, and nothing keeps it. */
  get #mayPass(): boolean {
    return this.#queue.length === 0 && !this.#suspended && this.budget > 0 && this.#client.listening;
  }

  /** A PUBREL of the broker. */
  release({ messageId }: AckPacket, now: Instant): void {
    const head = this.#queue.head;
    const isHead = head?.packetId === messageId && !head.orphaned;
    if (isHead && this.#phase === "completing") return;
    if (isHead && this.#phase === "releasing") {
      this.#complete(now);
      return;
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
      if (this.#queue.isAcknowledged(head)) {
        this.#finish(head, "puback", now);
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
    this.#sendsAtResume = false;
  }

  /** The client listens again, or asks again: what is in flight goes out once more, its repetitions counted from here. */
  unpark(now: Instant): void {
    const { head } = this.#queue;
    // It may have started anew, and lost the ids that it was given once more (G4).
    if (head !== undefined) head.registeredAgain = false;
    if (!this.#awaitsClient) return;
    this.#tries = 0;
    this.#asked = 0;
    this.#startedAt = now;
    if (this.#suspended) this.#sendsAtResume = true;
    else this.#send(now);
  }

  /** The client is there, and has its time to answer: the repetitions of what is in flight are counted from here. */
  recount(now: Instant): void {
    if (!this.#awaitsClient) return;
    this.#tries = 0;
    this.#due = now + this.#client.settings.tRetryMs;
  }

  /** Whether the message in flight waits for the client to be heard of. */
  get postponed(): boolean {
    return this.#due === NEVER && this.#awaitsClient;
  }

  /** `due` has come. */
  retry(now: Instant): RetryResult {
    const head = this.#queue.head!;
    const { packet } = head;
    if (this.#phase === "registering" && packet !== undefined && isTriedWithoutRegister(this.#client, head, packet)) {
      this.#idle();
      this.advance(now);
      return "again";
    }
    if (this.#tries >= this.#client.settings.nRetry) return "exhausted";
    this.#tries += 1;
    this.#asked = 0;
    this.#client.note("delivery.repeated", { phase: this.#phase, repetition: this.#tries });
    this.#client.figures.countRepeatedOut();
    this.#send(now);
    return "again";
  }

  /** The client asks what has become of its messages: the one in flight is sent once more before its time (Z10). */
  repeat(now: Instant): void {
    if (!this.#awaitsClient || this.#suspended || this.#asked >= ASKED_MAX) return;
    this.#asked += 1;
    this.#tries += 1;
    this.#client.figures.countRepeatedOut();
    this.#send(now);
  }

  /**
   * The client did not answer REGISTER (R6): the message is given up and the client kept. With `keep` a QoS 1 or 2 message may be kept
   * until the client is heard of again. Undefined where something else than REGISTER was not answered.
   */
  giveUpRegister(keep: boolean): "given up" | "kept" | undefined {
    const { head } = this.#queue;
    if (this.#phase !== "registering" || head?.packet === undefined || this.#suspended) return undefined;
    const outcome = afterSilence(this.#client, head, head.packet, keep, this.#startedAt);
    if (outcome === "kept") this.#due = NEVER;
    else this.#giveUp(head, outcome);
    return outcome === "kept" ? "kept" : "given up";
  }

  /** REGACK of the client. */
  onRegAck(message: TopicAck, now: Instant): void {
    const { head } = this.#queue;
    if (this.#phase !== "registering" || message.msgId !== this.#registerMsgId || head?.packet === undefined) return;
    this.#follow(afterRegAck(this.#client, head, head.packet, message), head, now);
  }

  /** PUBACK of the client. */
  onPubAck(message: TopicAck, now: Instant): void {
    const { msgId, topicId, returnCode } = message;
    if (msgId === 0) {
      // At QoS 0 the message is gone, the mapping is mended.
      retractIfUnknown(this.#client, topicId, message);
      return;
    }
    if (this.#phase === "idle" && returnCode === RETURN_CODE.accepted) this.#queue.acknowledgeInterrupted(msgId);
    const { head } = this.#queue;
    if (this.#phase !== "publishing" || head?.packetId !== msgId || head.packet === undefined) return;
    this.#follow(afterPubAck(this.#client, head, head.packet, message), head, now);
  }

  /** A PUBACK that can only be dealt with later: that the client does not know a topic id holds at once (G4). */
  hear(message: TopicAck): void {
    const { head } = this.#queue;
    if (this.#phase !== "publishing" || head?.packetId !== message.msgId) return;
    if (head.topic?.topicIdType === "normal") retractIfUnknown(this.#client, head.topic.topicId, message);
  }

  /** PUBREC of the client. */
  onPubRec({ msgId }: MsgIdOnly, now: Instant): void {
    const head = this.#queue.head;
    if (head?.packetId !== msgId) return;
    const isReceived = this.#phase === "publishing" && head.packet?.qos === 2;
    if (isReceived && head.orphaned) {
      this.#complete(now);
    } else if (isReceived) {
      this.#phase = "releasing";
      this.#due = NEVER;
      this.#client.write({ cmd: "pubrec", messageId: msgId });
    } else if (this.#phase === "completing" && this.#client.listening) {
      this.#send(now);
    }
  }

  /** PUBCOMP of the client. */
  onPubComp({ msgId }: MsgIdOnly, now: Instant): void {
    const head = this.#queue.head;
    if (this.#phase === "completing" && head?.packetId === msgId) this.#finish(head, "pubcomp", now);
  }

  /** What the client's answer leads to. */
  #follow(outcome: DeliveryOutcome, head: Delivery, now: Instant): void {
    switch (outcome) {
      case "none":
        break;
      case "delivered":
        this.#finish(head, "puback", now);
        break;
      case "later": {
        // O4: it is left alone for as long as the repetitions to one that does not answer would take.
        const { tRetryMs, nRetry } = this.#client.settings;
        this.#tries = 0;
        if (this.#client.listening) this.#due = now + tRetryMs * (nRetry + 1);
        break;
      }
      case "begins":
        this.#idle();
        break;
      case "again":
        this.#tries = 0;
        this.#send(now);
        break;
      default:
        this.#giveUp(head, outcome);
    }
  }

  /** Begins the exchange of a message. False: it has to wait for a SUBACK, or for an id. */
  #start(head: Delivery, packet: PublishPacket): boolean {
    const topic = outboundTopicOf(this.#client, packet.topic);
    if (topic === "unregistered" && awaitsId(this.#client, packet.topic)) return false;
    const obstacle = obstacleTo(this.#client, packet, topic);
    if (obstacle !== undefined) {
      this.#giveUp(head, obstacle);
      return true;
    }
    if (typeof topic !== "object") {
      this.#registerMsgId = this.#queue.freeMsgId;
      this.#phase = "registering";
      return true;
    }
    head.topic = topic;
    this.budget -= 1;
    if (packet.qos > 0) {
      this.#phase = "publishing";
      return true;
    }
    this.#client.send(encodePublish(topic, false, packet));
    this.#client.figures.countDelivered(0);
    this.#queue.shift();
    return true;
  }

  /** The message of the present phase, and its supervision (R4, R5). */
  #send(now: Instant): void {
    const head = this.#queue.head!;
    this.#due = now + this.#client.settings.tRetryMs;
    if (this.#phase === "publishing") {
      this.#client.send(encodePublish(head.topic!, head.sent, head.packet!));
      head.repeated = head.sent;
      head.sent = true;
    } else if (this.#phase === "registering") {
      this.#client.send(encodeRegister(this.#client.topics.byName(head.packet!.topic)!, this.#registerMsgId));
    } else if (this.#phase === "completing") {
      this.#client.send(encode({ type: "PUBREL", msgId: head.packetId }));
    } else {
      this.#due = NEVER;
    }
  }

  /** The client is told that the exchange of a QoS 2 message may end. */
  #complete(now: Instant): void {
    this.#phase = "completing";
    this.#tries = 0;
    this.#due = NEVER;
    if (this.#client.listening) this.#send(now);
  }

  /** The client has the message: the broker may forget it. */
  #finish(head: Delivery, cmd: "puback" | "pubcomp", now: Instant): void {
    // What the client has acknowledged over a connection of before has no time of its own.
    const latencyMs = this.#phase === "idle" ? undefined : now - this.#startedAt;
    this.#client.figures.countDelivered(cmd === "puback" ? 1 : 2, latencyMs);
    this.answers.finish(head, cmd);
    this.#queue.shift();
    this.#idle();
  }

  /** The client will not have the message. */
  #giveUp(head: Delivery, obstacle: Obstacle): void {
    this.#queue.shift();
    this.#idle();
    this.answers.giveUp(head, obstacle);
  }

  #idle(): void {
    this.#phase = "idle";
    this.#sendsAtResume = false;
    this.#due = NEVER;
  }
}
