import type { Malformed } from "./decode.ts";
import type { Message, QoS, SubscriptionTopic } from "./message.ts";
import { RETURN_CODE } from "./return-code.ts";
import { decodeShortName } from "./short-name.ts";
import type { TopicIdType } from "./topic-id-type.ts";

/** How much of a payload, as octets or characters, one line shows. */
const DATA_SHOWN_MAX = 40;

const CODE_NAMES = new Map<number, string>([
  [RETURN_CODE.accepted, "accepted"],
  [RETURN_CODE.congestion, "rejected: congestion"],
  [RETURN_CODE.invalidTopicId, "rejected: invalid topic ID"],
  [RETURN_CODE.notSupported, "rejected: not supported"],
]);

/** A message in words, on one line, for people: `PUBLISH QoS 1, topic id 1027, MsgId 2, 2 octets "hi"`. */
export function describe(message: Message | Malformed): string {
  switch (message.type) {
    case "malformed":
      return `malformed: ${message.reason}`;
    case "ADVERTISE":
      return `ADVERTISE GwId ${message.gwId}, next in ${message.duration} s`;
    case "SEARCHGW":
      return `SEARCHGW radius ${message.radius === 0 ? "0 (all nodes)" : message.radius}`;
    case "GWINFO":
      return `GWINFO GwId ${message.gwId}${message.gwAdd.length > 0 ? `, GwAdd ${hex(message.gwAdd)}` : ""}`;
    case "CONNECT": {
      const flags = `${message.cleanSession ? ", clean session" : ""}${message.will ? ", will" : ""}`;
      const protocol = message.protocolId === 1 ? "" : `, ProtocolId ${message.protocolId}`;
      return `CONNECT ${quote(message.clientId)}, keep alive ${message.duration} s${flags}${protocol}`;
    }
    case "CONNACK":
    case "WILLTOPICRESP":
    case "WILLMSGRESP":
      return `${message.type} ${code(message.returnCode)}`;
    case "WILLTOPICREQ":
    case "WILLMSGREQ":
    case "PINGRESP":
      return message.type;
    case "WILLTOPIC":
    case "WILLTOPICUPD":
      if (message.empty) return `${message.type} empty: no will`;
      return `${message.type} ${quote(message.willTopic)}, ${qos(message.qos)}${message.retain ? ", retain" : ""}`;
    case "WILLMSG":
    case "WILLMSGUPD":
      return `${message.type} ${data(message.willMsg)}`;
    case "REGISTER":
      return `REGISTER ${quote(message.topicName)}, topic id ${message.topicId}, MsgId ${message.msgId}`;
    case "REGACK":
    case "PUBACK":
      return `${message.type} topic id ${message.topicId}, MsgId ${message.msgId}, ${code(message.returnCode)}`;
    case "PUBLISH": {
      const flags = `${message.dup ? ", dup" : ""}${message.retain ? ", retain" : ""}`;
      const topic = topicId(message.topicIdType, message.topicId);
      return `PUBLISH ${qos(message.qos)}${flags}, ${topic}, MsgId ${message.msgId}, ${data(message.data)}`;
    }
    case "PUBREC":
    case "PUBREL":
    case "PUBCOMP":
    case "UNSUBACK":
      return `${message.type} MsgId ${message.msgId}`;
    case "SUBSCRIBE":
      return `SUBSCRIBE ${qos(message.qos)}${message.dup ? ", dup" : ""}, ${subscription(message)}, MsgId ${message.msgId}`;
    case "UNSUBSCRIBE":
      return `UNSUBSCRIBE ${subscription(message)}, MsgId ${message.msgId}`;
    case "SUBACK": {
      const { topicId: id, msgId, returnCode } = message;
      return `SUBACK ${qos(message.qos)}, topic id ${id}, MsgId ${msgId}, ${code(returnCode)}`;
    }
    case "PINGREQ":
      return message.clientId === "" ? "PINGREQ" : `PINGREQ ${quote(message.clientId)}`;
    case "DISCONNECT":
      return message.duration === undefined ? "DISCONNECT" : `DISCONNECT sleep ${message.duration} s`;
    case "ENCAPSULATED":
      return `forwarded, node ${hex(message.wirelessNodeId) || "without id"}, radius ${message.radius}`;
  }
}

function code(returnCode: number): string {
  return CODE_NAMES.get(returnCode) ?? `reserved return code ${returnCode}`;
}

function qos(value: QoS): string {
  return value === -1 ? "QoS −1" : `QoS ${value}`;
}

function topicId(type: TopicIdType, id: number): string {
  switch (type) {
    case "normal":
      return `topic id ${id}`;
    case "predefined":
      return `predefined topic id ${id}`;
    case "short":
      return `short topic ${shortName(id)}`;
    case "reserved":
      return `reserved topic id type, ${id}`;
  }
}

function shortName(id: number): string {
  const name = decodeShortName(id);
  return name === null ? `0x${id.toString(16).padStart(4, "0")} (not a topic name)` : quote(name);
}

function subscription(topic: SubscriptionTopic): string {
  if (topic.topicIdType === "normal") return quote(topic.topicName);
  return topic.topicIdType === "reserved" ? "reserved topic id type" : topicId(topic.topicIdType, topic.topicId);
}

/** What JSON leaves as it is and a terminal or a log does not: DEL, C1 controls, line separators, changes of direction. */
const UNPRINTABLE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text of a stranger: it must neither break the line nor steer the terminal that shows it. */
function quote(text: string | null): string {
  if (text === null) return "(not UTF-8)";
  return JSON.stringify(text).replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString("hex");
}

/** Printable ASCII as text, anything else as hex. */
function data(octets: Uint8Array): string {
  const unit = octets.length === 1 ? "octet" : "octets";
  if (octets.length === 0) return `0 ${unit}`;
  const shown = octets.subarray(0, DATA_SHOWN_MAX);
  const printable = shown.every((octet) => octet >= 0x20 && octet < 0x7f);
  const text = printable ? JSON.stringify(Buffer.from(shown).toString("latin1")) : hex(shown);
  return `${octets.length} ${unit} ${text}${octets.length > DATA_SHOWN_MAX ? "…" : ""}`;
}
