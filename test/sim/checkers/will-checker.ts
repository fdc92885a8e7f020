import type { LinkConnect } from "../../../src/gateway/contract.ts";
import type { MqttQoS, Will } from "../../../src/gateway/packet.ts";
import type { Connect, Message } from "../../../src/sn/message.ts";
import type { BrokerHabits } from "../broker-habits.ts";
import type { ConnectChecker } from "./connect-checker.ts";
import type { Fail } from "./fail.ts";

/** Updates of a will that may be what an answer speaks of: none has a MsgId, and a late copy of one is done once more. */
const UPDATES_KEPT = 10;

interface SetUp {
  readonly connect: Connect;
  step: "will topic" | "will message" | "broker";
  /** The stored will stays in force. */
  readonly keepsWill: boolean;
  /** The will of the connection that is to be. */
  will: Will | undefined;
  /** The gateway has connected to the broker for it. */
  isOpened: boolean;
}

/** Which will a client has at the broker: what it said when it connected (W1 to W3), and what it was told is accepted since (W10). */
export class WillChecker {
  readonly #habits: BrokerHabits;
  readonly #fail: Fail;
  #setUp: SetUp | undefined;
  /** The will of the session. */
  #stored: Will | undefined;
  /** The will that the gateway has connected with since, for an update whose answer has not been sent: a sleeping client has to wait for it. */
  #unanswered: { will: Will | undefined } | undefined;
  /** What the gateway has connected with for a CONNECT, which the client need not have been told of. */
  #opened: { will: Will | undefined } | undefined;
  /** The same, for the last connection that came to be. */
  #inForce: { will: Will | undefined } | undefined;
  readonly #topicUpdates: (string | undefined)[] = [];
  readonly #messageUpdates: string[] = [];

  constructor(habits: BrokerHabits, fail: Fail) {
    this.#habits = habits;
    this.#fail = fail;
  }

  toGateway(message: Message, connecting: ConnectChecker): void {
    switch (message.type) {
      case "CONNECT":
        this.#onConnect(message, connecting);
        break;
      case "WILLTOPIC":
        if (this.#setUp?.step !== "will topic") break;
        this.#setUp.step = message.empty ? "broker" : "will message";
        if (message.empty) this.#setUp.will = undefined;
        if (message.empty || message.qos === -1) break;
        this.#setUp.will = {
          topic: message.willTopic ?? "",
          payload: new Uint8Array(0),
          qos: message.qos,
          retain: message.retain,
        };
        break;
      case "WILLMSG":
        if (this.#setUp?.step !== "will message") break;
        this.#setUp.step = "broker";
        if (this.#setUp.will !== undefined) this.#setUp.will.payload = Buffer.from(message.willMsg);
        break;
      case "WILLTOPICUPD":
        keep(this.#topicUpdates, message.empty ? undefined : (message.willTopic ?? ""));
        break;
      case "WILLMSGUPD":
        keep(this.#messageUpdates, Buffer.from(message.willMsg).toString());
        break;
      default:
        break;
    }
  }

  /** The gateway has started, and says that this was the will of the client. */
  restored(will: Will | undefined): void {
    this.#stored = will;
  }

  /** Whether this may be the will that the gateway takes for that of the session. */
  isStored(will: Will | undefined): boolean {
    if (this.#isSame(will, this.#stored)) return true;
    return [this.#unanswered, this.#inForce, this.#opened].some(
      (other) => other !== undefined && this.#isSame(will, other.will),
    );
  }

  /** The connection that the gateway has made anew is in use. */
  ready(): void {
    this.#inForce = this.#unanswered;
  }

  /** The gateway has given the client's CONNECT up. */
  abandoned(): void {
    this.#setUp = undefined;
  }

  /** `atBroker` is what the broker has for the client's connection; undefined where it has none of either. */
  toClient(message: Message, atBroker: { will: Will | undefined } | undefined): void {
    switch (message.type) {
      case "CONNACK":
        if (message.returnCode === 0) this.#connected();
        else this.#setUp = undefined;
        break;
      case "DISCONNECT":
        this.#setUp = undefined;
        break;
      case "WILLTOPICRESP":
        if (message.returnCode !== 0 || atBroker === undefined) break;
        if (!this.#topicUpdates.includes(atBroker.will?.topic)) {
          this.#fail(`W10: WILLTOPICRESP accepted, and the broker has ${atBroker.will?.topic}`);
        }
        this.#stored = atBroker.will;
        this.#unanswered = undefined;
        break;
      case "WILLMSGRESP": {
        if (message.returnCode !== 0 || atBroker === undefined) break;
        const payload = atBroker.will === undefined ? undefined : Buffer.from(atBroker.will.payload).toString();
        if (payload === undefined || !this.#messageUpdates.includes(payload)) {
          this.#fail(`W10: WILLMSGRESP accepted, and the broker has ${payload}`);
        }
        this.#stored = atBroker.will;
        this.#unanswered = undefined;
        break;
      }
      default:
        break;
    }
  }

  /** The gateway connects to the broker anew for a connected client. */
  renewed({ will }: LinkConnect): void {
    this.#unanswered = { will };
  }

  /** The gateway connects to the broker for a client that sets up its connection. */
  opened({ will }: LinkConnect): void {
    const setUp = this.#setUp;
    // What a sleeping client has asked for may be answered when it has woken up.
    if (setUp?.keepsWill !== true) {
      this.#topicUpdates.length = 0;
      this.#messageUpdates.length = 0;
    }
    this.#opened = { will };
    if (setUp === undefined) return;
    setUp.isOpened = true;
    if (setUp.keepsWill && this.#unanswered !== undefined && this.#isSame(will, this.#unanswered.will))
      setUp.will = will;
    if (this.#isSame(will, setUp.will)) return;
    this.#fail(`W3: connected with the will ${text(will)} instead of ${text(setUp.will)}`);
  }

  /** But for what the broker does not take of it. */
  #isSame(one: Will | undefined, other: Will | undefined): boolean {
    return isSame(this.#taken(one), this.#taken(other));
  }

  #taken(will: Will | undefined): Will | undefined {
    if (will === undefined) return undefined;
    const { maxQos, retains } = this.#habits;
    return { ...will, qos: Math.min(will.qos, maxQos) as MqttQoS, retain: will.retain && retains };
  }

  #onConnect(connect: Connect, { keepsSession, isPrompted }: ConnectChecker): void {
    const before = this.#setUp;
    if (before?.step === "broker") return;
    if (before !== undefined && isSameConnect(before.connect, connect)) return;
    // Of the four cases of §6.3 only CleanSession=0, Will=0 keeps the will that was; a client that wakes up keeps it in any case.
    const keepsWill = keepsSession || (!connect.cleanSession && !connect.will);
    const will = keepsWill ? this.#stored : undefined;
    this.#setUp = { connect, step: isPrompted ? "will topic" : "broker", keepsWill, will, isOpened: false };
  }

  #connected(): void {
    const setUp = this.#setUp;
    this.#setUp = undefined;
    // Without a new connection the CONNECT was a repeated one (C12), or that of a client that woke up: its will stays what it was.
    if (setUp?.isOpened !== true) return;
    this.#stored = setUp.will;
    this.#unanswered = undefined;
  }
}

function keep<T>(updates: T[], update: T): void {
  if (updates.length > 0 && updates.at(-1) === update) return;
  updates.push(update);
  if (updates.length > UPDATES_KEPT) updates.shift();
}

function isSameConnect(one: Connect, other: Connect): boolean {
  return one.will === other.will && one.cleanSession === other.cleanSession && one.duration === other.duration;
}

function isSame(one: Will | undefined, other: Will | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const isSamePayload = Buffer.compare(one.payload, other.payload) === 0;
  return one.topic === other.topic && isSamePayload && one.qos === other.qos && one.retain === other.retain;
}

function text(will: Will | undefined): string {
  return will === undefined ? "none" : `${will.topic} ${Buffer.from(will.payload).toString()}`;
}
