import type { Instant } from "../../../src/gateway/contract.ts";
import type { MqttQoS, PublishPacket } from "../../../src/gateway/packet.ts";
import type { BrokerHabits } from "../broker-habits.ts";
import type { Routed } from "../simulated-broker.ts";
import type { Fail } from "./fail.ts";

interface Upstream {
  readonly clientId: string;
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  isAccepted: boolean;
  /** When the device was told. */
  acceptedAt: Instant;
  /** The broker's connection for this client in which the gateway got it first, counted. */
  connection: number | undefined;
  /** A copy of it is a new message to anybody, or its MsgId stands for another one at the broker. */
  isExempt: boolean;
  /** Its number was forgotten, by the broker before it was released, or with the gateway: a copy is a new message. */
  mayRepeat: boolean;
  hasCrossedCrash: boolean;
}

interface Downstream {
  readonly clientId: string;
  readonly topic: string;
  readonly retain: boolean;
  /** The QoS at which the client has to get it; undefined where nothing is promised. */
  readonly promisedQos: MqttQoS | undefined;
  /** How often the broker sends it: once, and once more for each SUBSCRIBE that a retained message answers. */
  copies: number;
  /** At which QoS it may come more often than that. */
  qos: MqttQoS;
  arrivals: number;
  /** In the present life of the device. */
  arrivalsInLife: number;
  life: number;
}

export interface Counts {
  upstream: number;
  accepted: number;
  downstream: number;
  arrived: number;
}

/** What was sent, what was acknowledged, and what arrived, at both far ends: every payload is sent once and says what it is. */
export class DeliveryChecker {
  readonly #habits: BrokerHabits;
  readonly #fail: Fail;
  readonly #upstream = new Map<string, Upstream>();
  readonly #downstream = new Map<string, Downstream>();
  /** How often the gateway said that it gave a message of QoS 1 or 2 up, by client and topic, for which none has been missed. */
  readonly #givenUp = new Map<string, number>();
  /** Payloads that the broker does not want. */
  readonly #refused = new Set<string>();
  /** Payloads that a gateway alone has. */
  readonly #entrusted = new Set<string>();
  /** Payloads that were given up: that they do not arrive is explained. */
  readonly #missed = new Set<string>();

  constructor(habits: BrokerHabits, fail: Fail) {
    this.#habits = habits;
    this.#fail = fail;
  }

  get counts(): Counts {
    const downstream = [...this.#downstream.values()];
    const upstream = [...this.#upstream.values()];
    return {
      upstream: upstream.length,
      accepted: upstream.filter(({ isAccepted }) => isAccepted).length,
      downstream: downstream.length,
      arrived: downstream.filter(({ arrivals }) => arrivals > 0).length,
    };
  }

  // --- From devices

  published(payload: string, message: Pick<Upstream, "clientId" | "topic" | "qos" | "retain">): void {
    this.#upstream.set(payload, {
      ...message,
      isAccepted: false,
      acceptedAt: Number.NEGATIVE_INFINITY,
      connection: undefined,
      isExempt: false,
      mayRepeat: false,
      hasCrossedCrash: false,
    });
  }

  topicOf(payload: string): string | undefined {
    return this.#upstream.get(payload)?.topic;
  }

  /** The device was told that its message is accepted: it has to be at the broker. */
  accepted(payload: string, routed: readonly Routed[], now: Instant): void {
    const message = this.#upstream.get(payload)!;
    message.isAccepted = true;
    message.acceptedAt = now;
    if (message.qos === 0 || message.isExempt) return;
    if (!routed.some((one) => one.payload === payload)) {
      this.#fail(`P9: ${payload} was acknowledged to the device, and is not at the broker`);
    }
  }

  /**
   * The gateway gets a PUBLISH with this payload, while the client has its `connection`th connection to the broker. A clean session ends
   * with its connection: what comes in two of them was sent once, and a copy was under way for so long that its message is a new one
   * to the gateway and to the broker.
   */
  reached(payload: string, connection: number, isClean: boolean): void {
    const message = this.#upstream.get(payload);
    if (message === undefined) return;
    message.connection ??= connection;
    if (isClean && message.connection !== connection) message.isExempt = true;
  }

  /** It is not to be told from something else, for a reason that the caller knows. */
  exempt(payload: string): void {
    const message = this.#upstream.get(payload);
    if (message !== undefined) message.isExempt = true;
  }

  /** The broker has forgotten that it has had this QoS 2 message, which is not released. */
  forgotten(payload: string): void {
    const message = this.#upstream.get(payload);
    if (message !== undefined) message.mayRepeat = true;
  }

  /** The gateway has crashed: a topic id that it had given a moment before is unknown to it now. */
  crossedCrash(payload: string): void {
    const message = this.#upstream.get(payload);
    if (message !== undefined) message.hasCrossedCrash = true;
  }

  /**
   * The gateway of these clients ends. What it has completed at QoS 2 `since`, as long ago as a datagram lives, it does not know in its
   * next life, for nothing is written for each message: a copy of its PUBLISH that is on its way now is a new message. And what it has
   * carried with less than QoS 2 and not completed nobody knows but it. `goesOn`: the gateway stays, and they go to another one.
   */
  gatewayEnds(clientIds: ReadonlySet<string>, since: Instant, goesOn = false): void {
    const carries = this.#habits.maxQos < 2;
    for (const message of this.#upstream.values()) {
      if (message.qos !== 2 || !clientIds.has(message.clientId)) continue;
      if (message.acceptedAt >= since && (!goesOn || carries)) message.mayRepeat = true;
      if (carries && !message.isAccepted) message.mayRepeat = true;
    }
  }

  /** A connection of this client has ended whose QoS 2 messages are carried with less: one that is not completed may be there. */
  connectionEnds(clientId: string): void {
    for (const message of this.#upstream.values()) {
      if (message.qos === 2 && message.clientId === clientId && !message.isAccepted) message.mayRepeat = true;
    }
  }

  /** The broker has refused it. */
  refused(payload: string): void {
    this.#refused.add(payload);
  }

  isRefused(payload: string): boolean {
    return this.#refused.has(payload);
  }

  hasCrossedCrash(payload: string): boolean {
    return this.#upstream.get(payload)?.hasCrossedCrash === true;
  }

  isExempt(payload: string): boolean {
    return this.#upstream.get(payload)?.isExempt === true;
  }

  // --- To devices

  sentDown(payload: string, message: Pick<Downstream, "clientId" | "topic" | "retain" | "promisedQos">): void {
    const fresh = { copies: 1, qos: 2 as const, arrivals: 0, arrivalsInLife: 0, life: 0 };
    this.#downstream.set(payload, { ...message, ...fresh });
  }

  /** The broker sends it to the client at this QoS; `isCopy` where it does so for one SUBSCRIBE more. */
  sentByBroker(payload: string, qos: MqttQoS, isCopy: boolean): void {
    const message = this.#downstream.get(payload);
    if (message === undefined) return;
    if (isCopy) message.copies += 1;
    if (qos < message.qos) message.qos = qos;
  }

  /** The gateway sends it to a client. Its topic. */
  sent(clientId: string, payload: string, retain: boolean): string {
    const message = this.#downstream.get(payload);
    if (message === undefined) this.#fail(`${payload} goes to ${clientId}, and nobody sent it`);
    if (message.clientId !== clientId) this.#fail(`${payload} goes to ${clientId}, and is for ${message.clientId}`);
    if (retain && !message.retain) this.#fail(`G8: ${payload} goes to ${clientId} as a retained message`);
    return message.topic;
  }

  /** A device got a message, in its `life`th life. `isStray`: it was under way since before the device's present connection. */
  arrived(clientId: string, payload: string, topic: string | undefined, life: number, isStray: boolean): void {
    const message = this.#downstream.get(payload);
    if (message === undefined) this.#fail(`${clientId} got ${payload}, which nobody sent`);
    if (message.clientId !== clientId) this.#fail(`${clientId} got ${payload}, which is for ${message.clientId}`);
    if (topic !== undefined && topic !== message.topic) {
      this.#fail(`I2: ${payload}, sent to ${message.topic}, came under the name ${topic}`);
    }
    message.arrivals += 1;
    // In a clean session nothing tells a stray first PUBLISH from a new message.
    if (isStray) return;
    if (message.life !== life) message.arrivalsInLife = 0;
    message.life = life;
    message.arrivalsInLife += 1;
    if (message.qos === 2 && message.arrivalsInLife > message.copies) {
      this.#fail(
        `QoS 2: ${payload} came to ${clientId} ${message.arrivalsInLife} times, and was sent ${message.copies}`,
      );
    }
  }

  /** The broker was told that the client has it. */
  acknowledgedToBroker(clientId: string, packet: PublishPacket): void {
    const payload = Buffer.from(packet.payload).toString();
    const message = this.#downstream.get(payload);
    if (message === undefined || message.arrivals > 0 || this.#missed.has(payload)) return;
    if (!this.#isExplained(clientId, packet.topic, payload)) {
      this.#fail(`${payload} was acknowledged to the broker, and ${clientId} has not got it`);
    }
  }

  /** That it does not arrive is explained, by a reason that the caller knows. */
  missed(payload: string): void {
    this.#missed.add(payload);
  }

  /** The broker has forgotten it, and a gateway has it, as it were, in hand: there is no other copy. */
  entrusted(payload: string): void {
    this.#entrusted.add(payload);
  }

  /** A gateway has it no more: where the broker has forgotten it, nobody has. */
  lost(payload: string): void {
    if (this.#entrusted.has(payload)) this.#missed.add(payload);
  }

  /** The gateway said that it gave a message up. */
  gaveUp(clientId: string, topic: string): void {
    const key = `${clientId} ${topic}`;
    this.#givenUp.set(key, (this.#givenUp.get(key) ?? 0) + 1);
  }

  hasArrived(payload: string): boolean {
    return this.#downstream.get(payload)!.arrivals > 0 || this.#missed.has(payload);
  }

  // --- At the end

  /** What is promised has arrived, QoS 2 once, and everything under its own name. */
  finish(routed: readonly Routed[]): void {
    const counts = new Map<string, number>();
    for (const { payload, topic, retain } of routed) {
      counts.set(payload, (counts.get(payload) ?? 0) + 1);
      const message = this.#upstream.get(payload);
      if (message === undefined) continue;
      if (message.topic !== topic && !message.isExempt) {
        this.#fail(`I2: ${payload}, published to ${message.topic}, reached the broker under ${topic}`);
      }
      if ((message.retain && this.#habits.retains) !== retain)
        this.#fail(`P8: ${payload} reached the broker with retain ${retain}`);
    }
    for (const [payload, { qos, isAccepted, isExempt, mayRepeat }] of this.#upstream) {
      const count = counts.get(payload) ?? 0;
      if (qos > 0 && isAccepted && count === 0 && !isExempt)
        this.#fail(`${payload} was accepted and is not at the broker`);
      if (qos === 2 && count > 1 && !isExempt && !mayRepeat)
        this.#fail(`QoS 2: ${payload} is at the broker ${count} times`);
    }
    for (const [payload, { clientId, promisedQos, arrivals, topic }] of this.#downstream) {
      if (promisedQos === undefined || promisedQos === 0 || arrivals > 0 || this.#missed.has(payload)) continue;
      if (!this.#isExplained(clientId, topic, payload)) {
        this.#fail(`QoS ${promisedQos}: ${payload} never came to ${clientId}, whose session was there all the time`);
      }
    }
  }

  /** Whether the gateway said once more that it gave a message of this topic up than messages of it are missed. */
  #isExplained(clientId: string, topic: string, payload: string): boolean {
    const key = `${clientId} ${topic}`;
    const count = this.#givenUp.get(key) ?? 0;
    if (count === 0) return false;
    this.#givenUp.set(key, count - 1);
    this.#missed.add(payload);
    return true;
  }
}
