import { once } from "node:events";
import { connect, type Socket } from "node:net";

const EMPTY: Buffer = Buffer.alloc(0);

/** The broker's packets that matter here, by the high four bits of their first octet. */
const CONNACK = 2;
const PUBLISH = 3;
const PUBACK = 4;
const PUBREC = 5;
const PUBREL = 6;
const SUBACK = 9;

/**
 * A bare MQTT 3.1.1 client at the broker, for the far end of the load. It is written by hand to take as little CPU as possible, and
 * understands no more than the load needs.
 */
export class BrokerPeer {
  readonly #socket: Socket;
  readonly #onPayload: (payload: Buffer) => void;
  #partial: Buffer = EMPTY;
  #pending: Buffer[] = [];
  #answered: (() => void) | undefined;
  #packetId = 0;
  /** PUBLISHes of QoS 1 that the broker has acknowledged. */
  acknowledged = 0;
  /** Called with each acknowledgement of QoS 1. */
  onAcknowledged: (() => void) | undefined;

  private constructor(socket: Socket, onPayload: (payload: Buffer) => void) {
    this.#socket = socket;
    this.#onPayload = onPayload;
    socket.setNoDelay(true);
    socket.on("data", (octets: Buffer) => this.#read(octets));
  }

  /** Connects; `onPayload` gets the payload of every message that arrives, valid during the call only. */
  static async connect(port: number, onPayload: (payload: Buffer) => void): Promise<BrokerPeer> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", (error) => {
      throw new Error("the connection to the broker failed", { cause: error });
    });
    const peer = new BrokerPeer(socket, onPayload);
    // Protocol name and level, clean session, no keep alive.
    const clientId = Buffer.from("bench-peer");
    const body = [Buffer.from([0, 4]), Buffer.from("MQTT"), Buffer.from([4, 2, 0, 0, 0, clientId.length]), clientId];
    await peer.#request(0x10, body);
    return peer;
  }

  async subscribe(filter: string, qos: number): Promise<void> {
    const octets = Buffer.from(filter);
    await this.#request(0x82, [Buffer.from([0, 1, 0, octets.length]), octets, Buffer.from([qos])]);
  }

  /** Publishes with what else is published in this turn of the event loop, in one write, unless `atOnce`. `payload` is copied. */
  publish(topic: Buffer, payload: Buffer, qos: number, atOnce = false): void {
    const idOctets = qos === 0 ? 0 : 2;
    const size = 2 + topic.length + idOctets + payload.length;
    // A size of two octets holds everything that is sent here.
    const packet = Buffer.allocUnsafe(3 + size);
    packet[0] = 0x30 | (qos << 1);
    packet[1] = (size & 0x7f) | 0x80;
    packet[2] = size >> 7;
    packet.writeUInt16BE(topic.length, 3);
    topic.copy(packet, 5);
    let offset = 5 + topic.length;
    if (qos > 0) {
      this.#packetId = (this.#packetId % 65535) + 1;
      packet.writeUInt16BE(this.#packetId, offset);
      offset += 2;
    }
    payload.copy(packet, offset);
    if (atOnce) this.#socket.write(packet);
    else this.#write(packet);
  }

  close(): void {
    this.#socket.destroy();
  }

  #write(packet: Buffer): void {
    if (this.#pending.length === 0) setImmediate(() => this.#flush());
    this.#pending.push(packet);
  }

  #flush(): void {
    const packets = this.#pending;
    this.#pending = [];
    this.#socket.write(packets.length === 1 ? packets[0]! : Buffer.concat(packets));
  }

  async #request(header: number, body: Buffer[]): Promise<void> {
    const octets = Buffer.concat(body);
    await new Promise<void>((resolve) => {
      this.#answered = resolve;
      this.#socket.write(Buffer.concat([Buffer.from([header, octets.length]), octets]));
    });
  }

  #read(octets: Buffer): void {
    const data = this.#partial.length === 0 ? octets : Buffer.concat([this.#partial, octets]);
    let offset = 0;
    for (;;) {
      const end = packetEnd(data, offset);
      if (end === undefined || end > data.length) break;
      this.#onPacket(data, offset, end);
      offset = end;
    }
    this.#partial = offset === data.length ? EMPTY : data.subarray(offset);
  }

  #onPacket(data: Buffer, start: number, end: number): void {
    const type = data[start]! >> 4;
    if (type === PUBLISH) {
      const body = start + (data[start + 1]! < 0x80 ? 2 : 3);
      const topicEnd = body + 2 + data.readUInt16BE(body);
      const qos = (data[start]! >> 1) & 3;
      // PUBACK or PUBREC.
      if (qos > 0) this.#write(Buffer.from([qos === 1 ? 0x40 : 0x50, 2, data[topicEnd]!, data[topicEnd + 1]!]));
      this.#onPayload(data.subarray(qos === 0 ? topicEnd : topicEnd + 2, end));
    } else if (type === PUBACK) {
      this.acknowledged += 1;
      this.onAcknowledged?.();
    } else if (type === PUBREC) {
      this.#write(Buffer.from([0x62, 2, data[start + 2]!, data[start + 3]!]));
    } else if (type === PUBREL) {
      this.#write(Buffer.from([0x70, 2, data[start + 2]!, data[start + 3]!]));
    } else if (type === CONNACK || type === SUBACK) {
      const refused = data[end - 1]! > 2;
      if (refused) throw new Error("the broker refused the load generator");
      this.#answered?.();
    }
  }
}

/** Where the packet ends that begins at `offset`; undefined while its length is not complete. */
function packetEnd(data: Buffer, offset: number): number | undefined {
  let length = 0;
  for (let index = 1; index <= 4; index += 1) {
    const octet = data[offset + index];
    if (octet === undefined) return undefined;
    length |= (octet & 0x7f) << (7 * (index - 1));
    if (octet < 0x80) return offset + index + 1 + length;
  }
  throw new Error("the broker sent a packet without end");
}
