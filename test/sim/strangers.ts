import type { Random } from "../../src/device/random.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { MSG_TYPE } from "../../src/sn/msg-type.ts";
import { encodeShortName } from "../../src/sn/short-name.ts";
import type { Place, Places } from "./place.ts";
import type { SimOptions } from "./sim-options.ts";

/** Datagrams that are kept to be mutilated. */
const SEEN_MAX = 20;
/** How often a draw that could be taken for a client's word is drawn again. */
const DRAWS_MAX = 10;
/** Addresses that junk comes from, few, so that the limits for one address are met. */
const JUNK_ADDRESSES = 3;

/** The predefined id that every device may use without a connection, and its name. */
export const MINUS_ONE_TOPIC = { id: 9, topic: "minus/predefined", clientId: undefined };
const MINUS_ONE_SHORT = "Q1";
/** The names that QoS −1 reaches the broker under. */
export const MINUS_ONE_NAMES: readonly string[] = [MINUS_ONE_TOPIC.topic, MINUS_ONE_SHORT];

/** PUBLISHes that a client without patience sends at once: more than a Receive Maximum of the worlds allows. */
const HASTE = 6;
const HASTY_TOPIC = "Hx";

/** Who sends to the gateway and is none of its clients: noise, clients that go silent, those who search, and senders with QoS −1. */
export class Strangers {
  readonly #options: SimOptions;
  readonly #random: Random;
  readonly #places: Places;
  readonly #send: (from: Place, data: Uint8Array) => void;
  readonly #seen: Uint8Array[] = [];
  #count = 0;

  /** `send` puts a message on its way to the gateway. */
  constructor(options: SimOptions, random: Random, places: Places, send: (from: Place, data: Uint8Array) => void) {
    this.#options = options;
    this.#random = random;
    this.#places = places;
    this.#send = send;
  }

  /** A datagram of somebody; it may be mutilated later. */
  sees(data: Uint8Array): void {
    this.#seen.push(Uint8Array.from(data));
    if (this.#seen.length > SEEN_MAX) this.#seen.shift();
  }

  /** Octets that say nothing, from nowhere or from where a client is. */
  junk(clients: readonly Place[]): void {
    const isFromClient = this.#happens(0.4);
    const from = isFromClient ? this.#pick(clients) : this.#junkPlace();
    for (let draw = 0; draw < DRAWS_MAX; draw += 1) {
      const data = this.#noise();
      const message = decode(data);
      if (message.type !== "malformed" && !(isFromClient ? isVoid(message) : isHarmless(message))) continue;
      this.#send(from, data);
      return;
    }
  }

  /** A client that connects, and may not finish, and is silent from then on; or a CONNECT that is refused. */
  ghost(): void {
    this.#count += 1;
    const from = this.#places.at(`10.77.${this.#count >> 8}.${this.#count & 0xff}:4000`);
    const clientId = this.#happens(0.1) ? this.#pick(["", "x".repeat(300), "bad\u0000id"]) : `ghost${this.#count}`;
    const protocolId = this.#happens(0.1) ? 2 : 1;
    const will = this.#happens(0.5);
    const duration = this.#random.integer(1, 60);
    this.#say(from, { type: "CONNECT", will, cleanSession: this.#happens(0.8), protocolId, duration, clientId });
    if (!will || this.#happens(0.3)) return;
    const willTopic = this.#happens(0.2) ? "wrong/#" : `will/${clientId}`;
    this.#say(from, { type: "WILLTOPIC", empty: false, qos: 1, retain: false, willTopic });
    if (this.#happens(0.5)) this.#say(from, { type: "WILLMSG", willMsg: Buffer.from("gone") });
  }

  /** A client that connects; what it returns has it publish several messages at once, and answer nothing from then on. */
  hasty(): () => void {
    this.#count += 1;
    const from = this.#places.at(`10.79.${this.#count >> 8}.${this.#count & 0xff}:4000`);
    const clientId = `hasty${this.#count}`;
    const payload = `${clientId}-up-`;
    this.#say(from, { type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration: 10, clientId });
    const topicId = encodeShortName(HASTY_TOPIC)!;
    return () => {
      for (let msgId = 1; msgId <= HASTE; msgId += 1) {
        const data = Buffer.from(`${payload}${msgId}`);
        const qos = msgId % 2 === 0 ? 2 : 1;
        this.#say(from, {
          type: "PUBLISH",
          dup: false,
          qos,
          retain: false,
          topicIdType: "short",
          topicId,
          msgId,
          data,
        });
      }
    };
  }

  search(): void {
    this.#count += 1;
    const from =
      this.#options.forwarders > 0 && this.#happens(0.3)
        ? this.#places.behind(0, Uint8Array.of(0xff, this.#count >> 8, this.#count & 0xff))
        : this.#places.at(`10.88.${this.#count >> 8}.${this.#count & 0xff}:4000`);
    this.#say(from, { type: "SEARCHGW", radius: this.#random.integer(0, 3) });
  }

  /** PUBLISH with QoS −1, from a sender of its own or from where a client is. */
  qosMinusOne(clients: readonly Place[]): string {
    this.#count += 1;
    const payload = `minus-${this.#count}`;
    const from = this.#happens(0.3)
      ? this.#pick(clients)
      : this.#places.at(`10.55.0.${this.#random.integer(1, 5)}:4000`);
    const [topicIdType, topicId] = this.#pick([
      ["short", encodeShortName(MINUS_ONE_SHORT)!],
      ["predefined", MINUS_ONE_TOPIC.id],
      ["normal", this.#random.integer(1, 20)],
      ["reserved", 1],
    ] as const);
    const data = Buffer.from(payload);
    this.#say(from, { type: "PUBLISH", dup: false, qos: -1, retain: false, topicIdType, topicId, msgId: 0, data });
    return payload;
  }

  #say(from: Place, message: Message): void {
    this.#send(from, encode(message));
  }

  #junkPlace(): Place {
    if (this.#options.forwarders > 0 && this.#happens(0.3)) {
      const forwarder = this.#random.integer(0, this.#options.forwarders - 1);
      // From the forwarder itself, without an envelope, or from a node that nobody knows.
      return this.#happens(0.5)
        ? this.#places.forwarder(forwarder)
        : this.#places.behind(forwarder, this.#octets(this.#random.integer(0, 3)));
    }
    return this.#places.at(`10.66.0.${this.#random.integer(1, JUNK_ADDRESSES)}:4000`);
  }

  #noise(): Uint8Array {
    const seen = this.#seen.length === 0 || this.#happens(0.2) ? this.#octets(this.#random.integer(0, 40)) : undefined;
    const data = seen ?? Uint8Array.from(this.#pick(this.#seen));
    if (data.length === 0) return data;
    const at = this.#random.integer(0, data.length - 1);
    switch (this.#random.integer(0, 5)) {
      case 0:
        return data.subarray(0, at);
      case 1: {
        // Cut off, with a Length that says so.
        const short = data.slice(0, at + 1);
        short[0] = short.length;
        return short;
      }
      case 2:
        return Uint8Array.from([...data, ...this.#octets(this.#random.integer(1, 3))]);
      case 3:
        data[at] = this.#random.integer(0, 255);
        return data;
      case 4:
        if (data.length > 1) data[1] = this.#pick([0x03, 0x11, 0x19, 0x1e, 0xff, ...Object.values(MSG_TYPE)]);
        return data;
      default:
        return Uint8Array.from([this.#random.integer(0, 8), MSG_TYPE.ENCAPSULATED, 0, ...data]);
    }
  }

  #octets(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#random.integer(0, 255));
  }

  #happens(probability: number): boolean {
    return this.#random.next() < probability;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#random.integer(0, choices.length - 1)]!;
  }
}

/** Whether it means nothing to a gateway, whoever says it. */
function isVoid(message: Message): boolean {
  switch (message.type) {
    case "ADVERTISE":
    case "GWINFO":
    case "CONNACK":
    case "WILLTOPICREQ":
    case "WILLMSGREQ":
    case "SUBACK":
    case "UNSUBACK":
    case "WILLTOPICRESP":
    case "WILLMSGRESP":
      return true;
    case "PUBLISH":
      return message.qos === -1 && (message.topicIdType === "normal" || message.topicIdType === "reserved");
    default:
      return false;
  }
}

/** Whether it changes nothing when somebody says it who is no client: no session begins or moves by it, and nothing is published. */
function isHarmless(message: Message): boolean {
  switch (message.type) {
    case "CONNECT":
    case "ENCAPSULATED":
      return false;
    case "PINGREQ":
      return message.clientId === "";
    case "PUBLISH":
      return message.qos !== -1 || isVoid(message);
    default:
      return true;
  }
}
