import { decode, type Malformed } from "../sn/decode.ts";
import type { Message, Publish, Register } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { decodeShortName } from "../sn/short-name.ts";
import type { DeviceEffect, DeviceEvent, DisconnectReason, Instant } from "./contract.ts";
import { Outbox } from "./outbox.ts";
import { Random } from "./random.ts";
import { ReceivedMessages } from "./received-messages.ts";
import { Requests } from "./requests.ts";
import type { Retry } from "./retry.ts";
import type { DeviceSettings } from "./settings.ts";
import { TopicTable } from "./topic-table.ts";

/** How a device stands with its gateway. "leaving" and "falling-asleep" wait for the answer to DISCONNECT. */
export type DeviceState = "disconnected" | "connecting" | "active" | "falling-asleep" | "asleep" | "awake" | "leaving";

/** The share of the keep alive after which a silent device sends PINGREQ: it leaves time to repeat it. */
const PING_SHARE = 0.9;

/** An MQTT-SN 1.2 client: the other end of the gateway. See contract.ts. */
export class Device {
  readonly #settings: DeviceSettings;
  readonly #random: Random;
  readonly #outbox: Outbox;
  readonly #topics: TopicTable;
  readonly #received: ReceivedMessages;
  readonly #requests: Requests;
  #state: DeviceState = "disconnected";
  /** What the application wants; the device works towards it whenever it is not there. */
  #wanted: "disconnected" | "active" | "asleep" = "disconnected";
  /** `connect` was asked for since the last CONNACK: also where `sleep` followed, the device becomes active first. */
  #mustConnect = false;
  /** CONNECT, WILLTOPIC, WILLMSG, PINGREQ or DISCONNECT, whichever is outstanding. */
  #control: Retry | undefined;
  /** PUBREC to the gateway's PUBLISH, which PUBREL answers (R2). */
  #receipt: Retry | undefined;
  /** When to connect again: while disconnected, or asleep with requests that wait for TWAIT. */
  #connectAt: Instant | undefined;
  #connectFailures = 0;
  /** The CONNECT under way wakes a sleeping session, which keeps its topic ids and subscriptions (Z12). */
  #isResuming = false;
  #everConnected = false;
  #pingAt: Instant | undefined;
  #wakeAt: Instant | undefined;
  #sleepDuration = 0;
  #announcedDuration = 0;
  #wakeEveryMs: number | undefined;

  constructor(settings: DeviceSettings, seed: number) {
    this.#settings = settings;
    this.#random = new Random(seed);
    this.#outbox = new Outbox(settings, this.#random);
    this.#topics = new TopicTable(settings.topicsMax);
    // Until then the gateway, with a Tretry like ours, has stopped to repeat.
    const rememberedMs = settings.tRetryMs * (settings.nRetry + 2);
    this.#received = new ReceivedMessages(settings.receivedMax, rememberedMs);
    this.#requests = new Requests(settings, this.#outbox, this.#topics, this.#random);
  }

  get state(): DeviceState {
    return this.#state;
  }

  /** Infinity where nothing is due. */
  get deadline(): Instant {
    const never = Number.POSITIVE_INFINITY;
    const control = this.#control?.due ?? never;
    switch (this.#state) {
      case "active": {
        const ping = this.#control === undefined ? (this.#pingAt ?? never) : never;
        return Math.min(control, this.#receipt?.due ?? never, ping, this.#requests.deadline);
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
        this.#onMessage(decode(event.data), now);
        break;
      case "deadline":
        this.#onDeadline(now);
        break;
      case "connect":
        this.#wanted = "active";
        this.#mustConnect = this.#state !== "active";
        if (this.#state === "disconnected") this.#connectAt ??= now;
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
        break;
      case "publish-unconnected":
        this.#publishUnconnected(event);
        break;
      default:
        this.#requests.add(event);
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
        this.#requests.advance(now);
        if (wanted === "active" || !this.#isIdle(now)) break;
        if (wanted === "asleep") this.#fallAsleep(now);
        else this.#leave(now);
        break;
      case "asleep":
        if (wanted === "disconnected") this.#leave(now);
        else if (this.#mustConnect || this.#isConnectDue(now)) this.#connect(true, now);
        else if (this.#sleepDuration !== this.#announcedDuration) this.#fallAsleep(now);
        break;
      case "awake":
        if (wanted === "disconnected") this.#leave(now);
        else if (this.#mustConnect || this.#isConnectDue(now)) this.#connect(true, now);
        break;
      default:
        break;
    }
  }

  #isConnectDue(now: Instant): boolean {
    return this.#connectAt !== undefined && this.#connectAt <= now;
  }

  #isIdle(now: Instant): boolean {
    return this.#receipt === undefined && this.#requests.isIdle(now);
  }

  // --- Steps

  #connect(isResuming: boolean, now: Instant): void {
    const { cleanSession, duration, clientId, will } = this.#settings;
    this.#state = "connecting";
    this.#connectAt = undefined;
    this.#wakeAt = undefined;
    this.#isResuming = isResuming;
    if (cleanSession && !isResuming) {
      this.#topics.clear();
      this.#received.startSession();
    }
    this.#control = this.#outbox.request(
      { type: "CONNECT", will: will !== undefined, cleanSession, protocolId: 1, duration, clientId },
      now,
    );
  }

  #fallAsleep(now: Instant): void {
    this.#state = "falling-asleep";
    this.#wakeAt = undefined;
    this.#announcedDuration = this.#sleepDuration;
    // What was refused for congestion is sent later, and for that the device has to be active.
    this.#connectAt ??= this.#requests.heldUntil;
    this.#control = this.#outbox.request({ type: "DISCONNECT", duration: this.#sleepDuration }, now);
  }

  #leave(now: Instant): void {
    this.#state = "leaving";
    this.#connectAt = undefined;
    this.#wakeAt = undefined;
    this.#requests.abandon();
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
    this.#receipt = undefined;
    this.#wakeAt = this.#wakeEveryMs === undefined ? undefined : now + this.#wakeEveryMs;
  }

  /** The connection is gone. Connects again where that is set, and wanted. */
  #lose(reason: DisconnectReason, now: Instant): void {
    this.#control = undefined;
    this.#receipt = undefined;
    this.#wakeAt = undefined;
    const mayReconnect = this.#settings.reconnect && this.#wanted !== "disconnected";
    if (!mayReconnect) {
      this.#end(reason);
      return;
    }
    this.#state = "disconnected";
    const { reconnectMinMs, reconnectMaxMs, jitter } = this.#settings;
    const pauseMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** this.#connectFailures);
    this.#connectAt = now + pauseMs * (1 - jitter * this.#random.next());
    this.#connectFailures += 1;
    this.#requests.suspend();
    this.#outbox.tell({ type: "disconnected", reason, reconnecting: true });
  }

  /** Disconnected for good, until the application says `connect`. */
  #end(reason: DisconnectReason): void {
    const wasEnded = this.#state === "disconnected" && this.#connectAt === undefined;
    this.#state = "disconnected";
    this.#wanted = "disconnected";
    this.#connectAt = undefined;
    this.#control = undefined;
    this.#receipt = undefined;
    this.#requests.abandon();
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
    const receipt = this.#receipt;
    const isReceiptDue = receipt !== undefined && receipt.due <= now;
    if ((isReceiptDue && !this.#outbox.repeat(receipt, now)) || !this.#requests.repeat(now)) {
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
        if (message.type === "DISCONNECT") this.#end("asked");
        // The answer to a message of QoS 0 that was sent just before, if it is refused.
        else if (message.type === "PUBACK") this.#requests.onPubAck(message, now);
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
      this.#control = this.#outbox.request(this.#willMessage(message.type), now);
    }
    if (message.type !== "CONNACK") return;
    this.#control = undefined;
    if (message.returnCode !== RETURN_CODE.accepted) {
      this.#outbox.tell({ type: "refused", returnCode: message.returnCode });
      if (message.returnCode === RETURN_CODE.congestion) this.#lose("refused", now);
      else this.#end("refused");
      return;
    }
    this.#state = "active";
    this.#mustConnect = false;
    this.#connectFailures = 0;
    this.#requests.connected();
    if (this.#everConnected && this.#settings.cleanSession && !this.#isResuming) this.#requests.renew();
    this.#everConnected = true;
    this.#confirm(now);
    this.#outbox.tell({ type: "connected" });
  }

  #willMessage(request: "WILLTOPICREQ" | "WILLMSGREQ"): Message {
    const { will } = this.#settings;
    if (request === "WILLMSGREQ") {
      return { type: "WILLMSG", willMsg: will === undefined || will === "delete" ? new Uint8Array(0) : will.willMsg };
    }
    if (will === undefined || will === "delete") return { type: "WILLTOPIC", empty: true };
    return { type: "WILLTOPIC", empty: false, qos: will.qos, retain: will.retain, willTopic: will.willTopic };
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
      case "WILLTOPICREQ":
      case "WILLMSGREQ":
        // The gateway is still at the set-up: the CONNACK that was heard was an older one.
        this.#outbox.send(this.#willMessage(message.type));
        break;
      case "REGISTER":
        this.#onRegister(message);
        break;
      case "PUBLISH":
        this.#onPublish(message, now);
        break;
      case "PUBREL":
        this.#received.finish(message.msgId, now);
        if (this.#receipt?.message.type === "PUBREC" && this.#receipt.message.msgId === message.msgId) {
          this.#receipt = undefined;
        }
        this.#outbox.send({ type: "PUBCOMP", msgId: message.msgId });
        break;
      case "REGACK":
        if (this.#requests.onRegAck(message, now)) this.#confirm(now);
        break;
      case "PUBACK":
        if (this.#requests.onPubAck(message, now)) this.#confirm(now);
        break;
      case "PUBREC":
        if (this.#requests.onPubRec(message, now)) this.#confirm(now);
        break;
      case "PUBCOMP":
        if (this.#requests.onPubComp(message, now)) this.#confirm(now);
        break;
      case "SUBACK":
        if (this.#requests.onSubAck(message, now)) this.#confirm(now);
        break;
      case "UNSUBACK":
        if (this.#requests.onUnsubAck(message, now)) this.#confirm(now);
        break;
      default:
        // Discovery is not for us; CONNACK came twice; what only a client sends means nothing.
        break;
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

  #onRegister({ topicId, msgId, topicName }: Register): void {
    let returnCode: number = RETURN_CODE.accepted;
    if (topicId === 0 || topicId === 0xffff) returnCode = RETURN_CODE.invalidTopicId;
    else if (topicName === null || !this.#topics.bind(topicName, topicId)) returnCode = RETURN_CODE.notSupported;
    this.#outbox.send({ type: "REGACK", topicId, msgId, returnCode });
  }

  #onPublish(message: Publish, now: Instant): void {
    const { topicIdType, topicId, msgId, qos } = message;
    // G9: a gateway never sends it.
    if (qos === -1) return;
    const topicName = this.#topicName(message);
    if (topicIdType === "reserved" || (topicIdType === "normal" && topicName === undefined)) {
      const returnCode = topicIdType === "normal" ? RETURN_CODE.invalidTopicId : RETURN_CODE.notSupported;
      this.#outbox.send({ type: "PUBACK", topicId, msgId, returnCode });
      return;
    }
    const isNew = qos === 2 ? this.#receive(message, now) : true;
    if (qos === 1) this.#outbox.send({ type: "PUBACK", topicId, msgId, returnCode: RETURN_CODE.accepted });
    if (!isNew) return;
    const { retain, dup, data } = message;
    this.#outbox.tell({ type: "message", topicName, topicIdType, topicId, qos, retain, dup, data });
  }

  /** Whether a QoS 2 message is for the application; answers it. */
  #receive(message: Publish, now: Instant): boolean {
    const judgement = this.#received.judge(message, now);
    if (judgement === "late" || judgement === "full") return false;
    if (judgement === "new") this.#received.open(message);
    // While awake the PINGREQ is what is repeated, and makes the gateway repeat (Z10).
    const pubrec: Message = { type: "PUBREC", msgId: message.msgId };
    if (this.#state === "active") this.#receipt = this.#outbox.request(pubrec, now);
    else this.#outbox.send(pubrec);
    return judgement === "new";
  }

  #topicName({ topicIdType, topicId }: Publish): string | undefined {
    if (topicIdType === "normal") return this.#topics.name(topicId);
    if (topicIdType === "short") return decodeShortName(topicId) ?? undefined;
    return undefined;
  }
}
