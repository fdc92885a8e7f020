import { FLAG, QOS_SHIFT } from "./flags.ts";
import type { Message } from "./message.ts";
import { type MessageName, MSG_TYPE } from "./msg-type.ts";
import { TOPIC_ID_TYPES, type TopicIdType } from "./topic-id-type.ts";

/** The largest message there can be (§5.2.1). */
const MESSAGE_OCTETS_MAX = 65535;

const TOPIC_ID_TYPE_BITS: Record<TopicIdType, number> = {
  normal: TOPIC_ID_TYPES.indexOf("normal"),
  predefined: TOPIC_ID_TYPES.indexOf("predefined"),
  short: TOPIC_ID_TYPES.indexOf("short"),
  reserved: TOPIC_ID_TYPES.indexOf("reserved"),
};

/**
 * The octets of a message, with the shortest header that fits (F3). Throws a RangeError where the message is longer than 65535
 * octets: the sender checks sizes before it gets here.
 */
export function encode(message: Message): Buffer {
  switch (message.type) {
    case "PUBLISH": {
      const { data } = message;
      const octets = start("PUBLISH", 5 + data.length);
      const o = octets.length - 5 - data.length;
      octets[o] =
        (message.dup ? FLAG.dup : 0) |
        ((message.qos & 3) << QOS_SHIFT) |
        (message.retain ? FLAG.retain : 0) |
        TOPIC_ID_TYPE_BITS[message.topicIdType];
      put16(octets, o + 1, message.topicId);
      put16(octets, o + 3, message.msgId);
      octets.set(data, o + 5);
      return octets;
    }
    case "PUBACK":
    case "REGACK": {
      const octets = start(message.type, 5);
      put16(octets, 2, message.topicId);
      put16(octets, 4, message.msgId);
      octets[6] = message.returnCode;
      return octets;
    }
    case "PUBREC":
    case "PUBREL":
    case "PUBCOMP":
    case "UNSUBACK": {
      const octets = start(message.type, 2);
      put16(octets, 2, message.msgId);
      return octets;
    }
    case "PINGRESP":
    case "WILLTOPICREQ":
    case "WILLMSGREQ":
      return start(message.type, 0);
    case "PINGREQ":
      return withText("PINGREQ", 0, message.clientId);
    case "DISCONNECT": {
      if (message.duration === undefined) return start("DISCONNECT", 0);
      const octets = start("DISCONNECT", 2);
      put16(octets, 2, message.duration);
      return octets;
    }
    case "CONNECT": {
      const octets = withText("CONNECT", 4, message.clientId);
      const o = octets[0] === 1 ? 4 : 2;
      octets[o] = (message.will ? FLAG.will : 0) | (message.cleanSession ? FLAG.cleanSession : 0);
      octets[o + 1] = message.protocolId;
      put16(octets, o + 2, message.duration);
      return octets;
    }
    case "CONNACK":
    case "WILLTOPICRESP":
    case "WILLMSGRESP": {
      const octets = start(message.type, 1);
      octets[2] = message.returnCode;
      return octets;
    }
    case "REGISTER": {
      const octets = withText("REGISTER", 4, message.topicName);
      const o = octets[0] === 1 ? 4 : 2;
      put16(octets, o, message.topicId);
      put16(octets, o + 2, message.msgId);
      return octets;
    }
    case "SUBSCRIBE": {
      const flags = (message.dup ? FLAG.dup : 0) | ((message.qos & 3) << QOS_SHIFT);
      return encodeSubscription(message, flags);
    }
    case "UNSUBSCRIBE":
      return encodeSubscription(message, 0);
    case "SUBACK": {
      const octets = start("SUBACK", 6);
      octets[2] = (message.qos & 3) << QOS_SHIFT;
      put16(octets, 3, message.topicId);
      put16(octets, 5, message.msgId);
      octets[7] = message.returnCode;
      return octets;
    }
    case "WILLTOPIC":
    case "WILLTOPICUPD": {
      if (message.empty) return start(message.type, 0);
      const octets = withText(message.type, 1, message.willTopic);
      octets[octets[0] === 1 ? 4 : 2] = ((message.qos & 3) << QOS_SHIFT) | (message.retain ? FLAG.retain : 0);
      return octets;
    }
    case "WILLMSG":
    case "WILLMSGUPD":
      return withOctets(message.type, 0, message.willMsg);
    case "ADVERTISE": {
      const octets = start("ADVERTISE", 3);
      octets[2] = message.gwId;
      put16(octets, 3, message.duration);
      return octets;
    }
    case "SEARCHGW": {
      const octets = start("SEARCHGW", 1);
      octets[2] = message.radius;
      return octets;
    }
    case "GWINFO": {
      const octets = withOctets("GWINFO", 1, message.gwAdd);
      octets[octets[0] === 1 ? 4 : 2] = message.gwId;
      return octets;
    }
    case "ENCAPSULATED": {
      const length = 3 + message.wirelessNodeId.length;
      // E1: this Length is one octet; 252 octets of node id are the most it can describe.
      if (length > 255) throw new RangeError("a wireless node id has at most 252 octets");
      const octets = Buffer.allocUnsafe(length + message.data.length);
      octets[0] = length;
      octets[1] = MSG_TYPE.ENCAPSULATED;
      // E3: two bits; a radius beyond them is the widest there is, not 0, which would be every node.
      octets[2] = Math.min(message.radius, 3);
      octets.set(message.wirelessNodeId, 3);
      octets.set(message.data, length);
      return octets;
    }
  }
}

/** Octets for a message whose part after MsgType is `bodySize` long, with the header filled in. */
function start(name: MessageName, bodySize: number): Buffer {
  if (bodySize + 2 <= 255) {
    const octets = Buffer.allocUnsafe(bodySize + 2);
    octets[0] = bodySize + 2;
    octets[1] = MSG_TYPE[name];
    return octets;
  }
  const size = bodySize + 4;
  if (size > MESSAGE_OCTETS_MAX) throw new RangeError(`${name} of ${size} octets: a message has at most 65535`);
  const octets = Buffer.allocUnsafe(size);
  octets[0] = 1;
  put16(octets, 1, size);
  octets[3] = MSG_TYPE[name];
  return octets;
}

function put16(octets: Buffer, offset: number, value: number): void {
  octets[offset] = value >> 8;
  octets[offset + 1] = value & 0xff;
}

/** A message that ends in octets, with `gap` octets left for the caller to fill between header and end. */
function withOctets(name: MessageName, gap: number, tail: Uint8Array): Buffer {
  const octets = start(name, gap + tail.length);
  octets.set(tail, octets.length - tail.length);
  return octets;
}

function withText(name: MessageName, gap: number, text: string | null): Buffer {
  const size = text === null ? 0 : Buffer.byteLength(text);
  const octets = start(name, gap + size);
  if (size > 0) octets.write(text!, octets.length - size);
  return octets;
}

function encodeSubscription(message: Extract<Message, { type: "SUBSCRIBE" | "UNSUBSCRIBE" }>, flags: number): Buffer {
  const bits = flags | TOPIC_ID_TYPE_BITS[message.topicIdType];
  if (message.topicIdType === "normal") {
    const octets = withText(message.type, 3, message.topicName);
    const o = octets[0] === 1 ? 4 : 2;
    octets[o] = bits;
    put16(octets, o + 1, message.msgId);
    return octets;
  }
  const octets = start(message.type, 5);
  octets[2] = bits;
  put16(octets, 3, message.msgId);
  put16(octets, 5, message.topicIdType === "reserved" ? 0 : message.topicId);
  return octets;
}
