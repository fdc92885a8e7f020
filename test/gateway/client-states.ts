import { expect } from "vitest";
import { Script } from "./script.ts";

/** The columns of section 3's table; the first stands for disconnected and lost as well. */
export type Column = "none" | "WT" | "WM" | "WB" | "active" | "asleep" | "awake";

/** The id of the topic "a", to which a connected client has subscribed: the first that a gateway with seed 0 hands out. */
export const TOPIC_ID = 1;
/** What is in flight to an awake client. */
export const MSG_ID = 3;
export const WILL = { willTopic: "w" };

const connected = () => {
  const s = new Script({ tRetryMs: 10_000, nRetry: 3 });
  s.connect({ duration: 3600 });
  expect(s.subscribe("a", 1)).toBe(TOPIC_ID);
  return s;
};

/** How each state comes about. */
export const STATES: Record<string, { column: Column; begin: () => Script }> = {
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

/** The state that the script's client is in, told from the outside: by what the gateway does with a few more messages. */
export function stateOf(s: Script): Column {
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
