import { generate, writeToStream } from "mqtt-packet";
import type { AckPacket, PacketToBroker, PublishPacket, Will } from "../gateway/packet.ts";

// Otherwise mqtt-packet makes a Buffer for each of the 65,536 numbers at its first packet: 11 MiB, for packets that are seldom.
writeToStream.cacheNumbers = false;

/** What an MQTT CONNECT says, credentials included. */
export interface Connect {
  clientId: string;
  cleanSession: boolean;
  keepAliveSeconds: number;
  will: Will | undefined;
  username: string | undefined;
  password: string | undefined;
}

/** The packets that have no content. */
export const PINGREQ = Buffer.from([0xc0, 0]);
export const DISCONNECT = Buffer.from([0xe0, 0]);

const ACK_HEADER = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;

/** The longest string of MQTT, in octets of UTF-8. */
const STRING_OCTETS_MAX = 65_535;

/** The most that the Remaining Length of MQTT can say. */
const REMAINING_LENGTH_MAX = 268_435_455;

/**
 * A packet as MQTT 3.1.1 has it on the wire. Throws where it cannot be said, as with a topic that is too long. PUBLISH and its
 * acknowledgements are encoded here, for they are nearly all there is; everything else is left to `mqtt-packet`.
 */
export function encode(packet: PacketToBroker): Buffer {
  switch (packet.cmd) {
    case "publish":
      return encodePublish(packet);
    case "subscribe":
    case "unsubscribe":
      return generate(packet);
    default:
      return encodeAck(packet);
  }
}

export function encodeConnect(connect: Connect): Buffer {
  const { will, username, password } = connect;
  return generate({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clientId: connect.clientId,
    clean: connect.cleanSession,
    keepalive: connect.keepAliveSeconds,
    ...(will === undefined ? {} : { will: { ...will, payload: bufferOf(will.payload) } }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
  });
}

function encodePublish(packet: PublishPacket): Buffer {
  const { topic, payload, qos } = packet;
  const topicOctets = Buffer.byteLength(topic);
  if (topicOctets > STRING_OCTETS_MAX) throw new RangeError(`a topic of ${topicOctets} octets is too long for MQTT`);
  const remaining = 2 + topicOctets + (qos === 0 ? 0 : 2) + payload.length;
  if (remaining > REMAINING_LENGTH_MAX) throw new RangeError(`${payload.length} octets are too many for MQTT`);
  const octets = Buffer.allocUnsafe(1 + lengthOctets(remaining) + remaining);
  octets[0] = 0x30 | (packet.dup ? 8 : 0) | (qos << 1) | (packet.retain ? 1 : 0);
  let at = 1;
  let rest = remaining;
  while (rest > 127) {
    octets[at++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  octets[at++] = rest;
  octets[at++] = topicOctets >> 8;
  octets[at++] = topicOctets & 255;
  // As many octets as characters is ASCII, and Latin-1 is written faster than UTF-8.
  octets.write(topic, at, topicOctets, topicOctets === topic.length ? "latin1" : "utf8");
  at += topicOctets;
  if (qos !== 0) {
    octets[at++] = packet.messageId >> 8;
    octets[at++] = packet.messageId & 255;
  }
  octets.set(payload, at);
  return octets;
}

function encodeAck(packet: AckPacket): Buffer {
  const octets = Buffer.allocUnsafe(4);
  octets[0] = ACK_HEADER[packet.cmd];
  octets[1] = 2;
  octets[2] = packet.messageId >> 8;
  octets[3] = packet.messageId & 255;
  return octets;
}

function lengthOctets(remaining: number): number {
  if (remaining < 128) return 1;
  if (remaining < 16_384) return 2;
  return remaining < 2_097_152 ? 3 : 4;
}

function bufferOf(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}
