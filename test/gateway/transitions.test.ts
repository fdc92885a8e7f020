import { describe, expect, test } from "vitest";
import { TRANSITIONS } from "../../src/gateway/transitions.ts";
import type { MessageName } from "../../src/sn/msg-type.ts";
import { type Column, MSG_ID, STATES, stateOf, TOPIC_ID, WILL } from "./client-states.ts";
import type { Script } from "./script.ts";

/** What comes out, then "→" and the state that follows where it is another; "-" is nothing. */
type Row = Record<Column, string>;

/** Columns: no session, waiting for WILLTOPIC, for WILLMSG, for the broker, active, asleep, awake. */
function row(none: string, WT: string, WM: string, WB: string, active: string, asleep: string, awake: string): Row {
  return { none, WT, WM, WB, active, asleep, awake };
}

const request = (answer: string) => row("DISCONNECT", "-", "-", "-", answer, answer, answer);
const always = (arrows: string) => row(arrows, arrows, arrows, arrows, arrows, arrows, arrows);
const NOTHING = row("-", "-", "-", "-", "-", "-", "-");

/** Section 3 of the protocol reference. */
const TABLE: [type: MessageName, fields: Record<string, unknown>, row: Row][] = [
  [
    "CONNECT",
    { duration: 3600 },
    row("open → WB", "open → WB", "open → WB", "-", "close → WB", "CONNACK 0 → active", "CONNACK 0 → active"),
  ],
  [
    "CONNECT",
    { will: true, duration: 3600 },
    row(
      "WILLTOPICREQ → WT",
      "WILLTOPICREQ",
      "WILLMSGREQ",
      "-",
      "WILLTOPICREQ → WT",
      "CONNACK 0 → active",
      "CONNACK 0 → active",
    ),
  ],
  [
    "CONNECT",
    { will: true, duration: 10 },
    row(
      "WILLTOPICREQ → WT",
      "WILLTOPICREQ",
      "WILLTOPICREQ → WT",
      "-",
      "WILLTOPICREQ → WT",
      "CONNACK 0 → active",
      "CONNACK 0 → active",
    ),
  ],
  ["WILLTOPIC", WILL, row("DISCONNECT", "WILLMSGREQ → WM", "WILLMSGREQ", "-", "-", "-", "-")],
  ["WILLTOPIC", { empty: true }, row("DISCONNECT", "open → WB", "WILLMSGREQ", "-", "-", "-", "-")],
  ["WILLMSG", { willMsg: "gone" }, row("DISCONNECT", "-", "open → WB", "-", "-", "-", "-")],
  ["REGISTER", { topicName: "b", msgId: 2 }, request("REGACK 0")],
  ["SUBSCRIBE", { topicName: "b", msgId: 2 }, request("broker: subscribe")],
  ["UNSUBSCRIBE", { topicName: "b", msgId: 2 }, request("broker: unsubscribe")],
  ["PUBLISH", { topicId: TOPIC_ID }, request("broker: publish")],
  ["PUBLISH", { topicId: TOPIC_ID, qos: 1, msgId: 2 }, request("broker: publish")],
  ["PUBLISH", { topicId: TOPIC_ID, qos: 2, msgId: 2 }, request("broker: publish")],
  ["PUBLISH", { topicId: 0x999, qos: 1, msgId: 2 }, request("PUBACK 2")],
  ["PUBLISH", { topicIdType: "short", topicId: 0x7474, qos: -1 }, NOTHING],
  ["PUBREL", { msgId: 9 }, request("broker: pubrel")],
  ["PUBACK", { topicId: TOPIC_ID, msgId: MSG_ID }, row("DISCONNECT", "-", "-", "-", "-", "-", "broker: puback, probe")],
  ["PUBREC", { msgId: MSG_ID }, request("-")],
  ["PUBCOMP", { msgId: MSG_ID }, request("-")],
  ["REGACK", { topicId: TOPIC_ID, msgId: MSG_ID }, request("-")],
  // What changes a will has the broker connection made anew, for which there are tests of its own.
  ["WILLTOPICUPD", { empty: true }, request("WILLTOPICRESP 0")],
  ["WILLTOPICUPD", { willTopic: "#" }, request("WILLTOPICRESP 3")],
  ["WILLMSGUPD", { willMsg: "gone" }, request("WILLMSGRESP 3")],
  ["PINGREQ", {}, row("DISCONNECT", "-", "-", "-", "PINGRESP", "PINGRESP", "PUBLISH")],
  ["PINGREQ", { clientId: "dev1" }, row("DISCONNECT", "-", "-", "-", "PINGRESP", "PINGRESP", "PUBLISH")],
  ["PINGREQ", { clientId: "dev2" }, row("DISCONNECT", "-", "-", "-", "DISCONNECT", "DISCONNECT", "DISCONNECT")],
  ["PINGRESP", {}, request("-")],
  [
    "DISCONNECT",
    {},
    row(
      "DISCONNECT",
      "DISCONNECT → none",
      "DISCONNECT → none",
      "DISCONNECT, close → none",
      "DISCONNECT, close → none",
      "DISCONNECT, close → none",
      "DISCONNECT, close → none",
    ),
  ],
  [
    "DISCONNECT",
    { duration: 3600 },
    row(
      "DISCONNECT",
      "DISCONNECT → none",
      "DISCONNECT → none",
      "DISCONNECT, close → none",
      "DISCONNECT → asleep",
      "DISCONNECT",
      "DISCONNECT → asleep",
    ),
  ],
  ["ADVERTISE", { gwId: 1, duration: 900 }, NOTHING],
  ["SEARCHGW", { radius: 0 }, NOTHING],
  ["GWINFO", { gwId: 1, gwAdd: new Uint8Array(0) }, NOTHING],
  ["CONNACK", { returnCode: 0 }, NOTHING],
  ["WILLTOPICREQ", {}, NOTHING],
  ["WILLMSGREQ", {}, NOTHING],
  ["SUBACK", { qos: 0, topicId: TOPIC_ID, msgId: 1, returnCode: 0 }, NOTHING],
  ["UNSUBACK", { msgId: 1 }, NOTHING],
  ["WILLTOPICRESP", { returnCode: 0 }, NOTHING],
  ["WILLMSGRESP", { returnCode: 0 }, NOTHING],
  // Its node is somebody else, who is told so (E5).
  [
    "ENCAPSULATED",
    { radius: 0, wirelessNodeId: Uint8Array.of(1), data: Uint8Array.of(2, 0x16) },
    always("ENCAPSULATED"),
  ],
];

describe("every message in every state", () => {
  const cases = TABLE.flatMap(([type, fields, expected]) =>
    Object.entries(STATES).map(([state, { column, begin }]) => {
      const [arrows = "-", next = column] = expected[column].split(/(?:^| )→ /);
      return { type, fields, state, begin, arrows, next };
    }),
  );

  test.each(cases)("§3 $state × $type $fields: $arrows, then $next", ({ begin, type, fields, arrows, next }) => {
    const s = begin();
    expect(s.client(type, fields).arrows().join(", ") || "-").toBe(arrows);
    expect(stateOf(s)).toBe(next);
  });

  test("§3 the table here and the table of the core name the same messages", () => {
    expect(new Set(TABLE.map(([type]) => type))).toEqual(new Set(Object.keys(TRANSITIONS)));
  });
});

describe("every other event in every state", () => {
  test.each<[what: string, state: string, event: (s: Script) => Script, arrows: string, next: Column]>([
    ["silence", "active", (s) => s.after(3_960_000), "close, will fires", "none"],
    ["silence", "asleep", (s) => s.after(3_960_000), "close, will fires", "none"],
    ["silence", "awake", (s) => s.after(40_000), "PUBLISH, PUBLISH, PUBLISH", "asleep"],
    ["silence", "awaiting will topic", (s) => s.after(40_000), Array(3).fill("WILLTOPICREQ").join(", "), "none"],
    ["silence", "awaiting will message", (s) => s.after(40_000), Array(3).fill("WILLMSGREQ").join(", "), "none"],
    ["silence of the broker", "awaiting broker", (s) => s.after(10_000), "CONNACK 1, close", "none"],
    ["a broker PUBLISH", "active", (s) => s.deliver("a"), "PUBLISH", "active"],
    ["a broker PUBLISH", "asleep", (s) => s.deliver("a"), "", "asleep"],
    ["a broker PUBLISH", "awake", (s) => s.deliver("a"), "", "awake"],
    ["a lost connection", "awaiting broker", (s) => s.gone(), "CONNACK 1", "none"],
    ["a refusal", "awaiting broker", (s) => s.refuses(5), "CONNACK 3", "none"],
    ["the broker's CONNACK", "awaiting broker", (s) => s.accepts(), "CONNACK 0", "active"],
  ])("§3 %s while %s", (_, state, event, arrows, next) => {
    const s = STATES[state]!.begin();
    expect(event(s).arrows().join(", ")).toBe(arrows);
    expect(stateOf(s)).toBe(next);
  });
});
