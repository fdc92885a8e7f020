import type { PacketFromBroker, PacketToBroker } from "../../../src/gateway/packet.ts";
import type { Message } from "../../../src/sn/message.ts";
import { RETURN_CODE } from "../../../src/sn/return-code.ts";
import { filterOf } from "../filter-of.ts";
import type { Fail } from "./fail.ts";
import type { SubscriptionChecker } from "./subscription-checker.ts";

/** Messages under one MsgId that an answer may be about: a late copy of the one before may come after the next. */
const KEPT = 2;

/**
 * Nothing is acknowledged to a client that the broker has not acknowledged (P9, S1). What the broker has said stays true when the gateway
 * ends or its connection does: this outlives both.
 */
export class AcknowledgementChecker {
  readonly #clientId: string;
  readonly #gateway: string;
  readonly #subscriptions: SubscriptionChecker;
  /** Whether the broker has QoS 2. Without, its PUBACK says that it has the message, and there is nothing that it could forget. */
  readonly #hasQos2: boolean;
  readonly #fail: Fail;
  /** Payloads that the client has published, and filters that it has subscribed to, by MsgId: the last ones first. */
  readonly #published = new Map<number, string[]>();
  readonly #subscribed = new Map<number, string[]>();
  /** Filters that the client has given up, and not asked for since. */
  readonly #unwanted = new Set<string>();
  /** What the gateway has asked, by packet identifier: a payload or a list of filters. */
  readonly #packets = new Map<number, string>();
  /** What the broker has said PUBACK or SUBACK to, PUBREC, and PUBCOMP. */
  readonly #acknowledged = new Set<string>();
  readonly #received = new Set<string>();
  readonly #completed = new Set<string>();
  /** MsgIds of QoS 2 messages that the client takes to be at the broker, and was not told that this is over. */
  readonly #unreleased = new Set<number>();
  /** Those of which this life of the gateway has told it so. */
  #told = new Set<number>();
  /** Those that the broker has forgotten since. */
  #forgotten = new Set<number>();

  constructor(clientId: string, gateway: string, subscriptions: SubscriptionChecker, hasQos2: boolean, fail: Fail) {
    this.#hasQos2 = hasQos2;
    this.#clientId = clientId;
    this.#gateway = gateway;
    this.#subscriptions = subscriptions;
    this.#fail = fail;
  }

  /** Whether there are QoS 2 messages that the client takes to be at the broker. */
  get hasUnreleased(): boolean {
    return this.#unreleased.size > 0;
  }

  /** The gateway begins with what it has saved, or nothing. */
  restarted(): void {
    this.#told.clear();
    this.#forgotten.clear();
  }

  /** The broker has a new session for the client, which does not notice; or the client has begun anew. */
  brokerForgot(isNoticed: boolean): void {
    this.#forgotten = isNoticed ? new Set() : new Set(this.#told);
    this.#told.clear();
    if (isNoticed) this.#unreleased.clear();
  }

  toGateway(message: Message): void {
    switch (message.type) {
      case "PUBLISH":
        keep(this.#published, message.msgId, Buffer.from(message.data).toString());
        break;
      case "PUBREL":
        if (this.#hasQos2) this.#unreleased.add(message.msgId);
        break;
      case "SUBSCRIBE": {
        const filter = filterOf(this.#clientId, message);
        if (filter === undefined) break;
        // A copy, which may come after an UNSUBSCRIBE that was said before: nobody can tell what the client wants.
        if (this.#subscribed.get(message.msgId)?.includes(filter) !== true) this.#unwanted.delete(filter);
        keep(this.#subscribed, message.msgId, filter);
        break;
      }
      case "UNSUBSCRIBE": {
        const filter = filterOf(this.#clientId, message);
        if (filter === undefined) break;
        this.#unwanted.add(filter);
        this.#subscriptions.unsubscribes(this.#clientId, filter);
        break;
      }
      default:
        break;
    }
  }

  /** A packet of the gateway. */
  toBroker(packet: PacketToBroker): void {
    if (packet.cmd === "publish" && packet.qos > 0)
      this.#packets.set(packet.messageId, Buffer.from(packet.payload).toString());
    else if (packet.cmd === "subscribe")
      this.#packets.set(packet.messageId, packet.subscriptions.map(({ topic }) => topic).join());
    else if (packet.cmd === "unsubscribe") {
      // It may have waited for the connection, and the client has subscribed at another gateway since.
      for (const filter of packet.unsubscriptions)
        if (this.#unwanted.has(filter)) this.#subscriptions.unsubscribes(this.#clientId, filter);
    }
  }

  fromBroker(packet: PacketFromBroker): void {
    const asked = this.#packets.get(packet.messageId) ?? "";
    if ("reasonCode" in packet && (packet.reasonCode ?? 0) >= 0x80) return;
    if (packet.cmd === "puback") {
      this.#acknowledged.add(asked);
      if (!this.#hasQos2) this.#received.add(asked);
      if (!this.#hasQos2) this.#completed.add(asked);
    } else if (packet.cmd === "suback") for (const filter of asked.split(",")) this.#acknowledged.add(filter);
    else if (packet.cmd === "pubrec") this.#received.add(asked);
    // Of a PUBREL that is about a message of before the gateway's start only the number is known.
    else if (packet.cmd === "pubcomp") this.#completed.add(asked).add(`${packet.messageId}`);
  }

  toClient(message: Message): void {
    switch (message.type) {
      case "DISCONNECT":
        // What it does about it is up to the client.
        this.#told.clear();
        this.#forgotten.clear();
        break;
      case "PUBACK":
        if (message.returnCode === RETURN_CODE.accepted) this.#mustHave(this.#acknowledged, message);
        break;
      case "PUBREC":
        this.#mustHave(this.#received, message);
        if (!this.#hasQos2) break;
        this.#unreleased.add(message.msgId);
        this.#told.add(message.msgId);
        this.#forgotten.delete(message.msgId);
        break;
      case "PUBCOMP":
        if (!this.#completed.has(`${message.msgId}`)) this.#mustHave(this.#completed, message);
        if (this.#forgotten.has(message.msgId))
          this.#fail(`P10: PUBCOMP ${message.msgId}, and the broker has forgotten the message`);
        this.#unreleased.delete(message.msgId);
        this.#told.delete(message.msgId);
        break;
      case "SUBACK": {
        if (message.returnCode !== RETURN_CODE.accepted) break;
        const filter = this.#subscribed.get(message.msgId)?.find((asked) => this.#acknowledged.has(asked));
        if (filter === undefined) this.#fail(`S1: SUBACK ${message.msgId}, and the broker has not said it`);
        if (!this.#unwanted.has(filter)) this.#subscriptions.subscribed(this.#clientId, filter, this.#gateway);
        break;
      }
      default:
        break;
    }
  }

  #mustHave(said: ReadonlySet<string>, { type, msgId }: Message & { msgId: number }): void {
    if (this.#published.get(msgId)?.some((payload) => said.has(payload)) === true) return;
    this.#fail(`P9: ${type} ${msgId}, and the broker has not said it`);
  }
}

function keep(said: Map<number, string[]>, msgId: number, what: string): void {
  const before = said.get(msgId)?.filter((other) => other !== what) ?? [];
  said.set(msgId, [what, ...before].slice(0, KEPT));
}
