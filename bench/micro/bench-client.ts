import type { Address, LinkId } from "../../src/gateway/contract.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { QoS } from "../../src/sn/message.ts";
import type { EventTaker } from "./event-taker.ts";

const PAYLOAD = new Uint8Array(32).fill(0x2e);

/**
 * One client with what it says, in octets made beforehand, so that what is measured is the gateway's work. It is connected, has
 * registered a topic of its own, and has subscribed to another.
 */
export class BenchClient {
  readonly clientId: string;
  readonly address: Address;
  readonly connect: Uint8Array;
  readonly wakeUp: Uint8Array;
  /** The name of the topic that it has subscribed to. */
  readonly topic: string;
  link: LinkId = 0;
  /** Of its exchanges, one after the other; the broker's exchanges with it have the same numbers. */
  msgId = 1;
  #publishes: readonly Uint8Array[] = [];
  readonly #pubRel = encode({ type: "PUBREL", msgId: 1 });
  readonly #pubRec = encode({ type: "PUBREC", msgId: 1 });
  readonly #pubComp = encode({ type: "PUBCOMP", msgId: 1 });
  #pubAck: Uint8Array = new Uint8Array(0);

  constructor(kind: string, number: number) {
    this.clientId = `${kind}-${number}`;
    // As src/transport has them.
    this.address = `192.0.2.${number % 250}:${10_000 + number}/${kind}`;
    this.topic = `site/${kind}/${number}/set`;
    const { clientId } = this;
    this.connect = encode({
      type: "CONNECT",
      will: false,
      cleanSession: true,
      protocolId: 1,
      duration: 3600,
      clientId,
    });
    this.wakeUp = encode({ type: "PINGREQ", clientId });
  }

  /** Connects, registers, and subscribes. */
  join(taker: EventTaker): void {
    this.beginConnection(taker);
    const topicName = `site/${this.clientId}/temperature`;
    taker.datagram(this.address, encode({ type: "REGISTER", topicId: 0, msgId: 1, topicName }));
    const topicId = idIn(taker.lastSent);
    this.#publishes = ([0, 1, 2] as QoS[]).map((qos) =>
      encode({
        type: "PUBLISH",
        dup: false,
        qos,
        retain: false,
        topicIdType: "normal",
        topicId,
        msgId: qos,
        data: PAYLOAD,
      }),
    );
    const { link, topic } = this;
    const subscribe = { dup: false, qos: 2, msgId: 2, topicIdType: "normal", topicName: topic } as const;
    taker.datagram(this.address, encode({ type: "SUBSCRIBE", ...subscribe }));
    taker.linkEvent({ type: "packet", link, packet: { cmd: "suback", messageId: 2, granted: [2] } });
    this.#pubAck = encode({ type: "PUBACK", topicId: idIn(taker.lastSent), msgId: 1, returnCode: 0 });
  }

  /** CONNECT to CONNACK. */
  beginConnection(taker: EventTaker): void {
    taker.datagram(this.address, this.connect);
    this.link = taker.lastLink;
    taker.linkEvent({ type: "link-opened", link: this.link, sessionPresent: false });
  }

  /** The next exchange begins: messages of it from here on have its number. */
  nextExchange(): void {
    this.msgId = this.msgId === 0x7fff ? 1 : this.msgId + 1;
  }

  publish(qos: 0 | 1 | 2): Uint8Array {
    return qos === 0 ? this.#publishes[0]! : this.#numbered(this.#publishes[qos]!, 5);
  }

  get pubRel(): Uint8Array {
    return this.#numbered(this.#pubRel, 2);
  }

  get pubRec(): Uint8Array {
    return this.#numbered(this.#pubRec, 2);
  }

  get pubComp(): Uint8Array {
    return this.#numbered(this.#pubComp, 2);
  }

  /** For a message under the topic that it has subscribed to. */
  get pubAck(): Uint8Array {
    return this.#numbered(this.#pubAck, 4);
  }

  #numbered(octets: Uint8Array, at: number): Uint8Array {
    octets[at] = this.msgId >> 8;
    octets[at + 1] = this.msgId & 0xff;
    return octets;
  }
}

/** The topic id in the answer to REGISTER or SUBSCRIBE. */
function idIn(octets: Uint8Array): number {
  const message = decode(octets);
  if (message.type !== "REGACK" && message.type !== "SUBACK") throw new Error(`${message.type} in place of a topic id`);
  return message.topicId;
}
