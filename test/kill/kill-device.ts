import type { HostedDevice } from "../../src/app/device/device-host.ts";
import type { DeviceQoS, DeviceTopic, Outcome, Result } from "../../src/device/contract.ts";
import { DEFAULT_DEVICE_SETTINGS, type DeviceSettings } from "../../src/device/settings.ts";
import { sleepDurationFor } from "../../src/device/sleep-duration.ts";
import { decode, type Malformed } from "../../src/sn/decode.ts";
import type { Message } from "../../src/sn/message.ts";
import type { DevicePlan } from "./device-plan.ts";
import type { FaultyRadio } from "./faulty-radio.ts";
import { nameOf } from "./kill-topics.ts";
import { TopicIdWitness } from "./topic-id-witness.ts";
import { WakeUps } from "./wake-ups.ts";

/** What whoever runs the device is told. */
export interface KillDeviceEvents {
  onMessage(topic: string, payload: string, qos: DeviceQoS): void;
  onPublished(payload: string, result: Result): void;
  /** The device begins to be awake. */
  onAwake(): void;
  /** The device sleeps again; `isAnswered`: PINGRESP has come. */
  onAsleep(isAnswered: boolean): void;
  /** Which life of the gateway it is, from 0. */
  life(): number;
  /** What a device notices that should notice nothing: the sentence goes on after its name. */
  onWrong(sentence: string): void;
}

/** Longer than the network keeps a datagram. */
const QUIET_MS = 50;

/** A device that is at work while the gateway is killed. It repeats for as long as the gateway may be away. */
export class KillDevice {
  readonly plan: DevicePlan;
  readonly wakeUps = new WakeUps();
  /** It has connected, and its subscriptions were accepted. */
  isReady = false;
  /** So often, where its session was to survive. */
  connectionsLost = 0;
  readonly #hosted: HostedDevice;
  readonly #events: KillDeviceEvents;
  readonly #settings: DeviceSettings;
  readonly #topicIds = new TopicIdWitness();
  /** Payloads without an outcome, by token. */
  readonly #unanswered = new Map<number, string>();
  #token = 0;
  #subscriptionsLeft = 0;
  #isAwake = false;
  #asleepAt = 0;

  constructor(plan: DevicePlan, hosted: HostedDevice, radio: FaultyRadio, events: KillDeviceEvents) {
    this.plan = plan;
    this.#hosted = hosted;
    this.#events = events;
    this.#settings = KillDevice.settings(plan);
    const toDevice = radio.onDatagram;
    radio.onDatagram = (data) => {
      this.#hear(decode(data));
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

  /** Topic ids that it was told another name of after the numbering had come round. */
  get topicIdsReused(): number {
    return this.#topicIds.reused;
  }

  /** Whether it may publish: of a device that goes to sleep, what is still under way must not be taken for an answer to what it says then. */
  get maySpeak(): boolean {
    if (this.plan.wakeEveryMs === undefined) return true;
    return this.#hosted.device.state === "asleep" && performance.now() - this.#asleepAt > QUIET_MS;
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
    this.#topicIds.sent(message);
    if (message.type !== "PINGREQ" || message.clientId === "" || this.#isAwake) return;
    this.#isAwake = true;
    this.#events.onAwake();
  }

  onOutcome(outcome: Outcome): void {
    switch (outcome.type) {
      case "connected":
        this.#isAwake = false;
        break;
      case "subscribed":
        if (outcome.result !== "accepted") this.#events.onWrong(`may not subscribe: ${outcome.result}`);
        this.#subscriptionsLeft -= 1;
        if (this.#subscriptionsLeft === 0) this.isReady = true;
        break;
      case "message":
        this.#events.onMessage(nameOf(outcome), Buffer.from(outcome.data).toString(), outcome.qos);
        break;
      case "published": {
        const payload = this.#unanswered.get(outcome.token)!;
        this.#unanswered.delete(outcome.token);
        this.#events.onPublished(payload, outcome.result);
        break;
      }
      case "asleep":
        this.#asleepAt = performance.now();
        break;
      case "awake-ended":
        this.#isAwake = false;
        this.#asleepAt = performance.now();
        this.#events.onAsleep(outcome.answered);
        break;
      case "disconnected":
        this.#isAwake = false;
        this.#onLost(outcome.reason);
        break;
      default:
        // Steps on the way.
        break;
    }
  }

  #hear(message: Message | Malformed): void {
    // A device that sleeps hears nothing.
    if (message.type === "malformed" || this.#hosted.device.state === "asleep") return;
    const violation = this.#topicIds.received(message, this.#events.life());
    if (violation !== undefined) this.#events.onWrong(violation);
  }

  #onLost(why: string): void {
    const { cleanSession, wakeEveryMs } = this.plan;
    // Of an active client with a clean session nothing is kept.
    if (cleanSession && wakeEveryMs === undefined) return;
    this.connectionsLost += 1;
    this.#events.onWrong(`has lost its connection: ${why}`);
  }

  #sleep(): void {
    const { wakeEveryMs } = this.plan;
    if (wakeEveryMs === undefined) return;
    this.#hosted.handle({ type: "sleep", duration: sleepDurationFor(wakeEveryMs, this.#settings), wakeEveryMs });
  }
}
