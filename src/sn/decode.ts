import { FLAG, QOS_SHIFT } from "./flags.ts";
import type { Message, QoS, SubscriptionTopic } from "./message.ts";
import { MSG_TYPE } from "./msg-type.ts";
import { TOPIC_ID_TYPES } from "./topic-id-type.ts";
import { decodeUtf8 } from "./utf8.ts";

/** What a datagram is that holds no message (F5 to F7): dropped and counted, never answered. */
export interface Malformed {
  type: "malformed";
  reason: "length" | "reserved message type" | "field missing" | "octets left over" | "nested encapsulation";
}

const LENGTH: Malformed = { type: "malformed", reason: "length" };
const RESERVED: Malformed = { type: "malformed", reason: "reserved message type" };
const SHORT: Malformed = { type: "malformed", reason: "field missing" };
const LONG: Malformed = { type: "malformed", reason: "octets left over" };
const NESTED: Malformed = { type: "malformed", reason: "nested encapsulation" };

/**
 * The one wrong Length that is taken (interpretation.md, A-03): the Paho library writes its largest short message with the long header
 * and leaves that out of the count. A right one of 255 octets would have the short header.
 */
const PAHO_LENGTH = 255;
const PAHO_SIZE = 257;

const EMPTY = new Uint8Array(0);
const QOS: readonly QoS[] = [0, 1, 2, -1];

/**
 * The message in a datagram. Accepts any octets and never throws: what is not a message is a `Malformed` value. Octet fields are views
 * into `datagram`, not copies.
 */
export function decode(datagram: Uint8Array): Message | Malformed {
  const size = datagram.length;
  if (size < 2) return LENGTH;
  if (datagram[1] === MSG_TYPE.ENCAPSULATED && datagram[0] !== 1) return decodeEncapsulated(datagram);
  // F1: a first octet of 1 announces the three-octet Length, also where one octet would do (F2).
  if (datagram[0] !== 1) return datagram[0] === size ? decodeBody(datagram, datagram[1]!, 2) : LENGTH;
  if (size < 4) return LENGTH;
  const length = uint16(datagram, 1);
  if (length !== size && !(length === PAHO_LENGTH && size === PAHO_SIZE)) return LENGTH;
  return decodeBody(datagram, datagram[3]!, 4);
}

function uint16(octets: Uint8Array, offset: number): number {
  return (octets[offset]! << 8) | octets[offset + 1]!;
}

function qosOf(flags: number): QoS {
  return QOS[(flags >> QOS_SHIFT) & 3]!;
}

/** `o` is the offset of the first octet after MsgType; lengths below are those of §5.4 less the header. */
function decodeBody(d: Uint8Array, msgType: number, o: number): Message | Malformed {
  const size = d.length - o;
  switch (msgType) {
    case MSG_TYPE.PUBLISH: {
      if (size < 5) return SHORT;
      const flags = d[o]!;
      return {
        type: "PUBLISH",
        dup: (flags & FLAG.dup) !== 0,
        qos: qosOf(flags),
        retain: (flags & FLAG.retain) !== 0,
        topicIdType: TOPIC_ID_TYPES[flags & 3]!,
        topicId: uint16(d, o + 1),
        msgId: uint16(d, o + 3),
        data: d.subarray(o + 5),
      };
    }
    case MSG_TYPE.PUBACK:
      return decodeTopicAck("PUBACK", d, o, size);
    case MSG_TYPE.PUBREC:
      return decodeMsgIdOnly("PUBREC", d, o, size);
    case MSG_TYPE.PUBREL:
      return decodeMsgIdOnly("PUBREL", d, o, size);
    case MSG_TYPE.PUBCOMP:
      return decodeMsgIdOnly("PUBCOMP", d, o, size);
    case MSG_TYPE.PINGREQ:
      return { type: "PINGREQ", clientId: size === 0 ? "" : decodeUtf8(d.subarray(o)) };
    case MSG_TYPE.PINGRESP:
      return size === 0 ? { type: "PINGRESP" } : LONG;
    case MSG_TYPE.CONNECT: {
      if (size < 4) return SHORT;
      const flags = d[o]!;
      return {
        type: "CONNECT",
        will: (flags & FLAG.will) !== 0,
        cleanSession: (flags & FLAG.cleanSession) !== 0,
        protocolId: d[o + 1]!,
        duration: uint16(d, o + 2),
        clientId: decodeUtf8(d.subarray(o + 4)),
      };
    }
    case MSG_TYPE.REGISTER:
      if (size < 4) return SHORT;
      return {
        type: "REGISTER",
        topicId: uint16(d, o),
        msgId: uint16(d, o + 2),
        topicName: decodeUtf8(d.subarray(o + 4)),
      };
    case MSG_TYPE.REGACK:
      return decodeTopicAck("REGACK", d, o, size);
    case MSG_TYPE.SUBSCRIBE: {
      if (size < 3) return SHORT;
      const flags = d[o]!;
      const topic = decodeSubscriptionTopic(d, o, size, flags);
      if (topic.type === "malformed") return topic;
      const dup = (flags & FLAG.dup) !== 0;
      return { ...topic, type: "SUBSCRIBE", dup, qos: qosOf(flags), msgId: uint16(d, o + 1) };
    }
    case MSG_TYPE.UNSUBSCRIBE: {
      if (size < 3) return SHORT;
      const topic = decodeSubscriptionTopic(d, o, size, d[o]!);
      if (topic.type === "malformed") return topic;
      return { ...topic, type: "UNSUBSCRIBE", msgId: uint16(d, o + 1) };
    }
    case MSG_TYPE.SUBACK:
      if (size !== 6) return size < 6 ? SHORT : LONG;
      return {
        type: "SUBACK",
        qos: qosOf(d[o]!),
        topicId: uint16(d, o + 1),
        msgId: uint16(d, o + 3),
        returnCode: d[o + 5]!,
      };
    case MSG_TYPE.UNSUBACK:
      return decodeMsgIdOnly("UNSUBACK", d, o, size);
    case MSG_TYPE.DISCONNECT:
      if (size === 0) return { type: "DISCONNECT", duration: undefined };
      if (size !== 2) return size < 2 ? SHORT : LONG;
      return { type: "DISCONNECT", duration: uint16(d, o) };
    default:
      return decodeRarer(d, msgType, o, size);
  }
}

/** Discovery and wills. */
function decodeRarer(d: Uint8Array, msgType: number, o: number, size: number): Message | Malformed {
  switch (msgType) {
    case MSG_TYPE.ADVERTISE:
      if (size !== 3) return size < 3 ? SHORT : LONG;
      return { type: "ADVERTISE", gwId: d[o]!, duration: uint16(d, o + 1) };
    case MSG_TYPE.SEARCHGW:
      if (size !== 1) return size < 1 ? SHORT : LONG;
      return { type: "SEARCHGW", radius: d[o]! };
    case MSG_TYPE.GWINFO:
      return size < 1 ? SHORT : { type: "GWINFO", gwId: d[o]!, gwAdd: d.subarray(o + 1) };
    case MSG_TYPE.CONNACK:
      return decodeAnswer("CONNACK", d, o, size);
    case MSG_TYPE.WILLTOPICREQ:
      return size === 0 ? { type: "WILLTOPICREQ" } : LONG;
    case MSG_TYPE.WILLTOPIC:
      return decodeWillTopic("WILLTOPIC", d, o, size);
    case MSG_TYPE.WILLMSGREQ:
      return size === 0 ? { type: "WILLMSGREQ" } : LONG;
    case MSG_TYPE.WILLMSG:
      return { type: "WILLMSG", willMsg: d.subarray(o) };
    case MSG_TYPE.WILLTOPICUPD:
      return decodeWillTopic("WILLTOPICUPD", d, o, size);
    case MSG_TYPE.WILLTOPICRESP:
      return decodeAnswer("WILLTOPICRESP", d, o, size);
    case MSG_TYPE.WILLMSGUPD:
      return { type: "WILLMSGUPD", willMsg: d.subarray(o) };
    case MSG_TYPE.WILLMSGRESP:
      return decodeAnswer("WILLMSGRESP", d, o, size);
    default:
      return RESERVED;
  }
}

function decodeMsgIdOnly<T extends "PUBREC" | "PUBREL" | "PUBCOMP" | "UNSUBACK">(
  type: T,
  d: Uint8Array,
  o: number,
  size: number,
): { type: T; msgId: number } | Malformed {
  if (size !== 2) return size < 2 ? SHORT : LONG;
  return { type, msgId: uint16(d, o) };
}

function decodeTopicAck(type: "REGACK" | "PUBACK", d: Uint8Array, o: number, size: number): Message | Malformed {
  if (size !== 5) return size < 5 ? SHORT : LONG;
  return { type, topicId: uint16(d, o), msgId: uint16(d, o + 2), returnCode: d[o + 4]! };
}

function decodeAnswer(
  type: "CONNACK" | "WILLTOPICRESP" | "WILLMSGRESP",
  d: Uint8Array,
  o: number,
  size: number,
): Message | Malformed {
  if (size !== 1) return size < 1 ? SHORT : LONG;
  return { type, returnCode: d[o]! };
}

function decodeWillTopic(
  type: "WILLTOPIC" | "WILLTOPICUPD",
  d: Uint8Array,
  o: number,
  size: number,
): Message | Malformed {
  if (size === 0) return { type, empty: true };
  const flags = d[o]!;
  // Flags without a topic is neither form (W5); it is answered, so it has to come through: with an empty name.
  const willTopic = decodeUtf8(d.subarray(o + 1));
  return { type, empty: false, qos: qosOf(flags), retain: (flags & FLAG.retain) !== 0, willTopic };
}

function decodeSubscriptionTopic(
  d: Uint8Array,
  o: number,
  size: number,
  flags: number,
): (SubscriptionTopic & { type?: never }) | Malformed {
  const topicIdType = TOPIC_ID_TYPES[flags & 3]!;
  if (topicIdType === "normal") return { topicIdType, topicName: decodeUtf8(d.subarray(o + 3)) };
  if (topicIdType === "reserved") return { topicIdType };
  if (size !== 5) return size < 5 ? SHORT : LONG;
  return { topicIdType, topicId: uint16(d, o + 3) };
}

/** Here Length counts the envelope only, and is always one octet (E1); the inner message fills the rest of the datagram (E2). */
function decodeEncapsulated(d: Uint8Array): Message | Malformed {
  const length = d[0]!;
  if (length < 3 || length >= d.length) return LENGTH;
  const data = d.subarray(length);
  const innerType = data[0] === 1 ? data[3] : data[1];
  if (innerType === MSG_TYPE.ENCAPSULATED) return NESTED;
  const wirelessNodeId = length === 3 ? EMPTY : d.subarray(3, length);
  return { type: "ENCAPSULATED", radius: d[2]! & 3, wirelessNodeId, data };
}
