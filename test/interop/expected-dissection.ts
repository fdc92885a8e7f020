import { decode } from "../../src/sn/decode.ts";
import type { Message, QoS, Text } from "../../src/sn/message.ts";
import type { MessageName } from "../../src/sn/msg-type.ts";
import type { TopicIdType } from "../../src/sn/topic-id-type.ts";
import type { DissectedFields } from "./tshark.ts";

/** What tshark has to find in a message; undefined is a field that is not compared. */
export type ExpectedFields = Record<string, string | undefined>;

/** Wireshark's names of the messages. */
const TYPE_NAMES: Record<MessageName, string> = {
  ADVERTISE: "Advertise Gateway",
  SEARCHGW: "Search Gateway",
  GWINFO: "Gateway Info",
  CONNECT: "Connect Command",
  CONNACK: "Connect Ack",
  WILLTOPICREQ: "Will Topic Request",
  WILLTOPIC: "Will Topic",
  WILLMSGREQ: "Will Message Request",
  WILLMSG: "Will Message",
  REGISTER: "Register",
  REGACK: "Register Ack",
  PUBLISH: "Publish Message",
  PUBACK: "Publish Ack",
  PUBCOMP: "Publish Complete",
  PUBREC: "Publish Received",
  PUBREL: "Publish Release",
  SUBSCRIBE: "Subscribe Request",
  SUBACK: "Subscribe Ack",
  UNSUBSCRIBE: "Unsubscribe Request",
  UNSUBACK: "Unsubscribe Ack",
  PINGREQ: "Ping Request",
  PINGRESP: "Ping Response",
  DISCONNECT: "Disconnect Req",
  WILLTOPICUPD: "Will Topic Update",
  WILLTOPICRESP: "Will Topic Response",
  WILLMSGUPD: "Will Message Update",
  WILLMSGRESP: "Will Message Response",
  ENCAPSULATED: "Encapsulated Message",
};

/** The two bits, said here once more: the table of the codec may be wrong. */
const TOPIC_ID_TYPE_BITS: Record<TopicIdType, string> = { normal: "0", predefined: "1", short: "2", reserved: "3" };
const QOS_BITS: Record<QoS, string> = { 0: "0", 1: "1", 2: "2", [-1]: "3" };

/**
 * What Wireshark shows where there is nothing to compare, each with the reason. Besides, it shows neither DUP, QoS nor Retain of
 * SUBSCRIBE, SUBACK, WILLTOPIC and WILLTOPICUPD.
 */
const NOT_COMPARED = {
  /** It shows the TopicIdType of messages for which it means nothing: F8 says not to look. */
  unusedTopicIdType: undefined,
  /** What follows the reserved TopicIdType has no meaning; it shows it as text. */
  topicOfReservedType: undefined,
  /** Octets that are not UTF-8 are not kept. */
  illFormedText: undefined,
} as const;

/** What tshark shows of these messages: one, or an envelope and what is in it. */
export function expectedDissection(datagram: Uint8Array): ExpectedFields[] {
  const message = decode(datagram);
  if (message.type === "malformed") throw new Error(`malformed: ${message.reason}`);
  const lengthOctets = datagram[0] === 1 ? datagram.subarray(1, 3) : datagram.subarray(0, 1);
  const own = { "msg.type": TYPE_NAMES[message.type], "msg.len": hex(lengthOctets), ...fieldsOf(message) };
  if (message.type !== "ENCAPSULATED" || decode(message.data).type === "malformed") return [own];
  return [own, ...expectedDissection(message.data)];
}

/**
 * Whether tshark has to take a datagram that we take. It does not know the form without Flags that deletes a will (W2, W7). Of
 * envelopes it reads the node id as a number of at most 16 bits, and takes them for malformed when what is in them is.
 */
export function isKnownToTshark(message: Message): boolean {
  if (message.type === "WILLTOPIC" || message.type === "WILLTOPICUPD") return !message.empty;
  if (message.type !== "ENCAPSULATED") return true;
  const inner = decode(message.data);
  const nodeIdOctets = message.wirelessNodeId.length;
  return nodeIdOctets > 0 && nodeIdOctets <= 2 && inner.type !== "malformed" && isKnownToTshark(inner);
}

function fieldsOf(message: Message): ExpectedFields {
  switch (message.type) {
    case "ADVERTISE":
      return { "gw.id": number(message.gwId, 1), "adv.interv": number(message.duration, 2) };
    case "SEARCHGW":
      return { radius: number(message.radius, 1) };
    case "GWINFO": {
      const gwId = number(message.gwId, 1);
      return message.gwAdd.length === 0 ? { "gw.id": gwId } : { "gw.id": gwId, "gw.addr": hex(message.gwAdd) };
    }
    case "CONNECT":
      return {
        will: bit(message.will),
        "clean.session": bit(message.cleanSession),
        "topic.id.type": NOT_COMPARED.unusedTopicIdType,
        "protocol.id": number(message.protocolId, 1),
        "keep.alive": number(message.duration, 2),
        "client.id": octetsOf(message.clientId),
      };
    case "CONNACK":
    case "WILLTOPICRESP":
    case "WILLMSGRESP":
      return { "return.code": number(message.returnCode, 1) };
    case "WILLTOPICREQ":
    case "WILLMSGREQ":
    case "PINGRESP":
      return {};
    case "WILLTOPIC":
    case "WILLTOPICUPD":
      if (message.empty) return {};
      return { "topic.id.type": NOT_COMPARED.unusedTopicIdType, "will.topic": octetsOf(message.willTopic) };
    case "WILLMSG":
    case "WILLMSGUPD":
      return { "will.msg": hex(message.willMsg) };
    case "REGISTER":
      return { ...ids(message), topic: octetsOf(message.topicName) };
    case "REGACK":
    case "PUBACK":
      return { ...ids(message), "return.code": number(message.returnCode, 1) };
    case "PUBLISH":
      return {
        dup: bit(message.dup),
        qos: QOS_BITS[message.qos],
        retain: bit(message.retain),
        "topic.id.type": TOPIC_ID_TYPE_BITS[message.topicIdType],
        ...ids(message),
        "pub.msg": hex(message.data),
      };
    case "PUBREC":
    case "PUBREL":
    case "PUBCOMP":
    case "UNSUBACK":
      return { "msg.id": number(message.msgId, 2) };
    case "SUBSCRIBE":
    case "UNSUBSCRIBE":
      return {
        "topic.id.type": TOPIC_ID_TYPE_BITS[message.topicIdType],
        "msg.id": number(message.msgId, 2),
        "topic.name.or.id": topicOctets(message),
      };
    case "SUBACK":
      return {
        "topic.id.type": NOT_COMPARED.unusedTopicIdType,
        ...ids(message),
        "return.code": number(message.returnCode, 1),
      };
    case "PINGREQ":
      return message.clientId === "" ? {} : { "client.id": octetsOf(message.clientId) };
    case "DISCONNECT":
      return message.duration === undefined ? {} : { "sleep.timer": number(message.duration, 2) };
    case "ENCAPSULATED":
      return { "control.info": String(message.radius), "wireless.node.id": hex(message.wirelessNodeId) };
  }
}

function topicOctets(message: Message & { type: "SUBSCRIBE" | "UNSUBSCRIBE" }): string | undefined {
  switch (message.topicIdType) {
    case "normal":
      return octetsOf(message.topicName);
    case "reserved":
      return NOT_COMPARED.topicOfReservedType;
    default:
      return number(message.topicId, 2);
  }
}

function ids({ topicId, msgId }: { topicId: number; msgId: number }): ExpectedFields {
  return { "topic.id": number(topicId, 2), "msg.id": number(msgId, 2) };
}

const bit = (value: boolean) => (value ? "1" : "0");

function octetsOf(value: Text): string | undefined {
  return value === null ? NOT_COMPARED.illFormedText : hex(Buffer.from(value));
}

function number(value: number, size: 1 | 2): string {
  return value.toString(16).padStart(2 * size, "0");
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex");
}

/** What is compared of what tshark shows, side by side with what is expected. */
export function comparable(seen: readonly DissectedFields[], expected: readonly ExpectedFields[]): DissectedFields[] {
  return seen.map((fields, index) => {
    const names = expected[index] ?? {};
    return Object.fromEntries(Object.entries(fields).filter(([name]) => !(name in names) || names[name] !== undefined));
  });
}
