import type { DeviceEffect, DeviceQoS, DeviceTopic, Instant, Outcome } from "../../src/device/contract.ts";
import { Device } from "../../src/device/device.ts";
import type { Random } from "../../src/device/random.ts";
import { DEFAULT_DEVICE_SETTINGS } from "../../src/device/settings.ts";
import { sleepDurationFor } from "../../src/device/sleep-duration.ts";
import type { PredefinedTopic } from "../../src/gateway/settings.ts";
import { encodeShortName } from "../../src/sn/short-name.ts";
import type { SimOptions } from "./sim-options.ts";

/** A topic that a device publishes or subscribes to, with the name that the broker knows it by. */
interface NamedTopic {
  topic: DeviceTopic;
  name: string;
}

/** Predefined ids that every device has; the gateway is configured with `predefinedTopicsOf`. */
const PREDEFINED_UP = 1;
const PREDEFINED_DOWN = 2;

/** What this device's predefined ids stand for. */
export function predefinedTopicsOf(clientId: string): PredefinedTopic[] {
  return [
    { id: PREDEFINED_UP, topic: `up/${clientId}/predefined`, clientId },
    { id: PREDEFINED_DOWN, topic: `down/${clientId}/predefined`, clientId },
  ];
}

/** One simulated device with an application that publishes, subscribes and sleeps as the seed wants. */
export class SimulatedClient {
  readonly clientId: string;
  readonly device: Device;
  readonly isDurable: boolean;
  readonly publishTopics: NamedTopic[];
  readonly subscribeTopics: (NamedTopic & { qos: DeviceQoS })[];
  /** The names on which the far end reaches this device. */
  readonly downNames: string[];
  /** Payloads that have no outcome, by token. */
  readonly open = new Map<number, string>();
  readonly #sleep: { duration: number; wakeEveryMs: number } | undefined;
  #token = 0;

  constructor(index: number, options: SimOptions, random: Random) {
    this.clientId = `d${index}`;
    const id = this.clientId;
    this.isDurable = random.next() < options.durable;
    // A device that never pings does not notice when the gateway's DISCONNECT is lost, or is never sent: nothing would bring it back.
    const isSafe =
      options.loss === 0 &&
      options.crashMs === Number.POSITIVE_INFINITY &&
      options.linkBreakMs === Number.POSITIVE_INFINITY;
    const settings = {
      ...DEFAULT_DEVICE_SETTINGS,
      clientId: id,
      cleanSession: !this.isDurable,
      duration: random.next() < 0.2 && isSafe ? 0 : random.integer(5, 120),
      will:
        random.next() < options.wills
          ? { willTopic: `will/${id}`, willMsg: Buffer.from("gone"), qos: 1 as const, retain: false }
          : undefined,
      reconnect: true,
      reconnectMaxMs: 10_000,
      tRetryMs: options.tRetryMs,
      nRetry: options.nRetry,
      tWaitMs: 5000,
      congestionMax: 1000,
      queuedMax: 10_000,
    };
    this.device = new Device(settings, random.integer(0, 0x7fff_ffff));
    if (random.next() < options.sleeping) {
      const wakeEveryMs = random.integer(1000, 60_000);
      this.#sleep = { duration: sleepDurationFor(wakeEveryMs, settings), wakeEveryMs };
    }
    const short = `${String.fromCharCode(65 + index)}u`;
    const shortDown = `${String.fromCharCode(65 + index)}d`;
    this.publishTopics = [
      named(`up/${id}/a`),
      named(`up/${id}/b`),
      { topic: { topicIdType: "predefined", topicId: PREDEFINED_UP }, name: `up/${id}/predefined` },
      { topic: { topicIdType: "short", topicId: encodeShortName(short)! }, name: short },
    ];
    const qos = () => random.integer(0, 2) as DeviceQoS;
    this.subscribeTopics = [
      { ...named(`down/${id}/wild/#`), qos: qos() },
      { ...named(`down/${id}/plain`), qos: qos() },
      { topic: { topicIdType: "predefined", topicId: PREDEFINED_DOWN }, name: `down/${id}/predefined`, qos: qos() },
      { topic: { topicIdType: "short", topicId: encodeShortName(shortDown)! }, name: shortDown, qos: qos() },
    ];
    this.downNames = [
      ...Array.from({ length: 5 }, (_, level) => `down/${id}/wild/${level}`),
      `down/${id}/plain`,
      `down/${id}/predefined`,
      shortDown,
    ];
  }

  start(now: Instant): DeviceEffect[] {
    const effects = this.device.handle({ type: "connect" }, now);
    for (const { topic, qos } of this.subscribeTopics) {
      this.#token += 1;
      effects.push(...this.device.handle({ type: "subscribe", token: this.#token, topic, qos }, now));
    }
    effects.push(...this.#sleepAgain(now));
    return effects;
  }

  publish(payload: string, topic: DeviceTopic, qos: DeviceQoS, now: Instant): DeviceEffect[] {
    this.#token += 1;
    this.open.set(this.#token, payload);
    const data = Buffer.from(payload);
    return [
      ...this.device.handle({ type: "connect" }, now),
      ...this.device.handle({ type: "publish", token: this.#token, topic, qos, retain: false, data }, now),
      ...this.#sleepAgain(now),
    ];
  }

  /** The payload whose outcome this is, once. */
  take(outcome: Extract<Outcome, { type: "published" }>): string | undefined {
    const payload = this.open.get(outcome.token);
    this.open.delete(outcome.token);
    return payload;
  }

  #sleepAgain(now: Instant): DeviceEffect[] {
    return this.#sleep === undefined ? [] : this.device.handle({ type: "sleep", ...this.#sleep }, now);
  }
}

function named(topicName: string): NamedTopic {
  return { topic: { topicIdType: "normal", topicName }, name: topicName };
}
