import { describe, expect, test } from "vitest";
import { decode } from "../../src/sn/decode.ts";
import { describe as describeMessage } from "../../src/sn/describe.ts";
import { type MessageName, MSG_TYPE } from "../../src/sn/msg-type.ts";
import { octets } from "./octets.ts";

/** A datagram and its line, for every message type and every part that shows only sometimes. */
const LINES: readonly [hex: string, line: string][] = [
  ["05 00 05 03 84", "ADVERTISE GwId 5, next in 900 s"],
  ["03 01 01", "SEARCHGW radius 1"],
  ["03 01 00", "SEARCHGW radius 0 (all nodes)"],
  ["03 02 05", "GWINFO GwId 5"],
  ["0A 02 05 06 C0 A8 00 07 27 10", "GWINFO GwId 5, GwAdd 06c0a800072710"],
  ["0A 04 04 01 00 3C 64 65 76 31", 'CONNECT "dev1", keep alive 60 s, clean session'],
  ["0A 04 0C 01 01 2C 64 65 76 31", 'CONNECT "dev1", keep alive 300 s, clean session, will'],
  ["06 04 00 02 00 00", 'CONNECT "", keep alive 0 s, ProtocolId 2'],
  ["03 05 00", "CONNACK accepted"],
  ["03 05 01", "CONNACK rejected: congestion"],
  ["03 05 F0", "CONNACK reserved return code 240"],
  ["02 06", "WILLTOPICREQ"],
  ["09 07 30 77 2F 64 65 76 31", 'WILLTOPIC "w/dev1", QoS 1, retain'],
  ["02 07", "WILLTOPIC empty: no will"],
  ["02 08", "WILLMSGREQ"],
  ["06 09 67 6F 6E 65", 'WILLMSG 4 octets "gone"'],
  ["02 09", "WILLMSG 0 octets"],
  ["0B 0A 00 00 00 01 61 2F 62 2F 63", 'REGISTER "a/b/c", topic id 0, MsgId 1'],
  ["07 0A 00 00 00 01 FF", "REGISTER (not UTF-8), topic id 0, MsgId 1"],
  ["07 0B 04 03 00 01 00", "REGACK topic id 1027, MsgId 1, accepted"],
  ["09 0C 00 04 03 00 00 68 69", 'PUBLISH QoS 0, topic id 1027, MsgId 0, 2 octets "hi"'],
  ["09 0C A0 04 03 00 02 68 69", 'PUBLISH QoS 1, dup, topic id 1027, MsgId 2, 2 octets "hi"'],
  ["08 0C 51 00 07 00 03 78", 'PUBLISH QoS 2, retain, predefined topic id 7, MsgId 3, 1 octet "x"'],
  ["0B 0C 62 74 74 00 00 32 31 2E 35", 'PUBLISH QoS −1, short topic "tt", MsgId 0, 4 octets "21.5"'],
  ["07 0C 02 61 2B 00 00", "PUBLISH QoS 0, short topic 0x612b (not a topic name), MsgId 0, 0 octets"],
  ["09 0C 03 00 07 00 00 00 FF", "PUBLISH QoS 0, reserved topic id type, 7, MsgId 0, 2 octets 00ff"],
  ["07 0D 09 99 00 02 02", "PUBACK topic id 2457, MsgId 2, rejected: invalid topic ID"],
  ["04 0F 00 03", "PUBREC MsgId 3"],
  ["04 10 00 03", "PUBREL MsgId 3"],
  ["04 0E 00 03", "PUBCOMP MsgId 3"],
  ["08 12 A0 00 04 61 2F 62", 'SUBSCRIBE QoS 1, dup, "a/b", MsgId 4'],
  ["07 12 21 00 06 00 07", "SUBSCRIBE QoS 1, predefined topic id 7, MsgId 6"],
  ["07 12 42 00 07 74 74", 'SUBSCRIBE QoS 2, short topic "tt", MsgId 7'],
  ["05 12 03 00 07", "SUBSCRIBE QoS 0, reserved topic id type, MsgId 7"],
  ["08 13 20 04 05 00 04 00", "SUBACK QoS 1, topic id 1029, MsgId 4, accepted"],
  ["08 13 00 00 00 00 05 03", "SUBACK QoS 0, topic id 0, MsgId 5, rejected: not supported"],
  ["08 14 00 00 08 61 2F 62", 'UNSUBSCRIBE "a/b", MsgId 8'],
  ["04 15 00 08", "UNSUBACK MsgId 8"],
  ["02 16", "PINGREQ"],
  ["06 16 64 65 76 31", 'PINGREQ "dev1"'],
  ["02 17", "PINGRESP"],
  ["02 18", "DISCONNECT"],
  ["04 18 0E 10", "DISCONNECT sleep 3600 s"],
  ["08 1A 00 77 2F 6E 65 77", 'WILLTOPICUPD "w/new", QoS 0'],
  ["02 1A", "WILLTOPICUPD empty: no will"],
  ["03 1B 00", "WILLTOPICRESP accepted"],
  ["05 1C 62 79 65", 'WILLMSGUPD 3 octets "bye"'],
  ["03 1D 03", "WILLMSGRESP rejected: not supported"],
  ["05 FE 00 00 2A 02 18", "forwarded, node 002a, radius 0"],
  ["03 FE 01 02 18", "forwarded, node without id, radius 1"],
  ["03 16", "malformed: length"],
  ["02 03", "malformed: reserved message type"],
  ["02 05", "malformed: field missing"],
  ["03 17 00", "malformed: octets left over"],
  ["03 FE 00 03 FE 00 02 18", "malformed: nested encapsulation"],
];

describe("a message in words", () => {
  test.each(LINES)("%s is %s", (hex, line) => {
    expect(describeMessage(decode(octets(hex)))).toBe(line);
  });

  test("the table has every message type", () => {
    const seen = new Set<string>(LINES.map(([hex]) => decode(octets(hex)).type));
    expect((Object.keys(MSG_TYPE) as MessageName[]).filter((name) => !seen.has(name))).toStrictEqual([]);
  });

  test("a long payload is cut, and its size still shown", () => {
    const willMsg = Buffer.from("x".repeat(41));
    expect(describeMessage({ type: "WILLMSG", willMsg })).toBe(`WILLMSG 41 octets "${"x".repeat(40)}"…`);
    expect(describeMessage({ type: "WILLMSG", willMsg: new Uint8Array(41) })).toBe(
      `WILLMSG 41 octets ${"00".repeat(40)}…`,
    );
  });

  test("a text of a stranger neither breaks the line nor steers a terminal", () => {
    const clientId = 'a\n\r\t"\\\u001b[2J\u007f\u0085\u009b2J\u2028\u2029\u202e\u2066';
    expect(describeMessage({ type: "PINGREQ", clientId })).toBe(
      String.raw`PINGREQ "a\n\r\t\"\\\u001b[2J\u007f\u0085\u009b2J\u2028\u2029\u202e\u2066"`,
    );
  });
});
