import type { HostedDevice } from "../../src/app/device-host.ts";
import type { DeviceQoS, DeviceTopic, Outcome } from "../../src/device/contract.ts";
import { DEFAULT_DEVICE_SETTINGS, type DeviceSettings } from "../../src/device/settings.ts";
import { sleepDurationFor } from "../../src/device/sleep-duration.ts";
import { decode, type Malformed } from "../../src/sn/decode.ts";
import type { Message } from "../../src/sn/message.ts";
import type { DevicePlan } from "./device-plan.ts";
import type { FaultyRadio } from "./faulty-radio.ts";
import { nameOf } from "./kill-topics.ts";
import { TopicIdWitness } from "./topic-id-witness.ts";

/** What the device's world is told. */
export interface KillDeviceEvents {
  /** Something is wrong. */
  onViolation(sentence: string): void;
  onMessage(payload: string, qos: DeviceQoS): void;
  onPublished(payload: string, isAccepted: boolean): void;
  /** The device begins to be awake. */
  onAwake(): void;
  /** The device sleeps again; `isAnswered`: PINGRESP has come. */
  onAsleep(isAnswered: boolean): void;
  /** The device has lost its connection. */
  onLost(why: string): void;
}

/** A device that is at work while the gateway is killed. It repeats for as long as the gateway may be away. */
export class KillDevice {
  readonly plan: DevicePlan;
  /** It has connected, and its subscriptions were accepted. */
  isReady = false;
  readonly #hosted: HostedDevice;
  readonly #events: KillDeviceEvents;
  readonly #witness = new TopicIdWitness();
  readonly #settings: DeviceSettings;
  /** Payloads without an outcome, by token. */
  readonly #unanswered = new Map<number, string>();
  #token = 0;
  #subscriptionsLeft = 0;
  #isAwake = false;

  constructor(plan: DevicePlan, hosted: HostedDevice, radio: FaultyRadio, events: KillDeviceEvents) {
    this.plan = plan;
    this.#hosted = hosted;
    this.#events = events;
    this.#settings = KillDevice.settings(plan);
    const toDevice = radio.onDatagram;
    radio.onDatagram = (data) => {
      const message = decode(data);
      // A device that sleeps hears nothing.
      if (message.type !== "malformed" && hosted.device.state !== "asleep") {
        const violation = this.#witness.received(message);
        if (violation !== undefined) events.onViolation(`${plan.clientId}: ${violation}`);
      }
      toDevice(data);
    };
  }

  static settings({ clientId, cleanSession }: DevicePlan): DeviceSettings {
    return {
      ...DEFAULT_DEVICE_SETTINGS,
      clientId,
      cleanSession,
      // It has to notice soon where the gateway takes it for asleep.
      duration: 5,
      reconnect: true,
      reconnectMinMs: 50,
      reconnectMaxMs: 200,
      tRetryMs: 250,
      nRetry: 60,
      tWaitMs: 300,
      congestionMax: Number.POSITIVE_INFINITY,
    };
  }

  /** Connects, with these subscriptions, and sleeps where that is the plan. */
  start(subscriptions: readonly { topic: DeviceTopic; qos: DeviceQoS }[]): void {
    this.#subscriptionsLeft = subscriptions.length;
    this.#hosted.handle({ type: "connect" });
    for (const { topic, qos } of subscriptions) {
      this.#token += 1;
      this.#hosted.handle({ type: "subscribe", token: this.#token, topic, qos });
    }
    this.#sleep();
  }

  /** A device that sleeps becomes active for it. */
  publish(topic: DeviceTopic, qos: DeviceQoS, payload: string): void {
    this.#token += 1;
    const token = this.#token;
    this.#unanswered.set(token, payload);
    if (this.plan.wakeEveryMs !== undefined) this.#hosted.handle({ type: "connect" });
    const data = Buffer.from(payload);
    this.#hosted.handle({ type: "publish", token, topic, qos, retain: false, data });
    this.#sleep();
  }

  /** The radio is about to send this. */
  onSent(message: Message | Malformed): void {
    if (message.type === "malformed") return;
    this.#witness.sent(message);
    if (message.type !== "PINGREQ" || message.clientId === "" || this.#isAwake) return;
    this.#isAwake = true;
    this.#events.onAwake();
  }

  onOutcome(outcome: Outcome): void {
    switch (outcome.type) {
      case "connected":
        // Awake, it became active.
        this.#isAwake = false;
        if (this.#subscriptionsLeft === 0) this.isReady = true;
        break;
      case "subscribed":
        if (outcome.result !== "accepted")
          this.#events.onViolation(`${this.plan.clientId}: SUBSCRIBE ${outcome.result}`);
        this.#subscriptionsLeft -= 1;
        if (this.#subscriptionsLeft === 0) this.isReady = true;
        break;
      case "message": {
        const payload = Buffer.from(outcome.data).toString();
        const name = nameOf(outcome);
        if (!payload.startsWith(`${name} `))
          this.#events.onViolation(`${this.plan.clientId} got ${payload} as of ${name}`);
        this.#events.onMessage(payload, outcome.qos);
        break;
      }
      case "published": {
        const payload = this.#unanswered.get(outcome.token)!;
        this.#unanswered.delete(outcome.token);
        this.#events.onPublished(payload, outcome.result === "accepted");
        break;
      }
      case "awake-ended":
        this.#isAwake = false;
        this.#events.onAsleep(outcome.answered);
        break;
      case "disconnected":
        this.#isAwake = false;
        this.#events.onLost(outcome.reason);
        break;
      default:
        // Steps on the way.
        break;
    }
  }

  #sleep(): void {
    const { wakeEveryMs } = this.plan;
    if (wakeEveryMs === undefined) return;
    this.#hosted.handle({ type: "sleep", duration: sleepDurationFor(wakeEveryMs, this.#settings), wakeEveryMs });
  }
}
