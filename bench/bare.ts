/**
 * What the platform itself costs: a relay that does for the load of publish-qos0, publish-qos1 and deliver-qos0 what goes over the wire, and
 * nothing else. No sessions, checks, timers or limits; octets by hand; Node's public interfaces only, the cheapest there are.
 *
 *     node bare.js <UDP port> <port of the broker>
 */
import { createSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { MSG_TYPE } from "../src/sn/msg-type.ts";

const EMPTY: Buffer = Buffer.alloc(0);

/** Every node has the one topic that it registers or subscribes to. */
const TOPIC_ID = 1;

interface Node {
  port: number;
  link: Socket;
  /** The beginning of a PUBLISH: the length of the topic and the topic. */
  topic: Buffer;
  /** What this turn of the event loop has for the broker. */
  pending: Buffer[];
  /** The beginning of a packet whose rest has not come. */
  partial: Buffer;
}

const [udpPort, brokerPort] = process.argv.slice(2).map(Number);
const nodes: (Node | undefined)[] = [];
/** Nodes that have something for the broker. */
let toFlush: Node[] = [];

const udp = createSocket({
  type: "udp4",
  recvBufferSize: 4 * 1024 * 1024,
  lookup: (address, _options, callback) => callback(null, address, 4),
});
/** All connections read into it, one after the other: what is in it is gone when the next one reads. */
const shared = Buffer.alloc(65_536);

function sendTo(port: number, datagram: Buffer): void {
  udp.send(datagram, port, "127.0.0.1");
}

function write(node: Node, packet: Buffer): void {
  if (node.pending.push(packet) > 1) return;
  if (toFlush.push(node) === 1) setImmediate(flush);
}

function flush(): void {
  const all = toFlush;
  toFlush = [];
  for (const node of all) {
    node.link.write(node.pending.length === 1 ? node.pending[0]! : Buffer.concat(node.pending));
    node.pending = [];
  }
}

udp.on("message", (data, { port }) => {
  const node = nodes[port];
  if (data[1] === MSG_TYPE.CONNECT) open(port, data.subarray(6));
  else if (node === undefined) sendTo(port, Buffer.from([2, MSG_TYPE.DISCONNECT]));
  else if (data[1] === MSG_TYPE.PUBLISH) publish(node, data);
  else if (data[1] === MSG_TYPE.REGISTER) register(node, data);
  else if (data[1] === MSG_TYPE.SUBSCRIBE) subscribe(node, data);
});

function publish(node: Node, data: Buffer): void {
  const { topic } = node;
  const qos = (data[2]! >> 5) & 1;
  // Topics and payloads are short: a length of one octet holds both.
  const packet = Buffer.allocUnsafe(2 + topic.length + data.length - (qos === 0 ? 7 : 5));
  packet[0] = 0x30 | (qos << 1);
  packet[1] = packet.length - 2;
  packet.set(topic, 2);
  data.copy(packet, 2 + topic.length, qos === 0 ? 7 : 5);
  write(node, packet);
}

function register(node: Node, data: Buffer): void {
  node.topic = withLength(data.subarray(6));
  sendTo(node.port, Buffer.from([7, MSG_TYPE.REGACK, 0, TOPIC_ID, data[4]!, data[5]!, 0]));
}

function subscribe(node: Node, data: Buffer): void {
  const filter = withLength(data.subarray(5));
  write(node, Buffer.concat([Buffer.from([0x82, 3 + filter.length, data[3]!, data[4]!]), filter, Buffer.of(0)]));
}

function withLength(text: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0, text.length), text]);
}

function open(port: number, clientId: Buffer): void {
  const node: Node = { port, link: undefined as unknown as Socket, topic: EMPTY, pending: [], partial: EMPTY };
  const callback = (size: number): boolean => {
    read(node, size);
    return true;
  };
  node.link = connect({ port: brokerPort!, host: "127.0.0.1", noDelay: true, onread: { buffer: shared, callback } });
  // Clean session, no keep alive.
  const body = Buffer.concat([withLength(Buffer.from("MQTT")), Buffer.of(4, 2, 0, 0), withLength(clientId)]);
  node.link.write(Buffer.concat([Buffer.of(0x10, body.length), body]));
  nodes[port] = node;
}

function read(node: Node, size: number): void {
  const isWhole = node.partial.length === 0;
  const data = isWhole ? shared : Buffer.concat([node.partial, shared.subarray(0, size)]);
  const end = isWhole ? size : data.length;
  let start = 0;
  // Packets of up to 127 octets.
  while (end - start >= 2 && end - start >= 2 + data[start + 1]!) {
    answer(node, data, start);
    start += 2 + data[start + 1]!;
  }
  node.partial = start === end ? EMPTY : Buffer.from(data.subarray(start, end));
}

function answer(node: Node, data: Buffer, start: number): void {
  const type = data[start]! >> 4;
  if (type === 3) {
    const payload = start + 4 + data[start + 3]!;
    const end = start + 2 + data[start + 1]!;
    const datagram = Buffer.allocUnsafe(7 + end - payload);
    datagram[0] = datagram.length;
    datagram[1] = MSG_TYPE.PUBLISH;
    datagram.fill(0, 2, 7);
    datagram[4] = TOPIC_ID;
    data.copy(datagram, 7, payload, end);
    sendTo(node.port, datagram);
  } else if (type === 4) {
    sendTo(node.port, Buffer.from([7, MSG_TYPE.PUBACK, 0, TOPIC_ID, data[start + 2]!, data[start + 3]!, 0]));
  } else if (type === 2) {
    sendTo(node.port, Buffer.from([3, MSG_TYPE.CONNACK, 0]));
  } else if (type === 9) {
    sendTo(node.port, Buffer.from([8, MSG_TYPE.SUBACK, 0, 0, TOPIC_ID, data[start + 2]!, data[start + 3]!, 0]));
  }
}

udp.bind(udpPort!, "127.0.0.1");
