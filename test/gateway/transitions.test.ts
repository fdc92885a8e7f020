import { describe, expect, test } from "vitest";
import { TRANSITIONS } from "../../src/gateway/transitions.ts";
import type { MessageName } from "../../src/sn/msg-type.ts";
import { Script } from "./script.ts";

/** The columns of section 3's table; the first stands for disconnected and lost as well. */
type Column = "none" | "WT" | "WM" | "WB" | "active" | "asleep" | "awake";

/** The id of the topic "a", to which a connected client has subscribed: the first that a gateway with seed 0 hands out. */
const TOPIC_ID = 1;
/** What is in flight to an awake client. */
const MSG_ID = 3;
const WILL = { willTopic: "w" };

const connected = () => {
  const s = new Script({ tRetryMs: 10_000, nRetry: 3 });
  s.connect({ duration: 3600 });
  expect(s.subscribe("a", 1)).toBe(TOPIC_ID);
  return s;
};

/** How each state comes about. */
const STATES: Record<string, { column: Column; begin: () => Script }> = {
  "never connected": { column: "none", begin: () => new Script() },
  disconnected: { column: "none", begin: () => connected().disconnect() },
  lost: { column: "none", begin: () => connected().after(3_960_000).closes(false).gone() },
  "awaiting will topic": {
    column: "WT",
    begin: () => new Script().client("CONNECT", { will: true, duration: 3600 }).toClient("WILLTOPICREQ"),
  },
  "awaiting will message": {
    column: "WM",
    begin: () => {
      const s = new Script().client("CONNECT", { will: true, duration: 3600 }).toClient("WILLTOPICREQ");
      return s.client("WILLTOPIC", WILL).toClient("WILLMSGREQ");
    },
  },
  "awaiting broker": { column: "WB", begin: () => new Script().client("CONNECT", { duration: 3600 }).opens() },
  active: { column: "active", begin: connected },
  asleep: { column: "asleep", begin: () => connected().sleep(3600) },
  awake: {
    column: "awake",
    begin: () => {
      const s = connected().sleep(3600).deliver("a", { qos: 1, messageId: MSG_ID });
      return s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH");
    },
  },
};

/** What comes out, then "→" and the state that follows where it is another; "-" is nothing. */
type Row = Record<Column, string>;

/** Columns: no session, waiting for WILLTOPIC, for WILLMSG, for the broker, active, asleep, awake. */
function row(none: string, WT: string, WM: string, WB: string, active: string, asleep: string, awake: string): Row {
  return { none, WT, WM, WB, active, asleep, awake };
}

const request = (answer: string) => row("DISCONNECT", "-", "-", "-", answer, answer, answer);
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
  ["WILLTOPICUPD", WILL, request("WILLTOPICRESP 3")],
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
  ["ENCAPSULATED", { radius: 0, wirelessNodeId: Uint8Array.of(1), data: Uint8Array.of(2, 0x16) }, NOTHING],
];

/** The state that the script's client is in, told from the outside: by what the gateway does with a few more messages. */
function stateOf(s: Script): Column {
  const says = (...[type, fields]: Parameters<Script["client"]>) => s.client(type, fields).arrows().join();
  const answer = says("PUBLISH", { topicId: 0xfff0, qos: 1, msgId: 0x77 });
  if (answer === "DISCONNECT") return "none";
  if (answer === "") {
    if (says("WILLMSG", { willMsg: "x" }) === "open") return "WM";
    return says("WILLTOPIC", WILL) === "WILLMSGREQ" ? "WT" : "WB";
  }
  expect(answer).toBe("PUBACK 2");
  // Only who listens is sent something again, and only an awake client is owed a PINGRESP.
  const later = s.after(10_000).arrows().join();
  if (later === "PINGRESP") return "awake";
  if (later === "PUBLISH") return says("PINGREQ") === "PINGRESP" ? "active" : "awake";
  expect(later).toBe("");
  return s.deliver("a").arrows().join() === "" ? "asleep" : "active";
}

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
    ["a lost connection", "active", (s) => s.gone(), "DISCONNECT", "none"],
    ["a lost connection", "awake", (s) => s.gone(), "DISCONNECT", "none"],
    ["a refusal", "awaiting broker", (s) => s.refuses(5), "CONNACK 3", "none"],
    ["the broker's CONNACK", "awaiting broker", (s) => s.accepts(), "CONNACK 0", "active"],
  ])("§3 %s while %s", (_, state, event, arrows, next) => {
    const s = STATES[state]!.begin();
    expect(event(s).arrows().join(", ")).toBe(arrows);
    expect(stateOf(s)).toBe(next);
  });
});
