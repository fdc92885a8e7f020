import type { MsgIdOnly, SubAck, TopicAck } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { hasWildcard } from "../sn/topic-name.ts";
import type { DeviceTopic, Instant, PublishRequest, RegisterRequest, Result, SubscribeRequest } from "./contract.ts";
import { isTopicId } from "./is-topic-id.ts";
import { octetsOf } from "./octets-of.ts";
import type { Outbox } from "./outbox.ts";
import { type Publication, publicationOf, publishMessage } from "./publication.ts";
import type { Random } from "./random.ts";
import type { Retry } from "./retry.ts";
import type { DeviceSettings } from "./settings.ts";
import { topicKey } from "./topic-key.ts";
import type { TopicTable } from "./topic-table.ts";
import type { Waiting } from "./waiting.ts";

type Request = RegisterRequest | PublishRequest | SubscribeRequest;

/** The REGISTER that is outstanding. Without `waiting` it serves the publication in hand. */
interface Registration {
  readonly topicName: string;
  readonly msgId: number;
  readonly retry: Retry;
  readonly waiting: Waiting<RegisterRequest> | undefined;
}

interface Subscription {
  readonly msgId: number;
  readonly retry: Retry;
  readonly waiting: Waiting<SubscribeRequest>;
}

/**
 * What a device asks of the gateway, in the order in which the application asked, with one REGISTER, one SUBSCRIBE or UNSUBSCRIBE and
 * one PUBLISH of QoS 1 or 2 outstanding (T3, S6, P4).
 */
export class Requests {
  readonly #settings: DeviceSettings;
  readonly #outbox: Outbox;
  readonly #topics: TopicTable;
  #registers: Waiting<RegisterRequest>[] = [];
  #subscribes: Waiting<SubscribeRequest>[] = [];
  #publishes: Waiting<PublishRequest>[] = [];
  #registration: Registration | undefined;
  #subscription: Subscription | undefined;
  #publication: Publication | undefined;
  /** What is subscribed, to be renewed in a clean session. */
  #subscribed: Map<string, SubscribeRequest> | undefined;
  #msgId: number;
  /** No new request before: TWAIT after a refusal for congestion. */
  #heldUntil: Instant | undefined;

  constructor(settings: DeviceSettings, outbox: Outbox, topics: TopicTable, random: Random) {
    this.#settings = settings;
    this.#outbox = outbox;
    this.#topics = topics;
    // A MsgId from before a restart may still be in use at the broker: starting anywhere makes it unlikely to be met.
    this.#msgId = random.integer(0, 0xfffe);
  }

  /** Whether nothing is outstanding, and nothing could be sent now. */
  isIdle(now: Instant): boolean {
    if (this.#registration !== undefined || this.#subscription !== undefined) return false;
    if (this.#publication?.retry !== undefined) return false;
    return this.#isHeld(now) || (this.#publication === undefined && this.#waitingCount() === 0);
  }

  /** When requests that wait for TWAIT may be sent; undefined where none do. */
  get heldUntil(): Instant | undefined {
    return this.#publication !== undefined || this.#waitingCount() > 0 ? this.#heldUntil : undefined;
  }

  get deadline(): Instant {
    return Math.min(
      this.#registration?.retry.due ?? Number.POSITIVE_INFINITY,
      this.#subscription?.retry.due ?? Number.POSITIVE_INFINITY,
      this.#publication?.retry?.due ?? Number.POSITIVE_INFINITY,
      this.#heldUntil ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Takes a request, or tells at once why not. */
  add(request: Request): void {
    const { queuedMax, datagramOctetsMax } = this.#settings;
    if (this.#waitingCount() >= queuedMax) this.#tell(request, "queue full");
    else if (octetsOf(request) > datagramOctetsMax) this.#tell(request, "too long");
    else if (request.type === "register") this.#registers.push({ request, congestions: 0 });
    else if (request.type === "publish") this.#publishes.push({ request, congestions: 0 });
    else this.#subscribes.push({ request, congestions: 0 });
  }

  /** Sends what can be sent; the device is active. */
  advance(now: Instant): void {
    if (this.#isHeld(now)) return;
    this.#heldUntil = undefined;
    this.#startSubscription(now);
    this.#startPublication(now);
    this.#startRegistration(now);
  }

  /** Sends again what is due. False: Nretry are used up, and the gateway is not there any more (R1). */
  repeat(now: Instant): boolean {
    for (const retry of [this.#registration?.retry, this.#subscription?.retry, this.#publication?.retry]) {
      if (retry !== undefined && retry.due <= now && !this.#outbox.repeat(retry, now)) return false;
    }
    return true;
  }

  /** The connection is lost and the device will connect again: what is outstanding waits. */
  suspend(): void {
    if (this.#registration?.waiting !== undefined) this.#registers.unshift(this.#registration.waiting);
    if (this.#subscription !== undefined) this.#subscribes.unshift(this.#subscription.waiting);
    this.#registration = undefined;
    this.#subscription = undefined;
    const publication = this.#publication;
    if (publication === undefined) return;
    publication.retry = undefined;
    // In a clean session the broker may have it or not, and does not know it again: sending it once more could make it twice.
    if (publication.request.qos === 2 && publication.sent && this.#settings.cleanSession) this.#published("no answer");
  }

  /** Everything fails: the connection has ended and will not be made again. */
  abandon(): void {
    const registration = this.#registration;
    const subscription = this.#subscription;
    const publication = this.#publication;
    const waiting = [...this.#registers, ...this.#subscribes, ...this.#publishes];
    this.#registers = [];
    this.#subscribes = [];
    this.#publishes = [];
    this.#registration = undefined;
    this.#subscription = undefined;
    this.#publication = undefined;
    this.#heldUntil = undefined;
    if (registration?.waiting !== undefined) this.#tell(registration.waiting.request, "no answer");
    if (subscription !== undefined) this.#tell(subscription.waiting.request, "no answer");
    if (publication !== undefined) this.#tell(publication.request, publication.sent ? "no answer" : "not connected");
    for (const { request } of waiting) this.#tell(request, "not connected");
  }

  /** The gateway has accepted CONNECT: a message may be registered for once more. */
  connected(): void {
    if (this.#publication !== undefined) this.#publication.registeredAgain = false;
  }

  /** The next gateway is another one. */
  changeGateway(): void {
    const publication = this.#publication;
    // It may give the message another identifier at the broker, so that sending it once more could make it twice.
    if (publication?.request.qos === 2 && publication.sent) this.#published("no answer");
  }

  /** A clean session has begun: the gateway knows neither subscriptions nor topic ids (S11, T10). Ids are registered when next used. */
  renew(): void {
    const renewals = [...(this.#subscribed?.values() ?? [])];
    const asked = this.#subscribes.filter(({ request }) => request.token !== undefined);
    this.#subscribes = [...renewals.map((request) => ({ request, congestions: 0 })), ...asked];
  }

  onRegAck(message: TopicAck, now: Instant): boolean {
    const registration = this.#registration;
    if (registration === undefined || registration.msgId !== message.msgId) return false;
    this.#registration = undefined;
    const { waiting, topicName } = registration;
    const { returnCode, topicId } = message;
    const isBound = returnCode === RETURN_CODE.accepted && isTopicId(topicId) && this.#topics.bind(topicName, topicId);
    if (isBound) {
      if (waiting !== undefined) this.#tell(waiting.request, "accepted");
    } else if (returnCode === RETURN_CODE.congestion) {
      this.#hold(now);
      if (waiting === undefined) this.#delayPublication();
      else if (this.#mayTryAgain(waiting)) this.#registers.unshift(waiting);
      else this.#tell(waiting.request, "refused", returnCode);
    } else {
      // An acceptance without a usable id, or for which there is no room here, is as good as a refusal.
      const code = returnCode === RETURN_CODE.accepted ? RETURN_CODE.notSupported : returnCode;
      if (waiting === undefined) this.#published("refused", code);
      else this.#tell(waiting.request, "refused", code);
    }
    this.advance(now);
    return true;
  }

  onPubAck(message: TopicAck, now: Instant): boolean {
    const { msgId, topicId, returnCode } = message;
    const publication = this.#publication;
    const published = publication?.retry?.message;
    if (published?.type !== "PUBLISH" || published.msgId !== msgId || published.topicId !== topicId) {
      // P2: also a PUBLISH of QoS 0 may be refused; it is gone, but the next one need not be.
      if (msgId === 0 && returnCode === RETURN_CODE.invalidTopicId) this.#topics.forget(topicId);
      if (msgId === 0 && returnCode === RETURN_CODE.congestion) this.#hold(now);
      if (msgId === 0 && returnCode !== RETURN_CODE.accepted) {
        this.#outbox.tell({ type: "publish-refused", topicId, returnCode });
      }
      return msgId === 0;
    }
    if (returnCode === RETURN_CODE.accepted) {
      // P3: for QoS 2 a PUBACK is an answer only when it refuses.
      if (publication!.request.qos !== 1) return false;
      this.#published("accepted");
    } else if (returnCode === RETURN_CODE.congestion) {
      this.#hold(now);
      this.#delayPublication();
    } else if (
      returnCode === RETURN_CODE.invalidTopicId &&
      published.topicIdType === "normal" &&
      !publication!.registeredAgain
    ) {
      this.#topics.forget(topicId);
      publication!.registeredAgain = true;
      publication!.retry = undefined;
      // It gave the id in this session: it has lost the session, and the subscriptions with it.
      if (this.#settings.cleanSession) this.renew();
    } else {
      this.#published("refused", returnCode);
    }
    this.advance(now);
    return true;
  }

  onPubRec({ msgId }: MsgIdOnly, now: Instant): boolean {
    const publication = this.#publication;
    const isOurs = publication?.sent === true && publication.msgId === msgId && publication.request.qos === 2;
    if (isOurs && !publication.received) {
      publication.received = true;
      publication.retry = this.#outbox.request({ type: "PUBREL", msgId }, now);
    } else {
      // Repeated, or left from an exchange that ended here: PUBREL frees the MsgId.
      this.#outbox.send({ type: "PUBREL", msgId });
    }
    return isOurs;
  }

  onPubComp({ msgId }: MsgIdOnly, now: Instant): boolean {
    const publication = this.#publication;
    if (publication?.retry === undefined || !publication.received || publication.msgId !== msgId) return false;
    this.#published("accepted");
    this.advance(now);
    return true;
  }

  onSubAck(message: SubAck, now: Instant): boolean {
    const subscription = this.#subscription;
    if (subscription === undefined || subscription.msgId !== message.msgId) return false;
    const { waiting } = subscription;
    const { request } = waiting;
    if (request.type !== "subscribe") return false;
    this.#subscription = undefined;
    if (message.returnCode === RETURN_CODE.accepted) {
      const { topic } = request;
      if (topic.topicIdType === "normal" && !hasWildcard(topic.topicName) && isTopicId(message.topicId)) {
        this.#topics.bind(topic.topicName, message.topicId);
      }
      this.#subscribed ??= new Map();
      this.#subscribed.set(topicKey(topic), { ...request, token: undefined });
      this.#tell(request, "accepted", message.returnCode, message.qos);
    } else if (message.returnCode === RETURN_CODE.congestion && this.#mayTryAgain(waiting)) {
      this.#hold(now);
      this.#subscribes.unshift(waiting);
    } else {
      this.#tell(request, "refused", message.returnCode);
    }
    this.advance(now);
    return true;
  }

  onUnsubAck({ msgId }: MsgIdOnly, now: Instant): boolean {
    const subscription = this.#subscription;
    if (subscription === undefined || subscription.msgId !== msgId) return false;
    const { request } = subscription.waiting;
    if (request.type !== "unsubscribe") return false;
    this.#subscription = undefined;
    this.#subscribed?.delete(topicKey(request.topic));
    this.#tell(request, "accepted");
    this.advance(now);
    return true;
  }

  #waitingCount(): number {
    return this.#registers.length + this.#subscribes.length + this.#publishes.length;
  }

  #startSubscription(now: Instant): void {
    if (this.#subscription !== undefined) return;
    const waiting = this.#subscribes.shift();
    if (waiting === undefined) return;
    const { type, topic, qos } = waiting.request;
    const msgId = this.#nextMsgId();
    const message =
      type === "subscribe"
        ? ({ type: "SUBSCRIBE", dup: false, qos, msgId, ...topic } as const)
        : ({ type: "UNSUBSCRIBE", msgId, ...topic } as const);
    this.#subscription = { msgId, waiting, retry: this.#outbox.request(message, now) };
  }

  #startPublication(now: Instant): void {
    for (;;) {
      this.#publication ??= publicationOf(this.#publishes.shift());
      const publication = this.#publication;
      if (publication === undefined || publication.retry !== undefined) return;
      if (publication.received) {
        publication.retry = this.#outbox.request({ type: "PUBREL", msgId: publication.msgId }, now);
        return;
      }
      const topicId = this.#topicIdFor(publication.request.topic, now);
      if (topicId === undefined) return;
      if (publication.request.qos === 0) {
        this.#outbox.send(publishMessage(publication, topicId));
        this.#published("accepted");
        continue;
      }
      if (publication.msgId === 0) publication.msgId = this.#nextMsgId();
      publication.retry = this.#outbox.request(publishMessage(publication, topicId), now);
      publication.sent = true;
      return;
    }
  }

  /** undefined: a REGISTER has to be answered first. */
  #topicIdFor(topic: DeviceTopic, now: Instant): number | undefined {
    if (topic.topicIdType !== "normal") return topic.topicId;
    const topicId = this.#topics.id(topic.topicName);
    if (topicId === undefined && this.#registration === undefined) this.#register(topic.topicName, undefined, now);
    return topicId;
  }

  #startRegistration(now: Instant): void {
    while (this.#registration === undefined) {
      const waiting = this.#registers.shift();
      if (waiting === undefined) return;
      const { topicName } = waiting.request;
      if (this.#topics.id(topicName) === undefined) this.#register(topicName, waiting, now);
      else this.#tell(waiting.request, "accepted");
    }
  }

  #register(topicName: string, waiting: Waiting<RegisterRequest> | undefined, now: Instant): void {
    const msgId = this.#nextMsgId();
    const retry = this.#outbox.request({ type: "REGISTER", topicId: 0, msgId, topicName }, now);
    this.#registration = { topicName, msgId, retry, waiting };
  }

  #isHeld(now: Instant): boolean {
    return this.#heldUntil !== undefined && now < this.#heldUntil;
  }

  #hold(now: Instant): void {
    this.#heldUntil = now + this.#settings.tWaitMs;
  }

  #mayTryAgain(waiting: { congestions: number }): boolean {
    waiting.congestions += 1;
    return waiting.congestions <= this.#settings.congestionMax;
  }

  /** The publication in hand was refused for congestion. */
  #delayPublication(): void {
    const publication = this.#publication;
    if (publication === undefined) return;
    publication.retry = undefined;
    if (!this.#mayTryAgain(publication)) this.#published("refused", RETURN_CODE.congestion);
  }

  /** Ends the publication in hand. */
  #published(result: Result, returnCode: number = RETURN_CODE.accepted): void {
    const publication = this.#publication;
    if (publication === undefined) return;
    this.#publication = undefined;
    this.#tell(publication.request, result, returnCode);
  }

  #tell(request: Request, result: Result, returnCode: number = RETURN_CODE.accepted, qos: number = 0): void {
    const { token } = request;
    if (token === undefined) {
      // A subscription that the device renewed by itself. That it could not be is all there is to say.
      if (result === "refused") this.#outbox.tell({ type: "gave-up", message: "SUBSCRIBE" });
      return;
    }
    switch (request.type) {
      case "register":
        this.#outbox.tell({ type: "registered", token, result, returnCode });
        break;
      case "publish":
        this.#outbox.tell({ type: "published", token, result, returnCode });
        break;
      case "subscribe":
        this.#outbox.tell({ type: "subscribed", token, result, returnCode, qos });
        break;
      case "unsubscribe":
        this.#outbox.tell({ type: "unsubscribed", token, result });
        break;
    }
  }

  #nextMsgId(): number {
    do {
      this.#msgId = (this.#msgId % 0xffff) + 1;
    } while (
      this.#msgId === this.#registration?.msgId ||
      this.#msgId === this.#subscription?.msgId ||
      this.#msgId === this.#publication?.msgId
    );
    return this.#msgId;
  }
}
