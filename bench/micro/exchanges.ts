import type { AckPacket, PacketFromBroker } from "../../src/gateway/packet.ts";
import { encode } from "../../src/sn/encode.ts";
import { BenchClient } from "./bench-client.ts";
import type { EventTaker } from "./event-taker.ts";

/** The exchanges that are measured, as the baseline of the guard names them. */
export const EXCHANGE_NAMES = [
  "publish QoS 0",
  "publish QoS 1",
  "publish QoS 2",
  "deliver QoS 0",
  "deliver QoS 1",
  "deliver QoS 2",
  "keep alive",
  "wake-up without a message",
  "wake-up with a message",
  "connect and disconnect",
] as const;

export type ExchangeName = (typeof EXCHANGE_NAMES)[number];

const PING = encode({ type: "PINGREQ", clientId: "" });
const DISCONNECT = encode({ type: "DISCONNECT", duration: undefined });
const SLEEP = encode({ type: "DISCONNECT", duration: 3600 });
const PAYLOAD = new Uint8Array(32).fill(0x2e);

/**
 * Whole exchanges, from the first message of a client or its broker to the last answer, in turn with each of many clients, and with a
 * broker that answers as it should.
 */
export class Exchanges {
  readonly #taker: EventTaker;
  readonly #clients: BenchClient[] = [];
  readonly #sleepers: BenchClient[] = [];
  readonly #visitors: BenchClient[] = [];
  #turn = 0;

  /** `clients` are connected, and as many sleep. */
  constructor(taker: EventTaker, clients: number) {
    this.#taker = taker;
    for (let number = 0; number < clients; number += 1) {
      const client = new BenchClient("node", number);
      client.join(taker);
      this.#clients.push(client);
      const sleeper = new BenchClient("sleeper", number);
      sleeper.join(taker);
      taker.datagram(sleeper.address, SLEEP);
      this.#sleepers.push(sleeper);
      this.#visitors.push(new BenchClient("visitor", number));
    }
  }

  /** One exchange of a kind, with the next client. */
  run(name: ExchangeName): void {
    this.#turn += 1;
    const index = this.#turn % this.#clients.length;
    switch (name) {
      case "publish QoS 0":
        this.#publish(this.#clients[index]!, 0);
        break;
      case "publish QoS 1":
        this.#publish(this.#clients[index]!, 1);
        break;
      case "publish QoS 2":
        this.#publish(this.#clients[index]!, 2);
        break;
      case "deliver QoS 0":
        this.#deliver(this.#clients[index]!, 0);
        break;
      case "deliver QoS 1":
        this.#deliver(this.#clients[index]!, 1);
        break;
      case "deliver QoS 2":
        this.#deliver(this.#clients[index]!, 2);
        break;
      case "keep alive":
        this.#says(this.#clients[index]!, PING);
        break;
      case "wake-up without a message":
        this.#ping(this.#sleepers[index]!);
        break;
      case "wake-up with a message":
        this.#wakeUp(this.#sleepers[index]!);
        break;
      case "connect and disconnect":
        this.#visit(this.#visitors[index]!);
        break;
    }
  }

  #publish(client: BenchClient, qos: 0 | 1 | 2): void {
    client.nextExchange();
    this.#says(client, client.publish(qos));
    if (qos === 1) this.#acknowledges(client, "puback");
    if (qos !== 2) return;
    this.#acknowledges(client, "pubrec");
    this.#says(client, client.pubRel);
    this.#acknowledges(client, "pubcomp");
  }

  #deliver(client: BenchClient, qos: 0 | 1 | 2): void {
    client.nextExchange();
    this.#brings(client, qos);
    if (qos === 1) this.#says(client, client.pubAck);
    if (qos !== 2) return;
    this.#says(client, client.pubRec);
    this.#acknowledges(client, "pubrel");
    this.#says(client, client.pubComp);
  }

  #ping(sleeper: BenchClient): void {
    this.#says(sleeper, sleeper.wakeUp);
  }

  #wakeUp(sleeper: BenchClient): void {
    sleeper.nextExchange();
    this.#brings(sleeper, 1);
    this.#says(sleeper, sleeper.wakeUp);
    this.#says(sleeper, sleeper.pubAck);
    this.#taker.linkEvent({ type: "link-probed", link: sleeper.link });
  }

  #visit(visitor: BenchClient): void {
    visitor.beginConnection(this.#taker);
    this.#says(visitor, DISCONNECT);
    this.#taker.linkEvent({ type: "link-closed", link: visitor.link, reason: "closed" });
  }

  #says(client: BenchClient, octets: Uint8Array): void {
    this.#taker.datagram(client.address, octets);
  }

  #brings({ link, topic, msgId }: BenchClient, qos: 0 | 1 | 2): void {
    const messageId = qos === 0 ? 0 : msgId;
    this.#packet(link, { cmd: "publish", topic, payload: PAYLOAD, qos, retain: false, dup: false, messageId });
  }

  #acknowledges({ link, msgId }: BenchClient, cmd: AckPacket["cmd"]): void {
    this.#packet(link, { cmd, messageId: msgId });
  }

  #packet(link: number, packet: PacketFromBroker): void {
    this.#taker.linkEvent({ type: "packet", link, packet });
  }
}
