import type { Message } from "../../src/sn/message.ts";
import { octets } from "./octets.ts";

export interface Vector {
  name: string;
  hex: string;
  message: Message;
  /** `hex` is a form that is accepted and never sent. */
  decodeOnly?: true;
}

const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value));

const publish = { type: "PUBLISH", dup: false, qos: 0, retain: false, topicIdType: "normal", msgId: 0 } as const;
const subscribe = { type: "SUBSCRIBE", dup: false, qos: 1 } as const;

/** Messages and their octets, of every type and every form: appendix A of the protocol reference. */
export const VECTORS: readonly Vector[] = [
  { name: "ADVERTISE", hex: "05 00 05 03 84", message: { type: "ADVERTISE", gwId: 5, duration: 900 } },
  { name: "SEARCHGW", hex: "03 01 01", message: { type: "SEARCHGW", radius: 1 } },
  {
    name: "GWINFO from a gateway",
    hex: "03 02 05",
    message: { type: "GWINFO", gwId: 5, gwAdd: octets("") },
  },
  {
    name: "GWINFO from a client",
    hex: "0A 02 05 06 C0 A8 00 07 27 10",
    message: { type: "GWINFO", gwId: 5, gwAdd: octets("06 C0 A8 00 07 27 10") },
  },
  {
    name: "CONNECT, clean session",
    hex: "0A 04 04 01 00 3C 64 65 76 31",
    message: { type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration: 60, clientId: "dev1" },
  },
  {
    name: "CONNECT, clean session and will",
    hex: "0A 04 0C 01 01 2C 64 65 76 31",
    message: { type: "CONNECT", will: true, cleanSession: true, protocolId: 1, duration: 300, clientId: "dev1" },
  },
  { name: "CONNACK, accepted", hex: "03 05 00", message: { type: "CONNACK", returnCode: 0 } },
  { name: "CONNACK, congestion", hex: "03 05 01", message: { type: "CONNACK", returnCode: 1 } },
  { name: "WILLTOPICREQ", hex: "02 06", message: { type: "WILLTOPICREQ" } },
  {
    name: "WILLTOPIC",
    hex: "09 07 30 77 2F 64 65 76 31",
    message: { type: "WILLTOPIC", empty: false, qos: 1, retain: true, willTopic: "w/dev1" },
  },
  { name: "WILLTOPIC, empty", hex: "02 07", message: { type: "WILLTOPIC", empty: true } },
  { name: "WILLMSGREQ", hex: "02 08", message: { type: "WILLMSGREQ" } },
  { name: "WILLMSG", hex: "06 09 67 6F 6E 65", message: { type: "WILLMSG", willMsg: text("gone") } },
  {
    name: "REGISTER from a client",
    hex: "0B 0A 00 00 00 01 61 2F 62 2F 63",
    message: { type: "REGISTER", topicId: 0, msgId: 1, topicName: "a/b/c" },
  },
  {
    name: "REGACK",
    hex: "07 0B 04 03 00 01 00",
    message: { type: "REGACK", topicId: 0x0403, msgId: 1, returnCode: 0 },
  },
  {
    name: "REGISTER from a gateway",
    hex: "09 0A 04 04 00 09 78 2F 79",
    message: { type: "REGISTER", topicId: 0x0404, msgId: 9, topicName: "x/y" },
  },
  {
    name: "PUBLISH QoS 0, normal id",
    hex: "09 0C 00 04 03 00 00 68 69",
    message: { ...publish, topicId: 0x0403, data: text("hi") },
  },
  {
    name: "PUBLISH QoS 1, normal id",
    hex: "09 0C 20 04 03 00 02 68 69",
    message: { ...publish, qos: 1, topicId: 0x0403, msgId: 2, data: text("hi") },
  },
  {
    name: "PUBLISH QoS 1, sent again",
    hex: "09 0C A0 04 03 00 02 68 69",
    message: { ...publish, dup: true, qos: 1, topicId: 0x0403, msgId: 2, data: text("hi") },
  },
  {
    name: "PUBLISH QoS 2, retain, predefined id",
    hex: "08 0C 51 00 07 00 03 78",
    message: { ...publish, qos: 2, retain: true, topicIdType: "predefined", topicId: 7, msgId: 3, data: text("x") },
  },
  {
    name: "PUBLISH QoS -1, predefined id",
    hex: "0B 0C 61 00 07 00 00 32 31 2E 35",
    message: { ...publish, qos: -1, topicIdType: "predefined", topicId: 7, data: text("21.5") },
  },
  {
    name: "PUBLISH QoS -1, short topic name",
    hex: "0B 0C 62 74 74 00 00 32 31 2E 35",
    message: { ...publish, qos: -1, topicIdType: "short", topicId: 0x7474, data: text("21.5") },
  },
  {
    name: "PUBACK, accepted",
    hex: "07 0D 04 03 00 02 00",
    message: { type: "PUBACK", topicId: 0x0403, msgId: 2, returnCode: 0 },
  },
  {
    name: "PUBACK, invalid topic id",
    hex: "07 0D 09 99 00 02 02",
    message: { type: "PUBACK", topicId: 0x0999, msgId: 2, returnCode: 2 },
  },
  { name: "PUBREC", hex: "04 0F 00 03", message: { type: "PUBREC", msgId: 3 } },
  { name: "PUBREL", hex: "04 10 00 03", message: { type: "PUBREL", msgId: 3 } },
  { name: "PUBCOMP", hex: "04 0E 00 03", message: { type: "PUBCOMP", msgId: 3 } },
  {
    name: "SUBSCRIBE, name",
    hex: "08 12 20 00 04 61 2F 62",
    message: { ...subscribe, msgId: 4, topicIdType: "normal", topicName: "a/b" },
  },
  {
    name: "SUBSCRIBE, wildcard",
    hex: "08 12 20 00 05 61 2F 23",
    message: { ...subscribe, msgId: 5, topicIdType: "normal", topicName: "a/#" },
  },
  {
    name: "SUBSCRIBE, predefined id",
    hex: "07 12 21 00 06 00 07",
    message: { ...subscribe, msgId: 6, topicIdType: "predefined", topicId: 7 },
  },
  {
    name: "SUBSCRIBE, short topic name",
    hex: "07 12 42 00 07 74 74",
    message: { ...subscribe, qos: 2, msgId: 7, topicIdType: "short", topicId: 0x7474 },
  },
  {
    name: "SUBACK",
    hex: "08 13 20 04 05 00 04 00",
    message: { type: "SUBACK", qos: 1, topicId: 0x0405, msgId: 4, returnCode: 0 },
  },
  {
    name: "SUBACK of a wildcard",
    hex: "08 13 20 00 00 00 05 00",
    message: { type: "SUBACK", qos: 1, topicId: 0, msgId: 5, returnCode: 0 },
  },
  {
    name: "SUBACK, not supported",
    hex: "08 13 00 00 00 00 05 03",
    message: { type: "SUBACK", qos: 0, topicId: 0, msgId: 5, returnCode: 3 },
  },
  {
    name: "UNSUBSCRIBE, name",
    hex: "08 14 00 00 08 61 2F 62",
    message: { type: "UNSUBSCRIBE", msgId: 8, topicIdType: "normal", topicName: "a/b" },
  },
  {
    name: "UNSUBSCRIBE, predefined id",
    hex: "07 14 01 00 08 00 07",
    message: { type: "UNSUBSCRIBE", msgId: 8, topicIdType: "predefined", topicId: 7 },
  },
  { name: "UNSUBACK", hex: "04 15 00 08", message: { type: "UNSUBACK", msgId: 8 } },
  { name: "PINGREQ, keep alive", hex: "02 16", message: { type: "PINGREQ", clientId: "" } },
  { name: "PINGREQ, wake-up", hex: "06 16 64 65 76 31", message: { type: "PINGREQ", clientId: "dev1" } },
  { name: "PINGRESP", hex: "02 17", message: { type: "PINGRESP" } },
  { name: "DISCONNECT", hex: "02 18", message: { type: "DISCONNECT", duration: undefined } },
  { name: "DISCONNECT, sleep", hex: "04 18 0E 10", message: { type: "DISCONNECT", duration: 3600 } },
  {
    name: "WILLTOPICUPD",
    hex: "08 1A 00 77 2F 6E 65 77",
    message: { type: "WILLTOPICUPD", empty: false, qos: 0, retain: false, willTopic: "w/new" },
  },
  { name: "WILLTOPICUPD, empty", hex: "02 1A", message: { type: "WILLTOPICUPD", empty: true } },
  { name: "WILLTOPICRESP", hex: "03 1B 00", message: { type: "WILLTOPICRESP", returnCode: 0 } },
  { name: "WILLMSGUPD", hex: "05 1C 62 79 65", message: { type: "WILLMSGUPD", willMsg: text("bye") } },
  { name: "WILLMSGRESP, not supported", hex: "03 1D 03", message: { type: "WILLMSGRESP", returnCode: 3 } },
  {
    name: "an encapsulated DISCONNECT",
    hex: "05 FE 00 00 2A 02 18",
    message: { type: "ENCAPSULATED", radius: 0, wirelessNodeId: octets("00 2A"), data: octets("02 18") },
  },
  {
    name: "PUBLISH of 248 octets, the longest short form (F3)",
    hex: `FF 0C 00 04 03 00 00 ${"7A".repeat(248)}`,
    message: { ...publish, topicId: 0x0403, data: text("z".repeat(248)) },
  },
  {
    name: "PUBLISH of 249 octets, the shortest long form (F3)",
    hex: `01 01 02 0C 00 04 03 00 00 ${"7A".repeat(249)}`,
    message: { ...publish, topicId: 0x0403, data: text("z".repeat(249)) },
  },
  {
    name: "PINGREQ in the long form (F2)",
    hex: "01 00 04 16",
    message: { type: "PINGREQ", clientId: "" },
    decodeOnly: true,
  },
];
