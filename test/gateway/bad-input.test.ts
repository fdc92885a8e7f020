import { describe, expect, test } from "vitest";
import { octets } from "../sn/octets.ts";
import { type Column, STATES, stateOf } from "./client-states.ts";

/** What comes out for a datagram: without a session, while a CONNECT is under way, and for a connected client. */
interface Answers {
  none: string;
  settingUp: string;
  connected: string;
}

const DROPPED: Answers = { none: "", settingUp: "", connected: "" };
const refused = (connected: string): Answers => ({ none: "DISCONNECT", settingUp: "", connected });
const always = (answer: string): Answers => ({ none: answer, settingUp: answer, connected: answer });

/** What a stranger may send that is wrong, and how it is answered. */
const BAD: [what: string, hex: string, answers: Answers][] = [
  ["F5 nothing", "", DROPPED],
  ["F5 Length 0", "00 16", DROPPED],
  ["F5 Length 1 without more", "01", DROPPED],
  ["F5 Length larger than the datagram", "03 16", DROPPED],
  ["F5 a long form of three octets", "01 00 03", DROPPED],
  ["F5 a long form larger than the datagram", "01 FF FF 16", DROPPED],
  ["F6 an octet after the message", "02 16 00", DROPPED],
  ["F6 two messages", "02 16 02 18", DROPPED],
  ["F7 the reserved type 0x03", "02 03", DROPPED],
  ["F7 the reserved type 0x11", "04 11 00 03", DROPPED],
  ["F7 the reserved type 0x1E", "02 1E", DROPPED],
  ["F7 the reserved type 0xFF", "02 FF", DROPPED],
  ["F7 CONNACK", "03 05 00", DROPPED],
  ["F7 WILLTOPICREQ", "02 06", DROPPED],
  ["F7 WILLMSGREQ", "02 08", DROPPED],
  ["F7 SUBACK", "08 13 00 00 01 00 01 00", DROPPED],
  ["F7 UNSUBACK", "04 15 00 01", DROPPED],
  ["F7 WILLTOPICRESP", "03 1B 00", DROPPED],
  ["F7 WILLMSGRESP", "03 1D 00", DROPPED],
  ["E7 an envelope in an envelope", "05 FE 00 00 2A 05 FE 00 00 2A 02 16", DROPPED],
  ["E7 an envelope of nothing", "05 FE 00 00 2A", DROPPED],
  ["F5 CONNECT without Duration", "04 04 04 01", DROPPED],
  ["F5 REGISTER without MsgId", "04 0A 00 00", DROPPED],
  ["F5 PUBLISH without MsgId", "05 0C 20 00 01", DROPPED],
  ["F5 SUBSCRIBE by id with one octet of it", "06 12 01 00 05 00", DROPPED],
  ["F5 SUBSCRIBE by id with three octets of it", "08 12 01 00 05 00 01 00", DROPPED],
  ["F5 UNSUBSCRIBE by id with no octet of it", "05 14 01 00 05", DROPPED],
  ["F5 PUBACK with an octet too few", "06 0D 00 01 00 03", DROPPED],
  ["F5 PUBACK with an octet too many", "08 0D 00 01 00 03 00 00", DROPPED],
  ["F5 PUBREC with an octet too many", "05 0F 00 03 00", DROPPED],
  ["F5 PUBREL with an octet too few", "03 10 00", DROPPED],
  ["F5 PUBCOMP with no MsgId", "02 0E", DROPPED],
  ["F5 REGACK without a return code", "06 0B 00 01 FF FF", DROPPED],
  ["F5 PINGRESP with an octet", "03 17 00", DROPPED],
  ["F5 DISCONNECT with one octet of Duration", "03 18 00", DROPPED],
  ["F5 DISCONNECT with three octets of Duration", "05 18 00 00 01", DROPPED],
  ["C5 CONNECT with ProtocolId 0", "0A 04 04 00 0E 10 64 65 76 31", always("CONNACK 3")],
  ["C5 CONNECT with ProtocolId 2", "0A 04 04 02 0E 10 64 65 76 31", always("CONNACK 3")],
  ["C6 CONNECT without a client id", "06 04 04 01 0E 10", always("CONNACK 3")],
  ["C6 CONNECT with a client id that is not UTF-8", "08 04 04 01 0E 10 C3 28", always("CONNACK 3")],
  ["C6 CONNECT with U+0000 in the client id", "08 04 04 01 0E 10 61 00", always("CONNACK 3")],
  ["T5 REGISTER without a name", "06 0A 00 00 00 05", refused("REGACK 3")],
  ["T5 REGISTER of a/+", "09 0A 00 00 00 05 61 2F 2B", refused("REGACK 3")],
  ["T5 REGISTER of #", "07 0A 00 00 00 05 23", refused("REGACK 3")],
  ["T5 REGISTER of U+0000", "07 0A 00 00 00 05 00", refused("REGACK 3")],
  ["T5 REGISTER of what is not UTF-8", "08 0A 00 00 00 05 C3 28", refused("REGACK 3")],
  ["P5 PUBLISH QoS 0 to an unknown id", "07 0C 00 09 99 00 00", refused("PUBACK 2")],
  ["P5 PUBLISH QoS 2 to an unknown id", "07 0C 40 09 99 00 05", refused("PUBACK 2")],
  ["P6 PUBLISH to an unknown predefined id", "07 0C 21 09 99 00 05", refused("PUBACK 2")],
  ["P7 PUBLISH to 0x0000", "07 0C 20 00 00 00 05", refused("PUBACK 2")],
  ["P7 PUBLISH to 0xFFFF", "07 0C 20 FF FF 00 05", refused("PUBACK 2")],
  ["P7 PUBLISH QoS 0 with TopicIdType 0b11", "07 0C 03 00 01 00 00", refused("PUBACK 3")],
  ["P7 PUBLISH QoS 1 with TopicIdType 0b11", "07 0C 23 00 01 00 05", refused("PUBACK 3")],
  ["P7 PUBLISH QoS 2 with TopicIdType 0b11", "07 0C 43 00 01 00 05", refused("PUBACK 3")],
  ["I6, P7 PUBLISH to the short name a+", "07 0C 22 61 2B 00 05", refused("PUBACK 3")],
  ["I6, P7 PUBLISH to the short name ##", "07 0C 22 23 23 00 05", refused("PUBACK 3")],
  ["P7 PUBLISH to a short name with U+0000", "07 0C 22 61 00 00 05", refused("PUBACK 3")],
  ["P7 PUBLISH to a short name that is not UTF-8", "07 0C 22 C3 28 00 05", refused("PUBACK 3")],
  ["N2, N3 PUBLISH QoS −1 to a normal id", "07 0C 60 00 01 00 00", DROPPED],
  ["N2, N3 PUBLISH QoS −1 to an unknown predefined id", "07 0C 61 09 99 00 00", DROPPED],
  ["N2, N3 PUBLISH QoS −1 to the short name a+", "07 0C 62 61 2B 00 00", DROPPED],
  ["N2, N3 PUBLISH QoS −1 with TopicIdType 0b11", "07 0C 63 00 01 00 00", DROPPED],
  ["S5 SUBSCRIBE without a filter", "05 12 20 00 05", refused("SUBACK 3")],
  ["S5 SUBSCRIBE to a/#/b", "0A 12 20 00 05 61 2F 23 2F 62", refused("SUBACK 3")],
  ["S5 SUBSCRIBE to a+", "07 12 20 00 05 61 2B", refused("SUBACK 3")],
  ["S5 SUBSCRIBE to what is not UTF-8", "07 12 20 00 05 C3 28", refused("SUBACK 3")],
  ["S5, N7 SUBSCRIBE with QoS 0b11", "06 12 60 00 05 61", refused("SUBACK 3")],
  ["S5 SUBSCRIBE with TopicIdType 0b11", "07 12 23 00 05 00 01", refused("SUBACK 3")],
  ["S5 SUBSCRIBE to an unknown predefined id", "07 12 21 00 05 09 99", refused("SUBACK 2")],
  ["I6, S5 SUBSCRIBE to the short name a#", "07 12 22 00 05 61 23", refused("SUBACK 3")],
  ["S9 UNSUBSCRIBE of a/#/b", "0A 14 00 00 05 61 2F 23 2F 62", refused("UNSUBACK")],
  ["S9 UNSUBSCRIBE of what is not UTF-8", "07 14 00 00 05 C3 28", refused("UNSUBACK")],
  ["S9 UNSUBSCRIBE with TopicIdType 0b11", "07 14 03 00 05 00 01", refused("UNSUBACK")],
  ["S9 UNSUBSCRIBE of an unknown predefined id", "07 14 01 00 05 09 99", refused("UNSUBACK")],
  ["W4 WILLTOPICUPD of w/+", "06 1A 00 77 2F 2B", refused("WILLTOPICRESP 3")],
  ["W4 WILLTOPICUPD of what is not UTF-8", "05 1A 00 C3 28", refused("WILLTOPICRESP 3")],
  ["W5 WILLTOPICUPD of Flags without a topic", "03 1A 00", refused("WILLTOPICRESP 3")],
  ["W4, N7 WILLTOPICUPD with QoS 0b11", "04 1A 60 77", refused("WILLTOPICRESP 3")],
  ["W9 WILLMSGUPD without a will topic", "03 1C 78", refused("WILLMSGRESP 3")],
  ["Z17 PINGREQ with a client id that is not UTF-8", "04 16 C3 28", refused("DISCONNECT")],
  ["Z17 PINGREQ with the client id dev10", "07 16 64 65 76 31 30", refused("DISCONNECT")],
];

function answerIn(column: Column, answers: Answers): string {
  if (column === "none") return answers.none;
  return column === "WT" || column === "WM" || column === "WB" ? answers.settingUp : answers.connected;
}

describe.each(Object.entries(STATES))("bad input to a client that is %s", (_, { column, begin }) => {
  test.each(BAD)("%s is answered or dropped as the rule says, and changes no state (F5, F6, F7)", (_, hex, answers) => {
    const s = begin();
    const answer = answerIn(column, answers);
    expect(s.datagram(octets(hex)).arrows().join()).toBe(answer);
    expect(stateOf(s)).toBe(column);
  });

  test.each([
    ["W4 w/#", "06 07 00 77 2F 23"],
    ["W4 what is not UTF-8", "05 07 00 C3 28"],
    ["W5 Flags without a topic", "03 07 00"],
    ["W4, N7 QoS 0b11", "04 07 60 77"],
  ])("WILLTOPIC with %s ends the set-up that waits for it, and nothing else (W4, W5)", (_, hex) => {
    const s = begin();
    const answers = {
      none: "DISCONNECT",
      WT: "CONNACK 3",
      WM: "WILLMSGREQ",
      WB: "",
      active: "",
      asleep: "",
      awake: "",
    };
    expect(s.datagram(octets(hex)).arrows().join()).toBe(answers[column]);
    expect(stateOf(s)).toBe(column === "WT" ? "none" : column);
  });
});

test("F7, F5 what is dropped is counted", () => {
  for (const [what, hex, answers] of BAD) {
    // A PUBLISH with QoS −1 has a counter of its own.
    if (answers !== DROPPED || what.startsWith("N2")) continue;
    STATES.active!.begin().datagram(octets(hex)).noted("datagram.dropped");
  }
});
