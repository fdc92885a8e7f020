import { setTimeout as delay } from "node:timers/promises";
import type { MqttQoS } from "../src/gateway/packet.ts";
import { MSG_TYPE } from "../src/sn/msg-type.ts";
import { BrokerPeer } from "./broker-peer.ts";
import { Histogram } from "./histogram.ts";
import { Ledger } from "./ledger.ts";
import { Nodes, topicOf } from "./nodes.ts";
import { DATA_OFFSET, newPublish } from "./publish-datagram.ts";

/** Messages on their way at once, over all nodes together. */
const WINDOW = 128;

/** A node and a MsgId of its own make one key. */
const MSG_IDS = 65_536;

/** A message that has not arrived by then is lost. Shorter than Tretry: what the gateway has to send again counts as lost. */
const LOST_AFTER_MS = 3000;

/** One of the messages on their way. Its number and that of the message are in the payload. */
interface Slot {
  number: number;
  node: number;
  /** The number of the message in the run; negative where it has nothing on its way any more. */
  sequence: number;
  sentAt: number;
  /** Written anew for every message: nothing is sent from a slot before its last message has been answered. */
  datagram: Buffer;
  /** What the node answers with at QoS 1 and 2: PUBREL, or PUBACK or PUBREC and PUBCOMP. */
  answer: Buffer;
}

/**
 * A closed loop: as soon as a message is through, the next one is sent, from or to the next node. A node's message is through with its
 * last acknowledgement, at QoS 0 when the subscriber at the broker has it; a message to a node when the node has it, at QoS 2 with PUBREL.
 */
export class Load {
  completed = 0;
  lost = 0;
  strays = 0;
  /** How long messages were on their way. */
  readonly latency = new Histogram();
  readonly #nodes: Nodes;
  readonly #peer: BrokerPeer;
  readonly #slots: Slot[];
  readonly #count: number;
  readonly #qos: MqttQoS;
  readonly #topicIds: readonly number[] | undefined;
  readonly #topics: Buffer[];
  /** By node and MsgId: deliveries of QoS 2 that wait for PUBREL. */
  readonly #unreleased = new Map<number, Slot>();
  readonly #ledger = new Ledger();
  #nextNode = 0;
  #nextSequence = 0;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    nodes: Nodes,
    peer: BrokerPeer,
    count: number,
    qos: MqttQoS,
    topicIds: readonly number[] | undefined,
  ) {
    this.#nodes = nodes;
    this.#peer = peer;
    this.#count = count;
    this.#qos = qos;
    this.#topicIds = topicIds;
    this.#topics = Array.from({ length: count }, (_, node) => Buffer.from(topicOf(node)));
    this.#slots = Array.from({ length: WINDOW }, (_, number) => newSlot(number, topicIds !== undefined, qos));
  }

  /** Connects nodes and peer, ready to start. With `publish` the messages come from the nodes, else they go to them. */
  static async prepare(
    publish: boolean,
    count: number,
    qos: MqttQoS,
    gatewayPort: number,
    brokerPort: number,
  ): Promise<Load> {
    let load: Load | undefined;
    const peer = await BrokerPeer.connect(brokerPort, (payload) => load?.onArrival(payload));
    const nodes = await Nodes.open(count, gatewayPort, (node, datagram) => load?.onDatagram(node, datagram));
    await nodes.connect(count);
    const topicIds = publish ? await nodes.register(count) : undefined;
    if (!publish) await nodes.subscribe(count, qos);
    // What nobody subscribes to is not what a broker is for: every message goes on to a subscriber, at its own QoS.
    else await peer.subscribe("bench/#", qos);
    load = new Load(nodes, peer, count, qos, topicIds);
    return load;
  }

  /** Messages that came to the subscriber or to a node again. */
  get duplicates(): number {
    return this.#ledger.duplicates;
  }

  start(): void {
    for (const slot of this.#slots) this.#sendNext(slot);
    this.#timer = setInterval(() => this.#replaceLost(), 500);
  }

  /** Nothing is sent any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#isStopped = true;
  }

  /** After the stop: waits for what is on its way, and until the subscriber has what was acknowledged to the nodes. The rest is lost. */
  async settle(): Promise<void> {
    const giveUpAt = performance.now() + LOST_AFTER_MS;
    const onTheirWay = (): number => this.#slots.filter(({ sequence }) => sequence >= 0).length;
    while (onTheirWay() + this.#ledger.owed > 0 && performance.now() < giveUpAt) await delay(20);
    this.lost += onTheirWay() + this.#ledger.owed;
  }

  /** A message of a node has come to the subscriber at the broker. */
  onArrival(payload: Buffer): void {
    const sequence = payload.readUInt32BE(2);
    const isNew = this.#ledger.arrive(sequence);
    if (isNew && this.#qos === 0) this.#complete(payload.readUInt16BE(0), sequence);
  }

  onDatagram(node: number, datagram: Buffer): void {
    switch (datagram[1]) {
      case MSG_TYPE.PUBACK:
        if (datagram[6] !== 0) throw new Error(`PUBLISH was refused with code ${datagram[6]}`);
        this.#onAck(node, datagram.readUInt16BE(4));
        break;
      case MSG_TYPE.PUBREC: {
        const slot = this.#slots[datagram.readUInt16BE(2) - 1];
        if (slot !== undefined && slot.node === node) this.#nodes.send(node, slot.answer);
        else this.strays += 1;
        break;
      }
      case MSG_TYPE.PUBCOMP:
        this.#onAck(node, datagram.readUInt16BE(2));
        break;
      case MSG_TYPE.PUBLISH:
        this.#onDelivery(node, datagram);
        break;
      case MSG_TYPE.PUBREL:
        this.#onRelease(node, datagram.readUInt16BE(2));
        break;
      default:
        throw new Error(`node ${node} got an unexpected message of type ${datagram[1]}`);
    }
  }

  #onAck(node: number, msgId: number): void {
    const slot = this.#slots[msgId - 1];
    if (slot === undefined || slot.node !== node || slot.sequence < 0) {
      this.strays += 1;
      return;
    }
    this.#ledger.acknowledge(slot.sequence);
    this.#complete(slot.number, slot.sequence);
  }

  #onDelivery(node: number, datagram: Buffer): void {
    const number = datagram.readUInt16BE(DATA_OFFSET);
    const sequence = datagram.readUInt32BE(DATA_OFFSET + 2);
    const { answer } = this.#slots[number]!;
    if (this.#qos === 1) {
      // TopicId and MsgId stand side by side in both.
      datagram.copy(answer, 2, 3, 7);
      this.#nodes.send(node, answer);
    } else if (this.#qos === 2) {
      answer[1] = MSG_TYPE.PUBREC;
      datagram.copy(answer, 2, 5, 7);
      const key = node * MSG_IDS + datagram.readUInt16BE(5);
      // Until PUBREL it is the same delivery, sent again.
      if (this.#unreleased.has(key)) this.strays += 1;
      else this.#ledger.arrive(sequence);
      this.#unreleased.set(key, this.#slots[number]!);
      this.#nodes.send(node, answer);
      return;
    }
    if (this.#ledger.arrive(sequence)) this.#complete(number, sequence);
  }

  #onRelease(node: number, msgId: number): void {
    const key = node * MSG_IDS + msgId;
    const slot = this.#unreleased.get(key);
    if (slot === undefined) {
      this.strays += 1;
      return;
    }
    this.#unreleased.delete(key);
    slot.answer[1] = MSG_TYPE.PUBCOMP;
    this.#nodes.send(node, slot.answer);
    this.#complete(slot.number, slot.sequence);
  }

  #complete(number: number, sequence: number): void {
    const slot = this.#slots[number];
    if (slot === undefined || slot.sequence !== sequence) {
      this.strays += 1;
      return;
    }
    this.completed += 1;
    this.latency.add((performance.now() - slot.sentAt) * 1000);
    this.#sendNext(slot);
  }

  #sendNext(slot: Slot): void {
    if (this.#isStopped) {
      slot.sequence = -1;
      return;
    }
    const node = this.#nextNode;
    this.#nextNode = node + 1 === this.#count ? 0 : node + 1;
    slot.node = node;
    slot.sequence = this.#nextSequence;
    this.#nextSequence += 1;
    slot.sentAt = performance.now();
    const { datagram } = slot;
    datagram.writeUInt32BE(slot.sequence, DATA_OFFSET + 2);
    if (this.#topicIds === undefined) {
      this.#peer.publish(this.#topics[node]!, datagram.subarray(DATA_OFFSET), this.#qos);
      return;
    }
    datagram.writeUInt16BE(this.#topicIds[node]!, 3);
    this.#nodes.send(node, datagram);
  }

  #replaceLost(): void {
    const now = performance.now();
    for (const slot of this.#slots) {
      if (now - slot.sentAt < LOST_AFTER_MS) continue;
      this.lost += 1;
      this.#sendNext(slot);
    }
  }
}

/** MsgIds are the numbers of slots, from 1: two messages of one node on their way never have the same. */
function newSlot(number: number, publish: boolean, qos: MqttQoS): Slot {
  const datagram = newPublish(qos);
  datagram.writeUInt16BE(qos === 0 ? 0 : number + 1, 5);
  datagram.writeUInt16BE(number, DATA_OFFSET);
  const answer = qos === 2 ? Buffer.from([4, MSG_TYPE.PUBREL, 0, 0]) : Buffer.from([7, MSG_TYPE.PUBACK, 0, 0, 0, 0, 0]);
  if (qos === 2 && publish) answer.writeUInt16BE(number + 1, 2);
  return { number, node: -1, sequence: 0, sentAt: 0, datagram, answer };
}
