import type { Message } from "../sn/message.ts";
import type { Instant, Request } from "./contract.ts";
import { Deliveries } from "./deliveries.ts";
import type { Outbox } from "./outbox.ts";
import type { Random } from "./random.ts";
import { Requests } from "./requests.ts";
import type { DeviceSettings } from "./settings.ts";
import { TopicTable } from "./topic-table.ts";
import { Will } from "./will.ts";

/** All that a device and its gateway exchange within a connection, beside what makes, keeps and ends the connection. */
export class Exchanges {
  readonly will: Will;
  readonly #outbox: Outbox;
  readonly #topics: TopicTable;
  readonly #deliveries: Deliveries;
  readonly #requests: Requests;

  constructor(settings: DeviceSettings, outbox: Outbox, random: Random) {
    this.#outbox = outbox;
    this.#topics = new TopicTable(settings.topicsMax);
    this.#deliveries = new Deliveries(settings, outbox, this.#topics);
    this.#requests = new Requests(settings, outbox, this.#topics, random);
    this.will = new Will(settings, outbox);
  }

  /** Whether nothing is outstanding, and nothing could be sent now. */
  isIdle(now: Instant): boolean {
    return this.#deliveries.isIdle && this.will.isIdle && this.#requests.isIdle(now);
  }

  /** When requests that wait for TWAIT may be sent; undefined where none do. */
  get heldUntil(): Instant | undefined {
    return this.#requests.heldUntil;
  }

  get deadline(): Instant {
    return Math.min(this.#deliveries.deadline, this.#requests.deadline, this.will.deadline);
  }

  /** Takes a request, or tells at once why not. */
  add(request: Request): void {
    if (request.type === "update-will-topic" || request.type === "update-will-message") this.will.add(request);
    else this.#requests.add(request);
  }

  /** Sends what can be sent; the device is active. */
  advance(now: Instant): void {
    this.#requests.advance(now);
    this.will.advance(now);
  }

  /** Sends again what is due. False: Nretry are used up, and the gateway is not there any more (R1). */
  repeat(now: Instant): boolean {
    return this.#deliveries.repeat(now) && this.#requests.repeat(now) && this.will.repeat(now);
  }

  /** A session is asked for of which the device believes that it is new. */
  startSession(): void {
    this.#topics.clear();
    this.#deliveries.startSession();
  }

  /** The next gateway is another one than that of the last connection. */
  changeGateway(): void {
    this.startSession();
    this.#requests.changeGateway();
  }

  /** The gateway has accepted CONNECT. `isNew`: it knows neither topic ids nor subscriptions (S11, T10). */
  connected(isNew: boolean): void {
    this.#requests.connected();
    if (isNew) this.#requests.renew();
  }

  /** The device sleeps: what waited for PUBREL waits for the next PUBLISH. */
  sleep(): void {
    this.#deliveries.suspend();
  }

  /** The connection is lost and the device will connect again: what is outstanding waits. */
  suspend(): void {
    this.#deliveries.suspend();
    this.#requests.suspend();
    this.will.suspend();
  }

  /** Everything fails: the connection has ended and will not be made again. */
  abandon(): void {
    this.#deliveries.suspend();
    this.#requests.abandon();
    this.will.abandon();
  }

  /** Whether the message answers something that was outstanding. `isActive`: not awake or falling asleep. */
  onMessage(message: Message, isActive: boolean, now: Instant): boolean {
    switch (message.type) {
      case "REGISTER":
        this.#deliveries.onRegister(message);
        return false;
      case "PUBLISH":
        this.#deliveries.onPublish(message, isActive, now);
        return false;
      case "PUBREL":
        this.#deliveries.onPubRel(message, now);
        return false;
      case "REGACK":
        return this.#requests.onRegAck(message, now);
      case "PUBACK":
        return this.#requests.onPubAck(message, now);
      case "PUBREC":
        return this.#requests.onPubRec(message, now);
      case "PUBCOMP":
        return this.#requests.onPubComp(message, now);
      case "SUBACK":
        return this.#requests.onSubAck(message, now);
      case "UNSUBACK":
        return this.#requests.onUnsubAck(message, now);
      case "WILLTOPICRESP":
      case "WILLMSGRESP":
        return this.will.onAnswer(message.type, message.returnCode, now);
      case "WILLTOPICREQ":
      case "WILLMSGREQ": {
        // The gateway is still at the set-up: the CONNACK that was heard was an older one.
        const answer = this.will.promptAnswer(message.type);
        if (answer !== undefined) this.#outbox.send(answer);
        return false;
      }
      default:
        // Discovery is not for us; CONNACK came twice; what only a client sends means nothing (F7).
        return false;
    }
  }
}
