import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const PREDEFINED = [{ id: 7, topic: "p", clientId: undefined }];

/** A restart, after which the broker still has the client's session, or has it no more. */
const restarted = (s: Script, sessionPresent = true) => s.restart().after(0).opens().accepts(sessionPresent);

describe("the settings are others after the restart", () => {
  test("A-54 a predefined id that means another name by now is not used for the old one", () => {
    const s = new Script({ predefinedTopics: PREDEFINED }).connect(DURABLE);
    s.client("SUBSCRIBE", { topicIdType: "predefined", topicId: 7, msgId: 1 }).toBroker("subscribe");
    s.broker("suback", { messageId: 1, granted: [1] }).toClient("SUBACK");
    s.restart({ predefinedTopics: [{ id: 7, topic: "q", clientId: undefined }] });
    s.after(0).opens().accepts(true).deliver("p");
    const topicId = s.toClientId("REGISTER", { topicName: "p" });
    s.client("REGACK", { topicId, msgId: 0xffff }).toClient("PUBLISH", { topicIdType: "normal", topicId });
  });

  test("I3 a normal id that is predefined by now is not known any more", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    s.restart({ predefinedTopics: [{ id: topicId, topic: "q", clientId: undefined }] });
    s.after(0).opens().accepts(true).client("PUBLISH", { topicId }).toClient("PUBACK", { returnCode: 2 });
    expect(s.register("a", 2)).not.toBe(topicId);
  });

  test("T6 more topics than clients.max_topics are not forgotten", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a", 1);
    s.register("b", 2);
    s.restart({ topicsMax: 1 }).after(0).opens().accepts(true);
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "a" });
    s.client("REGISTER", { topicName: "c", msgId: 1 }).toClient("REGACK", { returnCode: 3 });
  });

  test("X5 there are more clients than clients.max: what is stored of them is kept, a sleeping one with CleanSession=1 is not", () => {
    const s = new Script();
    s.from("1").connect({ ...DURABLE, clientId: "a" });
    s.from("2").connect({ ...DURABLE, clientId: "b" });
    s.from("3").connect({ clientId: "c" }).sleep();
    s.restart({ clientsMax: 1 }).noted("sessions.restored", { active: 1, asleep: 0, stored: 1, dropped: 1 });
    expect(s.saved("b")).toMatchObject({ state: "disconnected" });
    expect(s.saved("c")).toBeUndefined();
    s.after(0).opens({ clientId: "a" }).accepts(true);
    s.from("2").client("PINGREQ").toClient("DISCONNECT");
  });

  test("E5 forwarders are switched off: a client behind one is not there any more", () => {
    const s = new Script().behind("f1", Uint8Array.of(1)).connect(DURABLE);
    s.restart({ forwarders: false }).noted("sessions.restored", { active: 0, stored: 1 }).after(0).nothing();
  });

  test("clients.deny: a client that may not connect any more is not there any more", () => {
    const s = new Script().connect(DURABLE);
    s.restart({ clientIdsDenied: ["dev*"] })
      .noted("sessions.restored", { active: 0, stored: 1 })
      .after(0)
      .nothing();
    s.client("PINGREQ").toClient("DISCONNECT");
  });

  test("topics.mountpoint: a client whose id would be several levels of topics is not there any more", () => {
    const s = new Script().connect({ ...DURABLE, clientId: "a/+" });
    s.restart({ mountpoint: `\${clientId}/` }).noted("sessions.restored", { active: 0, stored: 1 }).after(0).nothing();
  });

  test("K4 keep alives and sleeps are multiplied by the new factor", () => {
    const s = new Script().connect({ ...DURABLE, duration: 60 });
    s.restart({ keepAliveFactor: 3 }).after(0).opens().accepts(true);
    s.after(179_999).nothing().after(1).closes(false);
  });
});

describe("what cannot be", () => {
  const bothAt = (address: string, settings = {}) => {
    const s = new Script(settings);
    s.from("1").connect({ ...DURABLE, clientId: "a" });
    s.from("2").connect({ ...DURABLE, clientId: "b" });
    const sessions = ["a", "b"].map((clientId) => ({ ...s.saved(clientId)!, address }));
    return { sessions, lastTopicId: 0 };
  };

  test("C16 two clients at one address: the second one is not there any more", () => {
    const saved = bothAt("1");
    const s = new Script().event({ type: "restore", saved }).noted("sessions.restored", { active: 1, stored: 1 });
    s.after(0).opens({ clientId: "a" });
  });

  test("A-48 a sleeping client may have left its address to another one, whichever comes first", () => {
    const [a, b] = bothAt("1").sessions;
    const asleep = { ...a!, state: "asleep", sleepDuration: 100 } as const;
    for (const sessions of [
      [asleep, b!],
      [b!, asleep],
    ]) {
      const s = new Script({ migrateOnWake: true }).event({ type: "restore", saved: { sessions, lastTopicId: 0 } });
      s.noted("sessions.restored", { active: 1, asleep: 1 }).from("1").client("PINGREQ").toClient("PINGRESP");
      expect(s.arrows()).toEqual([]);
      expect(s.after(100).arrows()).toEqual(["open", "open"]);
    }
  });

  test("one client twice is one", () => {
    const { sessions } = bothAt("1");
    const saved = { sessions: [sessions[0]!, sessions[0]!], lastTopicId: 0 };
    const s = new Script().event({ type: "restore", saved }).noted("sessions.restored", { active: 1, dropped: 1 });
    s.after(0).opens();
  });

  test("I2, I4 topic ids that are none, or stand for two names", () => {
    const [session] = bothAt("1").sessions;
    const topics = [
      { id: 5, name: "a", announced: true },
      { id: 5, name: "b", announced: true },
      { id: 6, name: "a", announced: true },
      { id: 0, name: "c", announced: true },
      { id: 0xffff, name: "d", announced: true },
      { id: 1.5, name: "e", announced: true },
    ];
    const s = new Script().event({ type: "restore", saved: { sessions: [{ ...session!, topics }], lastTopicId: 0 } });
    expect(s.gateway.savedSession("a")!.topics).toEqual([topics[0]]);
  });
});

describe("T12 the numbering of topic ids", () => {
  test("A-55 goes on behind all that can have been handed out", () => {
    const s = new Script().connect(DURABLE);
    const before = s.register("a", 1);
    restarted(s);
    expect(s.register("b", 2)).toBe(before + 16_385);
  });

  test("A-55 and in the circle of all ids", () => {
    const s = new Script({}, 65_530).connect(DURABLE);
    expect(s.register("a", 1)).toBe(65_531);
    restarted(s);
    expect(s.register("b", 2)).toBe(65_531 + 16_385 - 65_534);
  });

  test("A-55 no id is handed out before it is safe that it went on: the next restart would hand it out again", () => {
    const s = new Script().connect(DURABLE);
    s.register("a", 1);
    const saved = { sessions: [s.saved()!], lastTopicId: s.gateway.lastTopicId };
    const other = new Script().event({ type: "restore", saved }).saves("").after(0).opens().accepts(true);
    other.client("REGISTER", { topicName: "b", msgId: 2 }).toClient("REGACK", { returnCode: 1 });
    other.event({ type: "saved" });
    other.register("b", 3);
  });
});
