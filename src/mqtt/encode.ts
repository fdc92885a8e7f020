import type { AckPacket, PacketToBroker, PublishPacket, Will } from "../gateway/packet.ts";
import { mqttPacket } from "./mqtt-packet.ts";
import type { MqttVersion } from "./mqtt-version.ts";

// Otherwise mqtt-packet makes a Buffer for each of the 65,536 numbers at its first packet: 11 MiB, for packets that are seldom.
mqttPacket.writeToStream.cacheNumbers = false;

/** What an MQTT CONNECT says, credentials included. */
export interface Connect {
  version: MqttVersion;
  clientId: string;
  cleanSession: boolean;
  keepAliveSeconds: number;
  will: Will | undefined;
  username: string | undefined;
  password: string | undefined;
  /** MQTT 5: how long the broker keeps the session when the connection has ended, in seconds; 0xFFFFFFFF is for ever. */
  sessionExpirySeconds: number;
  /** MQTT 5: PUBLISHes of QoS 1 and 2 that the broker may have unfinished towards us at once; 1 to 65,535. */
  receiveMax: number;
}

/** The packets that have no content; in MQTT 5 a DISCONNECT without any says Normal disconnection. */
export const PINGREQ = Buffer.from([0xc0, 0]);
export const DISCONNECT = Buffer.from([0xe0, 0]);

const ACK_HEADER = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;

/** The longest string of MQTT, in octets of UTF-8. */
const STRING_OCTETS_MAX = 65_535;

/** The most that the Remaining Length of MQTT can say. */
const REMAINING_LENGTH_MAX = 268_435_455;

/**
 * A packet as this version of MQTT has it on the wire, without properties and reason codes. Throws where it cannot be said, as with a
 * topic that is too long. PUBLISH and its acknowledgements are encoded here, for they are nearly all there is; everything else is left
 * to `mqtt-packet`.
 */
export function encode(packet: PacketToBroker, version: MqttVersion): Buffer {
  switch (packet.cmd) {
    case "publish":
      return encodePublish(packet, version === 5 ? 1 : 0);
    case "subscribe":
    case "unsubscribe":
      return mqttPacket.generate(packet, { protocolVersion: version });
    default:
      return encodeAck(packet);
  }
}

export function encodeConnect(connect: Connect): Buffer {
  const { version, will, username, password } = connect;
  return mqttPacket.generate(
    {
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: version,
      clientId: connect.clientId,
      clean: connect.cleanSession,
      keepalive: connect.keepAliveSeconds,
      ...(version === 5 ? { properties: connectProperties(connect) } : {}),
      ...(will === undefined ? {} : { will: { ...will, payload: bufferOf(will.payload) } }),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: Buffer.from(password) }),
    },
    { protocolVersion: version },
  );
}

/** What is not said is what the gateway wants: no topic aliases, any size of packets, reasons where the broker has some. */
function connectProperties({ cleanSession, sessionExpirySeconds, receiveMax }: Connect) {
  // Without an expiry the session ends with its connection.
  return cleanSession
    ? { receiveMaximum: receiveMax }
    : { sessionExpiryInterval: sessionExpirySeconds, receiveMaximum: receiveMax };
}

/** `propertyOctets`: the length of no properties, one octet of 0 in MQTT 5. */
function encodePublish(packet: PublishPacket, propertyOctets: 0 | 1): Buffer {
  const { topic, payload, qos } = packet;
  const topicOctets = Buffer.byteLength(topic);
  if (topicOctets > STRING_OCTETS_MAX) throw new RangeError(`a topic of ${topicOctets} octets is too long for MQTT`);
  const remaining = 2 + topicOctets + (qos === 0 ? 0 : 2) + propertyOctets + payload.length;
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
  if (propertyOctets === 1) octets[at++] = 0;
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
