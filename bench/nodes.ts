import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { encode } from "../src/sn/encode.ts";
import type { Message } from "../src/sn/message.ts";
import { type MessageName, MSG_TYPE } from "../src/sn/msg-type.ts";
import type { Histogram } from "./histogram.ts";

/** How many nodes are set up at once; below what the gateway's receive buffer holds. */
const SET_UP_AT_ONCE = 128;

const RETRY_MS = 1000;
const TRIES_MAX = 15;

/** Longer than any run, so that no node has to ping. */
const KEEP_ALIVE_SECONDS = 3600;

type OnDatagram = (node: number, datagram: Buffer) => void;

/** SN clients with a socket each, since a gateway tells clients apart by address. They are numbered from 0. */
export class Nodes {
  readonly #sockets: Socket[] = [];
  readonly #waiting: (((datagram: Buffer) => void) | undefined)[] = [];
  readonly #onDatagram: OnDatagram;
  /** Requests of the set-up that were sent again. */
  repeated = 0;

  private constructor(onDatagram: OnDatagram) {
    this.#onDatagram = onDatagram;
  }

  /** Opens the sockets. `onDatagram` gets what is not the answer to a request of the set-up. */
  static async open(count: number, gatewayPort: number, onDatagram: OnDatagram): Promise<Nodes> {
    const nodes = new Nodes(onDatagram);
    await nodes.#forEach(count, 0, async (node) => {
      const socket = createSocket("udp4");
      nodes.#sockets[node] = socket;
      socket.on("message", (datagram) => nodes.#receive(node, datagram));
      // A port without listener, as while the gateway starts: the retry takes care of it.
      socket.on("error", () => undefined);
      socket.connect(gatewayPort, "127.0.0.1");
      await once(socket, "connect");
    });
    return nodes;
  }

  /** Connects the nodes from `first` to `count`; how long each took goes into `latency`. */
  async connect(count: number, first = 0, latency?: Histogram): Promise<void> {
    await this.#forEach(count, first, async (node) => {
      const clientId = clientIdOf(node);
      const startedAt = performance.now();
      const duration = KEEP_ALIVE_SECONDS;
      const connack = await this.#request(
        node,
        { type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration, clientId },
        "CONNACK",
      );
      latency?.add((performance.now() - startedAt) * 1000);
      if (connack[2] !== 0) throw new Error(`CONNECT of ${clientId} was refused with code ${connack[2]}`);
    });
  }

  /** Registers topic `bench/<node>` for each node; the topic ids. */
  async register(count: number): Promise<number[]> {
    const topicIds: number[] = [];
    await this.#forEach(count, 0, async (node) => {
      const topicName = topicOf(node);
      const regack = await this.#request(node, { type: "REGISTER", topicId: 0, msgId: 1, topicName }, "REGACK");
      if (regack[6] !== 0) throw new Error(`REGISTER was refused with code ${regack[6]}`);
      topicIds[node] = regack.readUInt16BE(2);
    });
    return topicIds;
  }

  /** Subscribes each node to `bench/<node>`. */
  async subscribe(count: number, qos: 0 | 1 | 2): Promise<void> {
    await this.#forEach(count, 0, async (node) => {
      const topicName = topicOf(node);
      const suback = await this.#request(
        node,
        { type: "SUBSCRIBE", dup: false, qos, msgId: 1, topicIdType: "normal", topicName },
        "SUBACK",
      );
      if (suback[7] !== 0) throw new Error(`SUBSCRIBE was refused with code ${suback[7]}`);
    });
  }

  /** Sends the nodes from `first` to `count` to sleep. */
  async sleep(count: number, first = 0): Promise<void> {
    const duration = KEEP_ALIVE_SECONDS;
    await this.#forEach(count, first, async (node) => {
      await this.#request(node, { type: "DISCONNECT", duration }, "DISCONNECT");
    });
  }

  /** Each of the sleeping nodes asks for its messages; how long it took until PINGRESP goes into `latency`. */
  async wake(count: number, latency: Histogram): Promise<void> {
    await this.#forEach(count, 0, async (node) => {
      const startedAt = performance.now();
      await this.#request(node, { type: "PINGREQ", clientId: clientIdOf(node) }, "PINGRESP");
      latency.add((performance.now() - startedAt) * 1000);
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  /** The octets must stay as they are until the message has been answered. */
  send(node: number, datagram: Buffer): void {
    this.#sockets[node]!.send(datagram);
  }

  #receive(node: number, datagram: Buffer): void {
    const waiting = this.#waiting[node];
    if (waiting === undefined) this.#onDatagram(node, datagram);
    else waiting(datagram);
  }

  /** Sends until the answer comes: datagrams may be lost, and the gateway may still be starting. */
  async #request(node: number, message: Message, answer: MessageName): Promise<Buffer> {
    const datagram = encode(message);
    for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
      if (attempt > 0) this.repeated += 1;
      const answered = await this.#answer(node, datagram, MSG_TYPE[answer]);
      if (answered !== undefined) return answered;
    }
    throw new Error(`no ${answer} after ${TRIES_MAX} times ${message.type}`);
  }

  #answer(node: number, datagram: Buffer, msgType: number): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const finish = (answer: Buffer | undefined): void => {
        clearTimeout(timer);
        this.#waiting[node] = undefined;
        resolve(answer);
      };
      const timer = setTimeout(finish, RETRY_MS, undefined);
      this.#waiting[node] = (received) => {
        if (received[1] === msgType) finish(received);
        else this.#onDatagram(node, received);
      };
      this.send(node, datagram);
    });
  }

  async #forEach(count: number, first: number, perform: (node: number) => Promise<void>): Promise<void> {
    let next = first;
    const worker = async (): Promise<void> => {
      while (next < count) {
        const node = next;
        next += 1;
        await perform(node);
      }
    };
    await Promise.all(Array.from({ length: SET_UP_AT_ONCE }, worker));
  }
}

function clientIdOf(node: number): string {
  return `node-${node}`;
}

/** The topic to which a node publishes, or which it subscribes to. */
export function topicOf(node: number): string {
  return `bench/${node}`;
}
