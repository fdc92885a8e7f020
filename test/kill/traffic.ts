import type { Result } from "../../src/device/contract.ts";
import type { Random } from "../../src/device/random.ts";
import type { DevicePlan } from "./device-plan.ts";
import type { KillDevice } from "./kill-device.ts";
import type { KillFarEnd } from "./kill-far-end.ts";
import { downTopic, grantedQos, SHARED_DOWN, upTopic } from "./kill-topics.ts";
import { type AnsweredQoS, MessageLedger } from "./message-ledger.ts";
import type { RunLog } from "./run-log.ts";

/** Messages on their way to one device: the broker keeps no more than a thousand. */
const OPEN_MAX = 30;

/** Topics of one device and direction: new ones come as long as it goes on. */
const TOPICS_MAX = 300;

/** The longest pause of a device between two messages. */
const PAUSE_MS_MAX = 40;

/** The id under which the far end receives. */
const FAR_END = "far end";

/** Messages both ways, and what becomes of them. A message is its topic and a number. */
export class Traffic {
  readonly ledger = new MessageLedger();
  readonly #random: Random;
  readonly #log: RunLog;
  readonly #durable: readonly string[];
  /** Between two messages of the far end, about. */
  readonly #pauseMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  #farEnd: KillFarEnd | undefined;
  #sequence = 0;
  #isFlowing = true;

  /** `pauseMs` is about how long the far end waits between two messages. */
  constructor(plans: readonly DevicePlan[], pauseMs: number, random: Random, log: RunLog) {
    this.#durable = plans.filter(({ cleanSession }) => !cleanSession).map(({ clientId }) => clientId);
    this.#pauseMs = pauseMs;
    this.#random = random;
    this.#log = log;
  }

  start(farEnd: KillFarEnd, devices: readonly KillDevice[]): void {
    this.#farEnd = farEnd;
    for (const device of devices) if (device.plan.isReporter) this.#publishUp(device);
    this.#publishDown();
  }

  /** No new messages. */
  stop(): void {
    this.#isFlowing = false;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** A message has come to the far end. */
  arriveUp(topic: string, payload: string, qos: number): void {
    this.#log.says(`${FAR_END} <- ${payload} QoS ${qos}`);
    if (!payload.startsWith(`${topic} `)) this.#log.wrong(`${FAR_END} got ${payload} as of ${topic}`);
    this.#arrive(payload, FAR_END, qos);
  }

  /** A message has come to a device. */
  arriveDown(topic: string, payload: string, qos: number, clientId: string): void {
    if (!payload.startsWith(`${topic} `)) this.#log.wrong(`${clientId} got ${payload} as of ${topic}`);
    this.#arrive(payload, clientId, qos);
  }

  /** A device knows what has become of its message, and sends the next one. */
  published(device: KillDevice, payload: string, result: Result): void {
    const { clientId, cleanSession } = device.plan;
    this.#log.says(`${clientId}: ${payload} ${result}`);
    this.ledger.answer(payload, result === "accepted");
    // A clean session that is lost in the middle of an exchange leaves open what became of it. And a device whose topic id was unknown twice,
    // for the gateway was killed twice before it had written it down, does not register a third time.
    const mayBe = result === "accepted" || result === "refused" || cleanSession;
    if (!mayBe) this.#log.wrong(`${clientId}: ${payload}: ${result}`);
    this.#later(this.#random.integer(0, PAUSE_MS_MAX), () => this.#publishUp(device));
  }

  /** The far end publishes one more message, for these devices. */
  send(topic: string, qos: AnsweredQoS, receivers: readonly string[]): void {
    const payload = this.#payload(topic);
    this.ledger.send(payload, "down", grantedQos(topic, qos), receivers);
    this.#farEnd?.publish(topic, payload, qos, (isAccepted) => {
      this.#log.says(`${FAR_END} -> ${payload} QoS ${qos} ${isAccepted ? "accepted" : "not accepted"}`);
      this.ledger.answer(payload, isAccepted);
    });
  }

  /** The next message of a device; each has one that is not answered. */
  #publishUp(device: KillDevice): void {
    if (!this.#isFlowing) return;
    if (!device.maySpeak) {
      this.#later(PAUSE_MS_MAX, () => this.#publishUp(device));
      return;
    }
    const topic = upTopic(device.plan.clientId, this.#topicNumber());
    const qos = this.#drawQoS();
    const payload = this.#payload(topic.name);
    this.ledger.send(payload, "up", qos, [FAR_END]);
    device.publish(topic.asDevice, qos, payload);
  }

  /** The next message to a device, or to all, and then the next one. */
  #publishDown(): void {
    if (!this.#isFlowing) return;
    this.#later(2 * this.#pauseMs * this.#random.next(), () => this.#publishDown());
    if (this.#farEnd?.isConnected !== true) return;
    const isShared = this.#random.next() < 0.1;
    const one = this.#durable[this.#random.integer(0, this.#durable.length - 1)]!;
    const receivers = isShared ? this.#durable : [one];
    if (receivers.some((receiver) => this.ledger.openAt(receiver) >= OPEN_MAX)) return;
    const topic = isShared
      ? SHARED_DOWN[this.#random.integer(0, SHARED_DOWN.length - 1)]!.name
      : downTopic(one, this.#topicNumber());
    this.send(topic, this.#drawQoS(), receivers);
  }

  #arrive(payload: string, receiver: string, qos: number): void {
    const wrong = this.ledger.arrive(payload, receiver, qos);
    if (wrong !== undefined) this.#log.wrong(wrong);
  }

  /** New topics come up all the time, and old ones again. */
  #topicNumber(): number {
    return this.#random.integer(0, Math.min(TOPICS_MAX, 5 + Math.floor(this.#sequence / 50)));
  }

  #drawQoS(): AnsweredQoS {
    return this.#random.next() < 0.5 ? 1 : 2;
  }

  #payload(topic: string): string {
    this.#sequence += 1;
    return `${topic} ${this.#sequence}`;
  }

  #later(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }
}
