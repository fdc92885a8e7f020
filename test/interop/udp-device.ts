import { createSocket, type Socket } from "node:dgram";
import { isDeepStrictEqual } from "node:util";
import { expect, onTestFinished, vi } from "vitest";
import type { HostPort } from "../../src/app/configuration/host-port.ts";
import type {
  DeviceEvent,
  DeviceQoS,
  DeviceTopic,
  Outcome,
  Request,
  WillRequest,
  WillTopicFields,
} from "../../src/device/contract.ts";
import { Device } from "../../src/device/device.ts";
import { DEFAULT_DEVICE_SETTINGS, type DeviceSettings } from "../../src/device/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import type { Publish } from "../../src/sn/message.ts";
import type { AtEnd } from "../process/gateway-process.ts";
import type { Received } from "./received.ts";

const BOUND_MS = 20_000;

/** It does not give up before the test does. */
const PATIENT = { tRetryMs: 1000, nRetry: 20 } as const;

/** The longest that a timer of Node can wait; a device without a deadline waits for ever. */
const TIMER_MS_MAX = 2 ** 31 - 1;

type OutcomeOf<T extends Outcome["type"]> = Outcome & { type: T };

/**
 * A device of `src/device` on a UDP socket. Other than the devices of the commands it can be told when to wake up, it notices what
 * is sent to it while its radio should be off, and it can vanish. Its socket is closed with the test, or where it was told.
 */
export class UdpDevice {
  /** Messages for the application, in the order of their arrival. Of a predefined id the topic is its number. */
  readonly received: Received[] = [];
  /** The types of messages that came while it was asleep. */
  readonly heardAsleep: string[] = [];
  /** The types of all messages that came. */
  readonly heard: string[] = [];
  readonly #outcomes: Outcome[] = [];
  readonly #device: Device;
  readonly #socket: Socket;
  readonly #gateway: HostPort;
  /** The highest that it can be granted. */
  readonly #maxQos: DeviceQoS;
  #timer: NodeJS.Timeout | undefined;
  /** The PUBLISH that came last, and whether it was the one before it once more. */
  #lastPublish: Publish | undefined;
  #isAgain = false;
  #isGone = false;
  #token = 0;

  /** `settings` differ from the defaults in this: a device repeats after a second, so that a test need not wait long, and goes on for long. */
  constructor(
    gateway: HostPort,
    clientId: string,
    settings: Partial<DeviceSettings> = {},
    atEnd: AtEnd = onTestFinished,
    maxQos: DeviceQoS = 2,
  ) {
    this.#maxQos = maxQos;
    this.#device = new Device({ ...DEFAULT_DEVICE_SETTINGS, ...PATIENT, ...settings, clientId }, 1);
    this.#gateway = gateway;
    this.#socket = createSocket(gateway.host.includes(":") ? "udp6" : "udp4");
    this.#socket.on("message", (data) => {
      const message = decode(data);
      const { type } = message;
      this.heard.push(type);
      if (this.#device.state === "asleep") this.heardAsleep.push(type);
      if (type === "PUBLISH") this.#sees(message);
      this.#handle({ type: "datagram", data });
    });
    atEnd(() => this.vanish());
  }

  /** Resolves when the gateway has accepted; from sleep this makes it active again. */
  async connect(): Promise<void> {
    await this.#after("connected", () => this.#handle({ type: "connect" }));
  }

  /** Asks for a connection, and resolves with the return code of the refusal. */
  async isRefused(): Promise<number> {
    const { returnCode } = await this.#after("refused", () => this.#handle({ type: "connect" }));
    return returnCode;
  }

  async disconnect(): Promise<void> {
    await this.#after("disconnected", () => this.#handle({ type: "disconnect" }));
  }

  /** Resolves when the gateway has acknowledged; at QoS 0 when the message is sent. */
  async publish(topic: string | DeviceTopic, data: string, qos: DeviceQoS = 0, retain = false): Promise<void> {
    expect((await this.tryPublish(topic, data, qos, retain)).result).toBe("accepted");
  }

  /** Publishes, and resolves with what became of it. */
  tryPublish(
    topic: string | DeviceTopic,
    data: string,
    qos: DeviceQoS = 0,
    retain = false,
  ): Promise<OutcomeOf<"published">> {
    const octets = Buffer.from(data, "latin1");
    const token = this.#nextToken();
    return this.#request("published", { type: "publish", token, topic: topicOf(topic), qos, retain, data: octets });
  }

  /** Publishes at QoS -1. */
  publishUnconnected(topic: DeviceTopic, data: string): void {
    this.#handle({ type: "publish-unconnected", topic, retain: false, data: Buffer.from(data, "latin1") });
  }

  /** Resolves when the gateway has granted as much as there is. */
  async subscribe(topic: string | DeviceTopic, qos: DeviceQoS = 2): Promise<void> {
    const granted = Math.min(qos, this.#maxQos);
    expect(await this.trySubscribe(topic, qos)).toMatchObject({ result: "accepted", qos: granted });
  }

  /** Subscribes, and resolves with what became of it. */
  trySubscribe(topic: string | DeviceTopic, qos: DeviceQoS = 2): Promise<OutcomeOf<"subscribed">> {
    return this.#request("subscribed", { type: "subscribe", token: this.#nextToken(), topic: topicOf(topic), qos });
  }

  async unsubscribe(topic: string | DeviceTopic): Promise<void> {
    const token = this.#nextToken();
    await this.#request("unsubscribed", { type: "unsubscribe", token, topic: topicOf(topic), qos: 0 });
  }

  /** Changes topic, QoS and Retain of its will, or deletes it. Resolves when the gateway has accepted. */
  async updateWillTopic(topic: WillTopicFields | undefined): Promise<void> {
    await this.#updateWill({ type: "update-will-topic", token: this.#nextToken(), topic });
  }

  /** Changes the message of its will. Resolves when the gateway has accepted. */
  async updateWillMessage(data: string): Promise<void> {
    const willMsg = Buffer.from(data, "latin1");
    await this.#updateWill({ type: "update-will-message", token: this.#nextToken(), willMsg });
  }

  /** Resolves when the gateway has acknowledged that the device sleeps. */
  async sleep(durationSeconds: number): Promise<void> {
    await this.#after("asleep", () =>
      this.#handle({ type: "sleep", duration: durationSeconds, wakeEveryMs: undefined }),
    );
  }

  /** Wakes up, and resolves at once with PINGRESP: what has been received by then came before it. */
  async wake(): Promise<void> {
    const { answered } = await this.#after("awake-ended", () => this.#handle({ type: "wake" }));
    expect(answered).toBe(true);
  }

  /** Wakes up until exactly these have arrived: what the broker holds back, or is on its way, need not be there the first time. */
  async wakesUntilReceived(...expected: Received[]): Promise<void> {
    await vi.waitFor(
      async () => {
        await this.wake();
        expect(this.received).toEqual(expected);
      },
      { timeout: BOUND_MS, interval: 50 },
    );
  }

  /** Resolves when exactly these have arrived, in this order. */
  async receives(...expected: Received[]): Promise<void> {
    await vi.waitFor(() => expect(this.received).toEqual(expected), { timeout: BOUND_MS, interval: 5 });
  }

  /** Resolves when the gateway has said DISCONNECT on its own account. */
  async isDisconnectedByGateway(): Promise<void> {
    await this.#first("disconnected", ({ reason }) => reason === "gateway", 0);
  }

  /** Is not there any more, without a word. */
  vanish(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #handle(event: DeviceEvent): void {
    if (this.#isGone) return;
    for (const effect of this.#device.handle(event, performance.now())) {
      if (effect.type === "send") this.#socket.send(effect.data, this.#gateway.port, this.#gateway.host);
      else this.#onOutcome(effect);
    }
    clearTimeout(this.#timer);
    const waitMs = Math.ceil(this.#device.deadline - performance.now());
    if (waitMs < TIMER_MS_MAX) this.#timer = setTimeout(() => this.#handle({ type: "deadline" }), Math.max(0, waitMs));
  }

  /** On a busy machine an acknowledgement may be late, and at QoS 1 the message comes once more: that is no other one. */
  #sees(message: Publish): void {
    const last = this.#lastPublish;
    const again = message.qos === 1 && message.dup && last !== undefined;
    this.#isAgain = again && isDeepStrictEqual({ ...message, dup: false }, { ...last, dup: false });
    this.#lastPublish = message;
  }

  #onOutcome(outcome: Outcome): void {
    this.#outcomes.push(outcome);
    if (outcome.type !== "message" || this.#isAgain) return;
    const { topicName: topic = String(outcome.topicId), data, qos, retain } = outcome;
    this.received.push({ topic, data: Buffer.from(data).toString("latin1"), qos, retain });
  }

  #nextToken(): number {
    this.#token += 1;
    return this.#token;
  }

  async #updateWill(request: WillRequest): Promise<void> {
    const outcome = await this.#request("will-updated", request);
    expect(outcome.result).toBe("accepted");
  }

  #request<T extends "published" | "subscribed" | "unsubscribed" | "will-updated">(
    type: T,
    request: Request,
  ): Promise<OutcomeOf<T>> {
    const start = this.#outcomes.length;
    this.#handle(request);
    return this.#first(type, (outcome) => "token" in outcome && outcome.token === request.token, start);
  }

  #after<T extends Outcome["type"]>(type: T, act: () => void): Promise<OutcomeOf<T>> {
    const start = this.#outcomes.length;
    act();
    return this.#first(type, () => true, start);
  }

  /** The first outcome of this type, from number `start` on, as soon as it is there. */
  #first<T extends Outcome["type"]>(
    type: T,
    isMeant: (outcome: OutcomeOf<T>) => boolean,
    start: number,
  ): Promise<OutcomeOf<T>> {
    return vi.waitFor(
      () => {
        const outcomes = this.#outcomes.slice(start);
        const found = outcomes.find(
          (each): each is OutcomeOf<T> => each.type === type && isMeant(each as OutcomeOf<T>),
        );
        if (found === undefined) throw new Error(`no ${type} among ${JSON.stringify(outcomes)}`);
        return found;
      },
      { timeout: BOUND_MS, interval: 5 },
    );
  }
}

function topicOf(topic: string | DeviceTopic): DeviceTopic {
  return typeof topic === "string" ? { topicIdType: "normal", topicName: topic } : topic;
}
