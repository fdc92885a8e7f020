import type { DeviceEffect, DeviceQoS, DeviceTopic, Instant, Outcome } from "../../src/device/contract.ts";
import { Device } from "../../src/device/device.ts";
import type { Random } from "../../src/device/random.ts";
import { DEFAULT_DEVICE_SETTINGS, type DeviceSettings } from "../../src/device/settings.ts";
import { sleepDurationFor } from "../../src/device/sleep-duration.ts";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import type { Fail } from "./checkers/fail.ts";
import { ClientTopics } from "./client-topics.ts";
import { Asymcute } from "./models/asymcute.ts";
import type { DeviceEnd } from "./models/device-end.ts";
import { Emcute } from "./models/emcute.ts";
import type { ModelName } from "./models/model-name.ts";
import { MqttSnTools } from "./models/mqtt-sn-tools.ts";
import type { Quirks } from "./models/quirks.ts";
import { QuirkyDevice } from "./models/quirky-device.ts";
import { TRAITS, type Traits } from "./models/traits.ts";
import { Zephyr } from "./models/zephyr.ts";
import type { Place } from "./place.ts";
import type { SimOptions } from "./sim-options.ts";

/** A device without power. */
const SWITCHED_OFF: DeviceEnd = {
  state: "disconnected",
  gateway: undefined,
  deadline: Number.POSITIVE_INFINITY,
  handle: () => [],
};

/** No device sleeps for longer at a time. */
export const LONGEST_SLEEP_MS = 60_000;

/** A PUBLISH that has come to a device. */
export interface Heard {
  readonly payload: string;
  readonly sentAt: Instant;
}

/** One simulated device with an application that publishes, subscribes and sleeps as the seed wants. */
export class SimulatedClient {
  readonly clientId: string;
  readonly traits: Traits;
  readonly isDurable: boolean;
  readonly topics: ClientTopics;
  /** Payloads that have no outcome, by token. */
  readonly open = new Map<number, string>();
  /** What it has heard last under each MsgId of the gateway. */
  readonly heard = new Map<number, Heard>();
  device: DeviceEnd;
  place: Place;
  /** The device has lost its state, or gone to another gateway, so often. */
  life = 0;
  /** The gateway that it is to speak with. */
  home: string;
  /** It has disconnected, and is to stay so for a while. */
  isAway = false;
  /** When the present connection was made, other than by waking up. */
  connectedAt: Instant = 0;
  #isConnected = false;
  /** The gateway of its last connection. */
  #lastGateway: string | undefined;
  /** The gateway that neither hears it nor is heard. */
  #outOfRange: string | undefined;
  readonly #model: ModelName;
  readonly #settings: DeviceSettings;
  readonly #random: Random;
  readonly #fail: Fail;
  readonly #sleep: { duration: number; wakeEveryMs: number } | undefined;
  #token = 0;
  /** The updates that are of a will message. */
  readonly #willMessages = new Set<number>();
  /** QoS 2 messages that the device has sent, by MsgId, as long as it was not told that they are accepted. */
  readonly #unfinished = new Map<number, string>();

  constructor(index: number, place: Place, home: string, options: SimOptions, random: Random, fail: Fail) {
    this.clientId = `d${index}`;
    this.place = place;
    this.home = home;
    this.#model = options.models[index]!;
    this.traits = TRAITS[this.#model];
    this.#random = random;
    this.#fail = fail;
    this.isDurable = random.next() < options.durable && this.traits.durable;
    this.topics = new ClientTopics(this.clientId, index, this.traits, random);
    const hasWill = random.next() < options.wills && this.traits.wills;
    this.#settings = {
      ...DEFAULT_DEVICE_SETTINGS,
      clientId: this.clientId,
      cleanSession: !this.isDurable,
      duration: random.next() < 0.2 && isQuiet(options) ? 0 : random.integer(5, 120),
      will: hasWill
        ? { willTopic: `will/${this.clientId}`, willMsg: Buffer.from("gone"), qos: 1, retain: false }
        : undefined,
      reconnect: true,
      reconnectMaxMs: 10_000,
      tRetryMs: options.tRetryMs,
      nRetry: options.nRetry,
      tWaitMs: 5000,
      congestionMax: 1000,
      queuedMax: 10_000,
    };
    if (random.next() < options.sleeping && this.traits.sleeps) {
      const wakeEveryMs = random.integer(1000, random.next() < 0.5 ? 8000 : LONGEST_SLEEP_MS);
      this.#sleep = { duration: sleepDurationFor(wakeEveryMs, this.#settings), wakeEveryMs };
    }
    this.device = this.#newDevice(false);
  }

  /** Whether the device is as its application wants it. */
  get isSettled(): boolean {
    const { state } = this.device;
    if (this.isAway) return state === "disconnected";
    return this.open.size === 0 && (state === "active" || state === "asleep");
  }

  /** To whom the device speaks now. */
  get gateway(): string {
    return this.device.gateway ?? this.home;
  }

  /** It is a client of this project, which misses nothing of the standard. */
  get isPlain(): boolean {
    return this.#model === "ours";
  }

  reaches(gateway: string): boolean {
    return gateway !== this.#outOfRange;
  }

  /** The device is to speak with another gateway; where the one before is out of range, that one does not hear that it leaves. */
  roam(to: string, isOutOfRange: boolean, now: Instant): DeviceEffect[] {
    this.#outOfRange = isOutOfRange && this.gateway !== to ? this.gateway : undefined;
    this.home = to;
    return [...this.device.handle({ type: "connect", gateway: this.home }, now), ...this.#sleepAgain(now)];
  }

  /** Connects, with its subscriptions. */
  start(now: Instant): DeviceEffect[] {
    const effects = this.device.handle({ type: "connect", gateway: this.home }, now);
    for (const { topic, qos } of this.topics.subscribe) {
      effects.push(...this.device.handle({ type: "subscribe", token: this.#nextToken(), topic, qos }, now));
    }
    effects.push(...this.#sleepAgain(now));
    return effects;
  }

  publish(payload: string, topic: DeviceTopic, qos: DeviceQoS, retain: boolean, now: Instant): DeviceEffect[] {
    const token = this.#nextToken();
    this.open.set(token, payload);
    const data = Buffer.from(payload);
    return [
      ...this.device.handle({ type: "connect", gateway: this.home }, now),
      ...this.device.handle({ type: "publish", token, topic, qos, retain, data }, now),
      ...this.#sleepAgain(now),
    ];
  }

  /** Gives one subscription up, and makes it again. */
  resubscribe(now: Instant): DeviceEffect[] {
    const { subscribe } = this.topics;
    const { topic, qos } = subscribe[this.#random.integer(0, subscribe.length - 1)]!;
    return [
      ...this.device.handle({ type: "connect", gateway: this.home }, now),
      ...this.device.handle({ type: "unsubscribe", token: this.#nextToken(), topic, qos }, now),
      ...this.device.handle({ type: "subscribe", token: this.#nextToken(), topic, qos }, now),
      ...this.#sleepAgain(now),
    ];
  }

  /** Changes one half of the will, or now and then deletes it. */
  updateWill(now: Instant): DeviceEffect[] {
    if (!this.traits.wills) return [];
    const kind = this.#random.integer(0, 5);
    const token = this.#nextToken();
    const count = `${this.life}.${token}`;
    const topic = {
      willTopic: `will/${this.clientId}/${count}`,
      qos: this.#random.integer(0, 2) as DeviceQoS,
      retain: token % 2 === 0,
    };
    if (kind < 3) this.#willMessages.add(token);
    return [
      ...this.device.handle({ type: "connect", gateway: this.home }, now),
      ...this.device.handle(
        kind < 3
          ? { type: "update-will-message", token, willMsg: Buffer.from(`gone ${count}`) }
          : { type: "update-will-topic", token, topic: kind === 3 ? undefined : topic },
        now,
      ),
      ...this.#sleepAgain(now),
    ];
  }

  /** Whether an update may end so: without a topic there is no message (W9), and the broker may be out of reach. */
  mayRefuse({ token, result, returnCode }: Extract<Outcome, { type: "will-updated" }>): boolean {
    if (result !== "refused" || returnCode === RETURN_CODE.congestion) return true;
    return returnCode === RETURN_CODE.notSupported && this.#willMessages.has(token);
  }

  /** The device loses its state and begins anew; of what was open nobody knows what became of it. */
  reboot(now: Instant): DeviceEffect[] {
    this.life += 1;
    this.isAway = false;
    this.#isConnected = false;
    this.open.clear();
    // The session keeps the will of before, also where the device has none to tell (W3).
    this.device = this.#newDevice(this.isDurable && this.#random.next() < 0.5);
    return this.start(now);
  }

  /** The device says nothing more, and loses its state. */
  switchOff(): void {
    this.isAway = true;
    this.device = SWITCHED_OFF;
    this.open.clear();
  }

  leave(now: Instant): DeviceEffect[] {
    this.isAway = true;
    return this.device.handle({ type: "disconnect" }, now);
  }

  comeBack(now: Instant): DeviceEffect[] {
    if (this.device === SWITCHED_OFF) return this.reboot(now);
    this.isAway = false;
    return [...this.device.handle({ type: "connect", gateway: this.home }, now), ...this.#sleepAgain(now)];
  }

  /** The device sends CONNECT: at another gateway it is as one that knows nothing of before. */
  connects(): void {
    if (this.#lastGateway !== undefined && this.#lastGateway !== this.gateway) this.life += 1;
    this.#lastGateway = this.gateway;
  }

  /** Takes note of an outcome. */
  saw(outcome: Outcome, now: Instant): void {
    if (outcome.type === "disconnected") this.#isConnected = false;
    if (outcome.type !== "connected") return;
    if (!this.#isConnected) this.connectedAt = now;
    this.#isConnected = true;
  }

  /** The payload whose outcome this is, once. */
  take(outcome: Extract<Outcome, { type: "published" }>): string | undefined {
    const payload = this.open.get(outcome.token);
    this.open.delete(outcome.token);
    if (outcome.result !== "accepted") return payload;
    for (const [msgId, unfinished] of this.#unfinished) if (unfinished === payload) this.#unfinished.delete(msgId);
    return payload;
  }

  /**
   * The device sends a QoS 2 PUBLISH. True where its MsgId is one that an unfinished message had before: where the broker still waits for
   * the PUBREL of that one, it takes this for a repetition.
   */
  reusesMsgId(msgId: number, payload: string): boolean {
    const before = this.#unfinished.get(msgId);
    this.#unfinished.set(msgId, payload);
    return before !== undefined && before !== payload;
  }

  #newDevice(withoutWill: boolean): DeviceEnd {
    const settings = withoutWill ? { ...this.#settings, will: undefined } : this.#settings;
    const device = new Device(settings, this.#random.integer(0, 0x7fff_ffff));
    const quirks = quirksOf(this.#model, this.#fail);
    return quirks === undefined ? device : new QuirkyDevice(device, quirks);
  }

  #nextToken(): number {
    this.#token += 1;
    return this.#token;
  }

  #sleepAgain(now: Instant): DeviceEffect[] {
    return this.#sleep === undefined ? [] : this.device.handle({ type: "sleep", ...this.#sleep }, now);
  }
}

/**
 * A device that never pings does not notice when the gateway's DISCONNECT is lost, or is never sent: nothing would bring it back. And one that
 * is gone keeps its place for as long as the gateway waits for it, which is a day.
 */
function isQuiet(options: SimOptions): boolean {
  const { crashMs, stopMs, linkBreakMs, linkHoleMs, kickMs, outageMs, brokerRestartMs } = options;
  const { moveMs, reuseMs, offMs, roamMs } = options;
  const faults = [
    crashMs,
    stopMs,
    linkBreakMs,
    linkHoleMs,
    kickMs,
    outageMs,
    brokerRestartMs,
    moveMs,
    reuseMs,
    offMs,
    roamMs,
  ];
  return options.loss === 0 && faults.every((ms) => !Number.isFinite(ms));
}

function quirksOf(model: ModelName, fail: Fail): Quirks | undefined {
  switch (model) {
    case "emcute":
      return new Emcute(fail);
    case "asymcute":
      return new Asymcute();
    case "zephyr":
      return new Zephyr();
    case "mqtt-sn-tools":
      return new MqttSnTools(fail);
    default:
      return undefined;
  }
}
