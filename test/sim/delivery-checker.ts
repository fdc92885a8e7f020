import type { MqttQoS, PublishPacket } from "../../src/gateway/packet.ts";
import type { Routed } from "./simulated-broker.ts";

interface Upstream {
  topic: string;
  qos: number;
  isAccepted: boolean;
  isDisturbed: boolean;
}

interface Downstream {
  clientId: string;
  topic: string;
  /** The QoS at which the client has to get it; undefined where nothing is promised. */
  promisedQos: MqttQoS | undefined;
  /** What its subscription said when it was published. */
  grantedQos: MqttQoS | undefined;
  qos: MqttQoS;
  arrivals: number;
}

/** What was sent, what was acknowledged, and what arrived, at both far ends: every payload is sent once and says what it is. */
export class DeliveryChecker {
  readonly #fail: (violation: string) => void;
  readonly #upstream = new Map<string, Upstream>();
  readonly #downstream = new Map<string, Downstream>();
  /** Messages that the gateway said it gave up. */
  #givenUp = new Set<string>();

  constructor(fail: (violation: string) => void) {
    this.#fail = fail;
  }

  get counts(): { upstream: number; accepted: number; downstream: number; arrived: number } {
    const downstream = [...this.#downstream.values()];
    const upstream = [...this.#upstream.values()];
    return {
      upstream: upstream.length,
      accepted: upstream.filter(({ isAccepted }) => isAccepted).length,
      downstream: downstream.length,
      arrived: downstream.filter(({ arrivals }) => arrivals > 0).length,
    };
  }

  published(payload: string, topic: string, qos: number): void {
    this.#upstream.set(payload, { topic, qos, isAccepted: false, isDisturbed: false });
  }

  /** The device was told that its message is accepted: it has to be at the broker. */
  accepted(payload: string, routed: readonly Routed[]): void {
    const message = this.#upstream.get(payload)!;
    message.isAccepted = true;
    if (message.qos > 0 && !routed.some((one) => one.payload === payload)) {
      this.#fail(`P9: ${payload} was acknowledged to the device, and is not at the broker`);
    }
  }

  /**
   * The clean session in which this was under way has ended, so that the broker would not know the message again: the device gave it up, and
   * a copy may still be on its way; or a copy of an old CONNECT reached the gateway, which cannot tell it from a device that starts anew.
   */
  disturbed(payload: string): void {
    this.#upstream.get(payload)!.isDisturbed = true;
  }

  isDisturbed(payload: string): boolean {
    return this.#upstream.get(payload)!.isDisturbed;
  }

  sentDown(
    payload: string,
    message: Pick<Downstream, "clientId" | "topic" | "qos" | "grantedQos" | "promisedQos">,
  ): void {
    this.#downstream.set(payload, { ...message, arrivals: 0 });
  }

  /** A device got a message. */
  arrived(clientId: string, payload: string, topic: string | undefined): void {
    const message = this.#downstream.get(payload);
    if (message === undefined) {
      this.#fail(`${clientId} got ${payload}, which nobody sent`);
      return;
    }
    if (message.clientId !== clientId) this.#fail(`${clientId} got ${payload}, which is for ${message.clientId}`);
    if (topic !== undefined && topic !== message.topic) {
      this.#fail(`I2: ${payload}, sent to ${message.topic}, came under the name ${topic}`);
    }
    message.arrivals += 1;
    const { qos, grantedQos } = message;
    if (qos === 2 && grantedQos === 2 && message.arrivals > 1)
      this.#fail(`QoS 2: ${payload} came to ${clientId} twice`);
  }

  /** The broker was told that the client has it. */
  acknowledgedToBroker(clientId: string, packet: PublishPacket): void {
    const payload = Buffer.from(packet.payload).toString();
    const message = this.#downstream.get(payload);
    if (message === undefined || message.arrivals > 0) return;
    if (!this.#givenUp.has(`${clientId} ${packet.topic}`)) {
      this.#fail(`${payload} was acknowledged to the broker, and ${clientId} has not got it`);
    }
  }

  /** The gateway noted that it gave a message up. */
  gaveUp(clientId: string, topic: string): void {
    this.#givenUp.add(`${clientId} ${topic}`);
  }

  /** At the end: what is promised has arrived, and QoS 2 once. */
  finish(routed: readonly Routed[]): void {
    const counts = new Map<string, number>();
    for (const { payload } of routed) counts.set(payload, (counts.get(payload) ?? 0) + 1);
    for (const { payload, topic } of routed) {
      const message = this.#upstream.get(payload);
      if (message !== undefined && message.topic !== topic) {
        this.#fail(`I2: ${payload}, published to ${message.topic}, reached the broker under ${topic}`);
      }
    }
    for (const [payload, { qos, isAccepted, isDisturbed }] of this.#upstream) {
      const count = counts.get(payload) ?? 0;
      if (qos > 0 && isAccepted && count === 0) this.#fail(`${payload} was accepted and is not at the broker`);
      if (qos === 2 && count > 1 && !isDisturbed) this.#fail(`QoS 2: ${payload} is at the broker ${count} times`);
    }
    for (const [payload, { clientId, promisedQos, arrivals, topic }] of this.#downstream) {
      if (promisedQos === undefined || promisedQos === 0 || arrivals > 0) continue;
      if (!this.#givenUp.has(`${clientId} ${topic}`)) {
        this.#fail(`QoS ${promisedQos}: ${payload} never came to ${clientId}, whose session was there all the time`);
      }
    }
  }
}
