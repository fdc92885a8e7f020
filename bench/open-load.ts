import { setTimeout as delay } from "node:timers/promises";
import { MSG_TYPE } from "../src/sn/msg-type.ts";
import { BrokerPeer } from "./broker-peer.ts";
import { Histogram } from "./histogram.ts";
import { Nodes, topicOf } from "./nodes.ts";
import { Pace } from "./pace.ts";
import { DATA_OFFSET, newPublish } from "./publish-datagram.ts";

/** More than are sent at any rate in the time that one may take; a power of two. */
const ON_THEIR_WAY_MAX = 2 ** 19;

/** Messages that may leave when one has come: a backlog is made up for by the timer, in bursts that a receive buffer holds. */
const AT_ARRIVAL_MAX = 2;

/** What has not come so long after it was due is lost. */
const LOST_AFTER_MS = 500;

const MSG_ID_MAX = 65_535;

/** What came of some time at one rate. */
export interface OpenStep {
  /** Messages that were to be sent. */
  due: number;
  sent: number;
  /** Messages that were due, and did not come in time, or were not even sent. */
  lost: number;
  /** What was really sent, in messages a second. */
  sentPerSecond: number;
  /** What this process used meanwhile, of one core. */
  generatorPercent: number;
}

/**
 * An open loop: messages leave at a rate, whatever becomes of them, from or to one node after the other. How long a message took counts from
 * when it was due, not from when the generator came to send it.
 */
export class OpenLoad {
  /** How long messages were on their way, in the last step. */
  readonly latency = new Histogram();
  /** Messages that came the whole way in time, in the last step. */
  completed = 0;
  readonly #nodes: Nodes;
  readonly #peer: BrokerPeer;
  readonly #count: number;
  readonly #topicIds: readonly number[] | undefined;
  readonly #topics: readonly Buffer[];
  readonly #qos: 0 | 1;
  /** One for each node: the octets must stay until they are sent. */
  readonly #datagrams: readonly Buffer[];
  /** When each message was due, by the end of its number; NaN where none is on its way. */
  readonly #dueAt = new Float64Array(ON_THEIR_WAY_MAX).fill(Number.NaN);
  /** The number of the next message. */
  #next = 0;
  #strays = 0;
  /** The number of the first message of this step, and when each of it is due. */
  #first = 0;
  #pace = new Pace(1, 0, 0);
  #isSending = false;

  private constructor(
    nodes: Nodes,
    peer: BrokerPeer,
    count: number,
    qos: 0 | 1,
    topicIds: readonly number[] | undefined,
  ) {
    this.#nodes = nodes;
    this.#peer = peer;
    this.#count = count;
    this.#qos = qos;
    this.#topicIds = topicIds;
    this.#topics = Array.from({ length: count }, (_, node) => Buffer.from(topicOf(node)));
    this.#datagrams = Array.from({ length: count }, (_, node) => {
      const datagram = newPublish(qos);
      datagram.writeUInt16BE(topicIds?.[node] ?? 0, 3);
      return datagram;
    });
  }

  /** Connects nodes and peer. With `publish` the messages come from the nodes, else they go to them. */
  static async prepare(
    publish: boolean,
    count: number,
    qos: 0 | 1,
    gatewayPort: number,
    brokerPort: number,
  ): Promise<OpenLoad> {
    let load: OpenLoad | undefined;
    const peer = await BrokerPeer.connect(brokerPort, (payload) => {
      if (qos === 0) load?.complete(payload.readUInt32BE(0));
    });
    const nodes = await Nodes.open(count, gatewayPort, (node, datagram) => load?.onDatagram(node, datagram));
    await nodes.connect(count);
    const topicIds = publish ? await nodes.register(count) : undefined;
    if (publish) await peer.subscribe("bench/#", qos);
    else await nodes.subscribe(count, qos);
    load = new OpenLoad(nodes, peer, count, qos, topicIds);
    return load;
  }

  /** Sends at this rate, in messages a second, for a while, and waits for what is still on its way. */
  async step(rate: number, ms: number): Promise<OpenStep> {
    this.latency.clear();
    this.completed = 0;
    this.#first = this.#next;
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    const pace = new Pace(rate, ms, startedAt);
    this.#pace = pace;
    this.#isSending = true;
    while (performance.now() - startedAt < ms) {
      this.#sendDue(performance.now(), pace.burstMax);
      await delay(1);
    }
    this.#sendDue(performance.now(), pace.burstMax);
    this.#isSending = false;
    const cpu = process.cpuUsage(cpuBefore);
    const generatorPercent = (cpu.user + cpu.system) / (10 * (performance.now() - startedAt));
    const sent = this.#next - this.#first;
    const sentPerSecond = (1000 * sent) / ms;
    const giveUpAt = performance.now() + LOST_AFTER_MS;
    while (this.completed < sent && performance.now() < giveUpAt) await delay(10);
    const lost = pace.total - this.completed;
    this.#dueAt.fill(Number.NaN);
    // What comes later still must not be in the next step's way.
    for (let strays = -1; strays !== this.#strays; ) {
      strays = this.#strays;
      await delay(100);
    }
    return { due: pace.total, sent, lost, sentPerSecond, generatorPercent };
  }

  onDatagram(node: number, datagram: Buffer): void {
    if (datagram[1] === MSG_TYPE.PUBLISH) {
      this.complete(datagram.readUInt32BE(DATA_OFFSET));
    } else if (datagram[1] === MSG_TYPE.PUBACK && datagram[6] === 0) {
      // MsgIds count a node's messages: the last one that had this MsgId.
      const lastRound = Math.floor((this.#next - 1 - node) / this.#count);
      const before = (lastRound - (datagram.readUInt16BE(4) - 1)) % MSG_ID_MAX;
      this.complete((lastRound - before) * this.#count + node);
    }
  }

  complete(message: number): void {
    const place = message & (ON_THEIR_WAY_MAX - 1);
    const dueAt = this.#dueAt[place]!;
    const now = performance.now();
    if (Number.isNaN(dueAt)) {
      this.#strays += 1;
    } else {
      this.#dueAt[place] = Number.NaN;
      if (now - dueAt < LOST_AFTER_MS) this.completed += 1;
      this.latency.add((now - dueAt) * 1000);
    }
    // Where much is received the timer comes late.
    if (this.#isSending) this.#sendDue(now, AT_ARRIVAL_MAX);
  }

  #sendDue(now: number, max: number): void {
    const last = this.#next + Math.min(max, this.#pace.behind(this.#next - this.#first, now));
    while (this.#next < last) {
      this.#send(this.#next, this.#pace.dueAt(this.#next - this.#first));
      this.#next += 1;
    }
  }

  #send(message: number, dueAt: number): void {
    const node = message % this.#count;
    const datagram = this.#datagrams[node]!;
    this.#dueAt[message & (ON_THEIR_WAY_MAX - 1)] = dueAt;
    datagram.writeUInt32BE(message, DATA_OFFSET);
    if (this.#topicIds === undefined) {
      this.#peer.publish(this.#topics[node]!, datagram.subarray(DATA_OFFSET), this.#qos);
      return;
    }
    if (this.#qos > 0) datagram.writeUInt16BE((Math.floor(message / this.#count) % MSG_ID_MAX) + 1, 5);
    this.#nodes.send(node, datagram);
  }
}
