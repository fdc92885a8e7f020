import { isUtf8 } from "node:buffer";
import type { AckPacket, MqttQoS, PublishPacket } from "../gateway/packet.ts";
import { decodeRare } from "./decode-rare.ts";
import type { MqttVersion } from "./mqtt-version.ts";
import { type MalformedStream, malformed, type PacketRead, type Pingresp } from "./packet-read.ts";
import { propertiesEnd } from "./properties.ts";

const PUBLISH = 3;

const PINGRESP: Pingresp = { cmd: "pingresp" };

/**
 * The packet in `octets` from `start` on, whose header ends at `content`. It ends at `end`, or, where it is a PUBLISH that `isCut`, is
 * there up to that. Its payload is a view. `lastTopic` is what the PUBLISH before it had as its topic, or "".
 */
export function decode(
  octets: Buffer,
  start: number,
  content: number,
  end: number,
  isCut: boolean,
  version: MqttVersion,
  lastTopic: string,
): PacketRead {
  const header = octets[start]!;
  switch (header >> 4) {
    case PUBLISH:
      return decodePublish(octets, header & 15, content, end, isCut, version, lastTopic);
    case 4:
      return decodeAck("puback", octets, header === 0x40, content, end, version);
    case 5:
      return decodeAck("pubrec", octets, header === 0x50, content, end, version);
    case 6:
      return decodeAck("pubrel", octets, header === 0x62, content, end, version);
    case 7:
      return decodeAck("pubcomp", octets, header === 0x70, content, end, version);
    case 13:
      return header === 0xd0 && content === end ? PINGRESP : malformed("a PINGRESP with content or flags");
    default:
      return decodeRare(octets.subarray(start, end), content - start, version);
  }
}

function decodePublish(
  octets: Buffer,
  flags: number,
  content: number,
  end: number,
  isCut: boolean,
  version: MqttVersion,
  lastTopic: string,
): PublishPacket | MalformedStream {
  const qos = (flags >> 1) & 3;
  if (qos === 3) return malformed("a PUBLISH with QoS 3");
  if (end - content < 2) return malformed("a PUBLISH that is too short");
  const topicStart = content + 2;
  const topicEnd = topicStart + uint16(octets, content);
  let payloadStart = qos === 0 ? topicEnd : topicEnd + 2;
  // What is kept of one that is cut is too large to be delivered, which its properties can only make more certain.
  if (version === 5 && !isCut) {
    const propertiesAreTo = propertiesEnd(octets, payloadStart, end);
    if (propertiesAreTo === undefined) return malformed("a PUBLISH whose properties have no proper length");
    payloadStart = propertiesAreTo;
  }
  if (payloadStart > end) return malformed("a PUBLISH that is too short");
  const topic = isText(octets, topicStart, topicEnd, lastTopic) ? lastTopic : topicName(octets, topicStart, topicEnd);
  // Of a topic alias there is no question: none is allowed to the broker.
  if (topic === undefined) return malformed("a PUBLISH whose topic is empty or is not well-formed UTF-8");
  const messageId = qos === 0 ? 0 : uint16(octets, topicEnd);
  if (qos !== 0 && messageId === 0) return malformed("a PUBLISH with packet identifier 0");
  return {
    cmd: "publish",
    topic,
    payload: octets.subarray(payloadStart, end),
    qos: qos as MqttQoS,
    retain: (flags & 1) !== 0,
    dup: (flags & 8) !== 0,
    messageId,
  };
}

function decodeAck(
  cmd: AckPacket["cmd"],
  octets: Buffer,
  flagsAreRight: boolean,
  content: number,
  end: number,
  version: MqttVersion,
): AckPacket | MalformedStream {
  if (!flagsAreRight) return malformed(`a ${cmd.toUpperCase()} whose reserved flags are wrong`);
  const size = end - content;
  if (size !== 2 && (version === 4 || size < 2)) return malformed(`a ${cmd.toUpperCase()} of the wrong length`);
  const messageId = uint16(octets, content);
  if (messageId === 0) return malformed(`a ${cmd.toUpperCase()} with packet identifier 0`);
  if (size === 2) return { cmd, messageId };
  if (size > 3 && propertiesEnd(octets, content + 3, end) !== end) {
    return malformed(`a ${cmd.toUpperCase()} that does not end with its properties`);
  }
  const reasonCode = octets[content + 2]!;
  return reasonCode === 0 ? { cmd, messageId } : { cmd, messageId, reasonCode };
}

function uint16(octets: Uint8Array, offset: number): number {
  return (octets[offset]! << 8) | octets[offset + 1]!;
}

/** Whether these octets say this text, which is ASCII: to make and to look up another string for the same topic costs more. */
function isText(octets: Buffer, start: number, end: number, text: string): boolean {
  if (text.length !== end - start || text === "") return false;
  for (let at = start; at < end; at += 1) {
    const octet = octets[at]!;
    if (octet > 127 || octet !== text.charCodeAt(at - start)) return false;
  }
  return true;
}

/** The topic name in these octets; undefined where there is none, or MQTT-1.5.3 forbids it: ill-formed UTF-8, or U+0000. */
function topicName(octets: Buffer, start: number, end: number): string | undefined {
  if (start === end) return undefined;
  for (let at = start; at < end; at += 1) {
    const octet = octets[at]!;
    if (octet === 0) return undefined;
    if (octet > 127) {
      const name = octets.subarray(start, end);
      return isUtf8(name) && !name.includes(0) ? octets.toString("utf8", start, end) : undefined;
    }
  }
  return octets.toString("latin1", start, end);
}
