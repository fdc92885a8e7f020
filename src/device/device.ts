import { decode, type Malformed } from "../sn/decode.ts";
import type { Message } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import type { Address, DeviceEffect, DeviceEvent, DisconnectReason, Instant } from "./contract.ts";
import { Exchanges } from "./exchanges.ts";
import { Outbox } from "./outbox.ts";
import { Random } from "./random.ts";
import type { Retry } from "./retry.ts";
import type { DeviceSettings } from "./settings.ts";

/** How a device stands with its gateway. "leaving" and "falling-asleep" wait for the answer to DISCONNECT. */
export type DeviceState = "disconnected" | "connecting" | "active" | "falling-asleep" | "asleep" | "awake" | "leaving";

/** The share of the keep alive after which a silent device sends PINGREQ: it leaves time to repeat it. */
const PING_SHARE = 0.9;

/** An MQTT-SN 1.2 client: the other end of the gateway. See contract.ts. */
export class Device {
  readonly #settings: DeviceSettings;
  readonly #random: Random;
  readonly #outbox: Outbox;
  readonly #exchanges: Exchanges;
  #state: DeviceState = "disconnected";
  /** What the application wants; the device works towards it whenever it is not there. */
  #wanted: "disconnected" | "active" | "asleep" = "disconnected";
  /** `connect` was asked for since the last CONNACK: also where `sleep` followed, the device becomes active first. */
  #mustConnect = false;
  /** CONNECT, WILLTOPIC, WILLMSG, PINGREQ or DISCONNECT, whichever is outstanding. */
  #control: Retry | undefined;
  #gateway: Address | undefined;
  /** Where to go once it is disconnected from its gateway (D3). */
  #nextGateway: Address | undefined;
  /** The gateway is another one than that of the last connection: it knows nothing of the device. */
  #isElsewhere = false;
  /** When to connect again: while disconnected, or asleep with requests that wait for TWAIT. */
  #connectAt: Instant | undefined;
  #connectFailures = 0;
  /** The CONNECT under way wakes a sleeping session, which keeps its topic ids and subscriptions (Z12). */
  #isResuming = false;
  #everConnected = false;
  #pingAt: Instant | undefined;
  #wakeAt: Instant | undefined;
  /** Awake periods without an answer since the last one that had one. */
  #unansweredWakes = 0;
  #sleepDuration = 0;
  #announcedDuration = 0;
  #wakeEveryMs: number | undefined;

  constructor(settings: DeviceSettings, seed: number) {
    this.#settings = settings;
    this.#random = new Random(seed);
    this.#outbox = new Outbox(settings, this.#random);
    this.#exchanges = new Exchanges(settings, this.#outbox, this.#random);
  }

  get state(): DeviceState {
    return this.#state;
  }

  /** To whom all that the last event brought forth is to be sent; undefined where `connect` has named no gateway. */
  get gateway(): Address | undefined {
    return this.#gateway;
  }

  /** Infinity where nothing is due. */
  get deadline(): Instant {
    const never = Number.POSITIVE_INFINITY;
    const control = this.#control?.due ?? never;
    switch (this.#state) {
      case "active": {
        const ping = this.#control === undefined ? (this.#pingAt ?? never) : never;
        return Math.min(control, ping, this.#exchanges.deadline);
      }
      case "disconnected":
      case "asleep":
      case "awake":
        return Math.min(control, this.#connectAt ?? never, this.#wakeAt ?? never);
      default:
        return control;
    }
  }

  handle(event: DeviceEvent, now: Instant): DeviceEffect[] {
    switch (event.type) {
      case "datagram":
        // K2: only its gateway has anything to tell a device.
        if (event.from === undefined || this.#gateway === undefined || event.from === this.#gateway) {
          this.#onMessage(decode(event.data), now);
        }
        break;
      case "deadline":
        this.#onDeadline(now);
        break;
      case "connect":
        this.#wanted = "active";
        this.#mustConnect = this.#state !== "active";
        if (this.#state === "disconnected") this.#connectAt ??= now;
        if (event.gateway !== undefined) this.#choose(event.gateway, now);
        break;
      case "sleep":
        if (this.#wanted === "disconnected") break;
        this.#wanted = "asleep";
        this.#sleepDuration = event.duration;
        this.#wakeEveryMs = event.wakeEveryMs;
        break;
      case "wake":
        if (this.#state === "asleep") this.#wake(now);
        break;
      case "disconnect":
        this.#wanted = "disconnected";
        this.#nextGateway = undefined;
        break;
      case "publish-unconnected":
        this.#publishUnconnected(event);
        break;
      default:
        this.#exchanges.add(event);
    }
    this.#pursue(now);
    return this.#outbox.take();
  }

  /** Takes the next step towards what is wanted, where nothing is outstanding that comes first. */
  #pursue(now: Instant): void {
    const wanted = this.#wanted;
    switch (this.#state) {
      case "disconnected":
        if (wanted === "disconnected") this.#end("asked");
        else if (this.#isConnectDue(now)) this.#connect(false, now);
        break;
      case "active":
        this.#exchanges.advance(now);
        if ((wanted === "active" && !this.#isToMove) || !this.#exchanges.isIdle(now)) break;
        if (wanted === "disconnected" || this.#isToMove) this.#leave(now);
        else this.#fallAsleep(now);
        break;
      case "asleep":
        if (wanted === "disconnected" || this.#isToMove) this.#leave(now);
        else if (this.#mustConnect || this.#isConnectDue(now)) this.#connect(true, now);
        else if (this.#sleepDuration !== this.#announcedDuration) this.#fallAsleep(now);
        break;
      case "awake":
        if (wanted === "disconnected" || this.#isToMove) this.#leave(now);
        else if (this.#mustConnect || this.#isConnectDue(now)) this.#connect(true, now);
        break;
      default:
        break;
    }
  }

  #isConnectDue(now: Instant): boolean {
    return this.#connectAt !== undefined && this.#connectAt <= now;
  }

  get #isToMove(): boolean {
    return this.#nextGateway !== undefined;
  }

  /** The application names the gateway. */
  #choose(gateway: Address, now: Instant): void {
    this.#nextGateway = undefined;
    if (gateway === this.#gateway) return;
    if (this.#gateway === undefined) {
      this.#gateway = gateway;
    } else {
      this.#nextGateway = gateway;
      if (this.#state === "disconnected") this.#move(now);
    }
  }

  // --- Steps

  #connect(isResuming: boolean, now: Instant): void {
    const { cleanSession, duration, clientId } = this.#settings;
    this.#state = "connecting";
    this.#connectAt = undefined;
    this.#wakeAt = undefined;
    this.#isResuming = isResuming;
    if (this.#isElsewhere) this.#exchanges.changeGateway();
    else if (cleanSession && !isResuming) this.#exchanges.startSession();
    this.#control = this.#outbox.request(
      { type: "CONNECT", will: this.#exchanges.will.isPrompted, cleanSession, protocolId: 1, duration, clientId },
      now,
    );
  }

  #fallAsleep(now: Instant): void {
    this.#state = "falling-asleep";
    this.#wakeAt = undefined;
    this.#announcedDuration = this.#sleepDuration;
    // What was refused for congestion is sent later, and for that the device has to be active.
    this.#connectAt ??= this.#exchanges.heldUntil;
    this.#control = this.#outbox.request({ type: "DISCONNECT", duration: this.#sleepDuration }, now);
  }

  #leave(now: Instant): void {
    this.#state = "leaving";
    this.#connectAt = undefined;
    this.#wakeAt = undefined;
    if (this.#isToMove) this.#exchanges.suspend();
    else this.#exchanges.abandon();
    this.#control = this.#outbox.request({ type: "DISCONNECT", duration: undefined }, now);
  }

  #wake(now: Instant): void {
    this.#state = "awake";
    this.#wakeAt = undefined;
    this.#control = this.#outbox.request({ type: "PINGREQ", clientId: this.#settings.clientId }, now);
  }

  #sleep(now: Instant): void {
    this.#state = "asleep";
    this.#control = undefined;
    this.#exchanges.sleep();
    this.#wakeAt = this.#wakeEveryMs === undefined ? undefined : now + this.#wakeEveryMs;
  }

  /** The connection is gone. Connects again where that is set, and wanted. */
  #lose(reason: DisconnectReason, now: Instant): void {
    this.#control = undefined;
    this.#wakeAt = undefined;
    const mayReconnect = (this.#settings.reconnect || this.#isToMove) && this.#wanted !== "disconnected";
    if (!mayReconnect) {
      this.#end(reason);
      return;
    }
    this.#state = "disconnected";
    this.#exchanges.suspend();
    if (this.#isToMove) {
      this.#move(now);
      this.#outbox.tell({ type: "disconnected", reason, reconnecting: true });
      return;
    }
    const { reconnectMinMs, reconnectMaxMs, jitter } = this.#settings;
    const pauseMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** this.#connectFailures);
    this.#connectAt = now + pauseMs * (1 - jitter * this.#random.next());
    this.#connectFailures += 1;
    this.#outbox.tell({ type: "disconnected", reason, reconnecting: true });
  }

  /** Disconnected, and to connect to another gateway. */
  #move(now: Instant): void {
    this.#gateway = this.#nextGateway;
    this.#nextGateway = undefined;
    this.#isElsewhere = true;
    this.#connectAt = now;
    this.#connectFailures = 0;
  }

  /** Disconnected for good, until the application says `connect`. */
  #end(reason: DisconnectReason): void {
    const wasEnded = this.#state === "disconnected" && this.#connectAt === undefined;
    this.#state = "disconnected";
    this.#wanted = "disconnected";
    this.#connectAt = undefined;
    this.#control = undefined;
    this.#exchanges.abandon();
    if (!wasEnded) this.#outbox.tell({ type: "disconnected", reason, reconnecting: false });
  }

  #publishUnconnected(event: Extract<DeviceEvent, { type: "publish-unconnected" }>): void {
    const { topic, retain, data } = event;
    // N2: the gateway could not know a normal topic id.
    if (topic.topicIdType === "normal") return;
    this.#outbox.send({ type: "PUBLISH", dup: false, qos: -1, retain, msgId: 0, data, ...topic });
  }

  // --- Time

  #onDeadline(now: Instant): void {
    const control = this.#control;
    if (control !== undefined && control.due <= now && !this.#outbox.repeat(control, now)) {
      // Z9: a device that nobody answers while it is awake goes back to sleep.
      if (this.#state === "awake") this.#endAwake(false, now);
      else this.#lose("no answer", now);
      return;
    }
    if (this.#wakeAt !== undefined && this.#wakeAt <= now) this.#wake(now);
    if (this.#state !== "active") return;
    if (!this.#exchanges.repeat(now)) {
      this.#lose("no answer", now);
      return;
    }
    if (this.#pingAt !== undefined && this.#pingAt <= now && this.#control === undefined) {
      this.#control = this.#outbox.request({ type: "PINGREQ", clientId: "" }, now);
    }
  }

  #endAwake(answered: boolean, now: Instant): void {
    this.#sleep(now);
    this.#outbox.tell({ type: "awake-ended", answered });
    this.#unansweredWakes = answered ? 0 : this.#unansweredWakes + 1;
    if (this.#unansweredWakes >= this.#settings.unansweredWakesMax) this.#lose("no answer", now);
  }

  /** The gateway has answered: it knows since then that the device lives. */
  #confirm(now: Instant): void {
    const { duration } = this.#settings;
    this.#pingAt = duration === 0 ? undefined : now + duration * 1000 * PING_SHARE;
  }

  // --- Messages of the gateway

  #onMessage(message: Message | Malformed, now: Instant): void {
    switch (this.#state) {
      case "connecting":
        this.#onMessageWhileConnecting(message, now);
        break;
      case "leaving":
        if (message.type === "DISCONNECT" && this.#isToMove) this.#lose("asked", now);
        else if (message.type === "DISCONNECT") this.#end("asked");
        // The answer to a message of QoS 0 that was sent just before, if it is refused.
        else if (message.type === "PUBACK") this.#exchanges.onMessage(message, false, now);
        break;
      case "falling-asleep":
      case "active":
      case "awake":
        this.#onMessageWhileConnected(message, now);
        break;
      default:
        // Disconnected, or asleep with its radio off: nothing is heard.
        break;
    }
  }

  #onMessageWhileConnecting(message: Message | Malformed, now: Instant): void {
    // DISCONNECT is ignored here: it may be the late answer to an earlier one, and CONNECT is repeated in any case.
    if (message.type === "WILLTOPICREQ" || message.type === "WILLMSGREQ") {
      const answer = this.#exchanges.will.promptAnswer(message.type);
      if (answer !== undefined) this.#control = this.#outbox.request(answer, now);
      return;
    }
    if (message.type !== "CONNACK") return;
    this.#control = undefined;
    if (message.returnCode !== RETURN_CODE.accepted) {
      this.#outbox.tell({ type: "refused", returnCode: message.returnCode });
      if (message.returnCode === RETURN_CODE.congestion || this.#isToMove) this.#lose("refused", now);
      else this.#end("refused");
      return;
    }
    this.#state = "active";
    this.#mustConnect = false;
    this.#connectFailures = 0;
    this.#unansweredWakes = 0;
    const isClean = this.#everConnected && this.#settings.cleanSession && !this.#isResuming;
    this.#exchanges.connected(isClean || this.#isElsewhere);
    this.#everConnected = true;
    this.#isElsewhere = false;
    this.#confirm(now);
    this.#outbox.tell({ type: "connected" });
  }

  #onMessageWhileConnected(message: Message | Malformed, now: Instant): void {
    if (message.type === "malformed") return;
    // Z9: the gateway is at work.
    if (this.#state === "awake" && message.type !== "PINGRESP" && this.#control !== undefined) {
      this.#control.tries = 0;
      this.#control.due = now + this.#settings.tRetryMs;
    }
    switch (message.type) {
      case "DISCONNECT":
        this.#onDisconnect(now);
        break;
      case "PINGREQ":
        this.#outbox.send({ type: "PINGRESP" });
        break;
      case "PINGRESP":
        this.#onPingResp(now);
        break;
      default:
        if (this.#exchanges.onMessage(message, this.#state === "active", now)) this.#confirm(now);
    }
  }

  #onDisconnect(now: Instant): void {
    if (this.#state === "falling-asleep") {
      this.#sleep(now);
      this.#outbox.tell({ type: "asleep" });
    } else {
      this.#lose("gateway", now);
    }
  }

  #onPingResp(now: Instant): void {
    if (this.#control?.message.type !== "PINGREQ") return;
    this.#control = undefined;
    if (this.#state === "awake") this.#endAwake(true, now);
    else this.#confirm(now);
  }
}
