import { describe, expect, test } from "vitest";
import { TopicIds, UNSAVED_IDS_MAX } from "../../src/gateway/topic-ids.ts";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const WILL = { willTopic: "w", willMsg: "gone" };

describe("what is kept of a client", () => {
  test("W1, A-55 of one with CleanSession=0 its address, keep alive, will, topic ids and subscriptions with the kind of their ids", () => {
    const s = new Script({ predefinedTopics: [{ id: 7, topic: "p", clientId: undefined }] });
    s.connectWithWill({ ...DURABLE, duration: 77 }, WILL);
    const id = s.subscribe("a", 1);
    s.client("SUBSCRIBE", { topicIdType: "predefined", topicId: 7, msgId: 2, qos: 2 }).toBroker("subscribe");
    s.broker("suback", { messageId: 2, granted: [2] }).toClient("SUBACK");
    expect(s.saved()).toEqual({
      clientId: "dev1",
      durable: true,
      state: "active",
      address: "c1",
      wirelessNodeId: undefined,
      keepAlive: 77,
      sleepDuration: 0,
      will: { topic: "w", payload: new TextEncoder().encode("gone"), qos: 0, retain: false },
      topics: [{ id, name: "a", announced: true }],
      subscriptions: [
        { filter: "a", topicIdType: "normal", topicId: 0, qos: 1 },
        { filter: "p", topicIdType: "predefined", topicId: 7, qos: 2 },
      ],
      mountpoint: "",
      openPublishes: [],
      inFlight: 0,
    });
  });

  test("E5 of one behind a forwarder which of its nodes it is", () => {
    const s = new Script().behind("f1", Uint8Array.of(1, 2)).connect(DURABLE);
    expect(s.saved()).toMatchObject({ address: "f1", wirelessNodeId: Uint8Array.of(1, 2) });
  });

  test("W1 nothing of an active client with CleanSession=1, whatever it does", () => {
    const s = new Script().connect().saves();
    s.subscribe("a");
    s.saves().register("b", 2);
    s.saves().disconnect().saves();
    expect(s.saved()).toBeUndefined();
  });

  test("Z3 but while it sleeps, with its duration; and no more when it is active again", () => {
    const s = new Script().connect({ duration: 60 });
    s.subscribe("a");
    s.sleep(300).saves("dev1");
    expect(s.saved()).toMatchObject({ durable: false, state: "asleep", sleepDuration: 300, subscriptions: [{}] });
    s.sleep(600).saves("dev1");
    expect(s.saved()).toMatchObject({ sleepDuration: 600 });
    s.client("CONNECT").toClient("CONNACK").saves("dev1");
    expect(s.saved()).toBeUndefined();
  });

  test("Z4 one that is awake is kept as asleep", () => {
    const s = new Script().connect();
    s.subscribe("a", 1);
    s.sleep().deliver("a", { qos: 1, messageId: 3 }).client("PINGREQ").toClient("PUBLISH").saves();
    expect(s.gateway.savedSession("dev1")).toMatchObject({ state: "asleep", inFlight: 3 });
  });

  test("W1 of one that is gone or lost what a later CONNECT finds; with CleanSession=1 that is nothing", () => {
    const s = new Script().connect({ ...DURABLE, duration: 60 });
    s.subscribe("a");
    s.disconnect();
    expect(s.saved()).toMatchObject({ state: "disconnected", subscriptions: [{ filter: "a" }] });
    s.connect({ ...DURABLE, duration: 60 }, true)
      .after(100_000)
      .closes(false)
      .saves("dev1")
      .gone();
    expect(s.saved()).toMatchObject({ state: "disconnected" });
    s.connect({ cleanSession: true }).saves("dev1");
    expect(s.saved()).toBeUndefined();
  });

  test("a CONNECT that is under way is that of a client that is disconnected", () => {
    const s = new Script().connect(DURABLE);
    s.client("CONNECT", { ...DURABLE, will: true })
      .toClient("WILLTOPICREQ")
      .saves("dev1");
    expect(s.saved()).toMatchObject({ state: "disconnected" });
  });

  test("C13 not so where an active client begins anew without a will: it may have heard CONNACK before that is saved", () => {
    const s = new Script().connect({ ...DURABLE, duration: 60 });
    s.subscribe("a", 1);
    const { link } = s;
    s.client("CONNECT", { ...DURABLE, duration: 30 })
      .closes(true)
      .saves("dev1")
      .gone(link)
      .opens();
    expect(s.saved()).toMatchObject({ state: "active", subscriptions: [{ filter: "a" }] });
    // A restart in its middle: it says CONNECT again, or goes on.
    s.restart().after(0).opens().accepts(true).client("PUBLISH", { topicId: 1 }).toBroker("publish");
  });

  test("C13 but so with CleanSession=1, and for a client that was disconnected", () => {
    const s = new Script().connect(DURABLE);
    const { link } = s;
    s.client("CONNECT", { cleanSession: true }).closes(true).saves("dev1").gone(link).opens().accepts();
    s.toClient("CONNACK").disconnect().client("CONNECT", DURABLE).opens().accepts().toClient("CONNACK");
    s.disconnect().client("CONNECT", DURABLE).opens();
    expect(s.saved()).toMatchObject({ state: "disconnected" });
  });

  test("Z12 not so where a sleeping client wakes up with it", () => {
    const s = new Script({ wakeByConnect: "prompt" }).connect().sleep();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    expect(s.saved()).toMatchObject({ state: "asleep" });
  });

  test("X5 of a stored session that is forgotten nothing", () => {
    const s = new Script({ clientsMax: 1 });
    s.connect({ ...DURABLE, clientId: "a" }).disconnect();
    s.connect({ ...DURABLE, clientId: "b" })
      .disconnect()
      .noted("client.forgotten", { clientId: "a" });
    expect(s.saved("a")).toBeUndefined();
    expect(s.saved("b")).toBeDefined();
  });

  test("A-48 the address at which a sleeping client has woken up", () => {
    const s = new Script({ migrateOnWake: true }).connect().sleep().from("c2");
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PINGRESP").saves("dev1");
    expect(s.saved()).toMatchObject({ address: "c2" });
  });

  test("W10 the will that the broker has, not the one that it is to get", () => {
    const s = new Script().connectWithWill(DURABLE, WILL);
    const { link } = s;
    s.client("WILLMSGUPD", { willMsg: "other" }).closes(true).saves();
    s.gone(link).opens().saves().accepts(true).toClient("WILLMSGRESP").saves("dev1");
    expect(Buffer.from(s.saved()!.will!.payload).toString()).toBe("other");
  });
});

describe("how often something is saved", () => {
  test("P2, P9, P10 not for a PUBLISH, either way, at any QoS", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.subscribe("a", 2);
    s.client("PUBLISH", { topicId }).toBroker("publish").saves();
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toBroker("publish").saves();
    s.broker("puback", { messageId: 2 }).toClient("PUBACK").saves();
    s.client("PUBLISH", { topicId, qos: 2, msgId: 3 }).toBroker("publish").saves();
    s.broker("pubrec", { messageId: 3 }).toClient("PUBREC").saves();
    s.client("PUBREL", { msgId: 3 }).toBroker("pubrel").saves();
    s.broker("pubcomp", { messageId: 3 }).toClient("PUBCOMP").saves();
    s.deliver("a").toClient("PUBLISH").saves();
    s.deliver("a", { qos: 1, messageId: 4 }).toClient("PUBLISH").saves();
    s.client("PUBACK", { topicId, msgId: 4 }).toBroker("puback").saves();
    s.client("PINGREQ").toClient("PINGRESP").saves();
  });

  test("T4 not for what changes nothing", () => {
    const s = new Script().connect(DURABLE);
    s.register("a", 1);
    s.saves("dev1").register("a", 2);
    s.saves();
  });

  test("once for an event that changes much", () => {
    const s = new Script().connect(DURABLE);
    s.register("a");
    s.subscribe("b");
    s.client("DISCONNECT").toClient("DISCONNECT").closes(true).saves("dev1");
  });

  test("never where nothing is kept", () => {
    const s = new Script({ savesSessions: false }).connect(DURABLE).saves();
    s.subscribe("a");
    s.saves().sleep().saves().event({ type: "stop" }).closes(true).saves();
  });
});

describe("an orderly stop", () => {
  test("A-55 sleeping clients are kept as they are, and those who listen are told", () => {
    const s = new Script();
    s.from("1").connect({ ...DURABLE, clientId: "active" });
    s.from("2").connect({ clientId: "clean" });
    s.from("3").connectWithWill({ clientId: "asleep" }, WILL).sleep();
    s.from("4").connect({ ...DURABLE, clientId: "awake" });
    s.subscribe("a", 1);
    s.sleep().deliver("a", { qos: 1, messageId: 9 }).client("PINGREQ").toClient("PUBLISH");
    const arrows = s.event({ type: "stop" }).arrows();
    expect(arrows.sort()).toEqual(["DISCONNECT", "DISCONNECT", "DISCONNECT", "close", "close", "close", "close"]);
    s.saves("active", "asleep", "awake");
    expect(s.saved("active")).toMatchObject({ state: "disconnected" });
    expect(s.saved("clean")).toBeUndefined();
    expect(s.saved("asleep")).toMatchObject({ state: "asleep", will: { topic: "w" } });
    expect(s.saved("awake")).toMatchObject({ state: "disconnected" });
  });

  test("A-55 what a sleeping client has in flight is kept with it", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.subscribe("a", 1);
    s.client("PUBLISH", { topicId, qos: 2, msgId: 5 }).toBroker("publish");
    s.broker("pubrec", { messageId: 5 }).toClient("PUBREC");
    s.sleep().deliver("a", { qos: 1, messageId: 9 }).client("PINGREQ").toClient("PUBLISH").sleep();
    s.event({ type: "stop" }).closes(true);
    expect(s.saved()).toMatchObject({ inFlight: 9, openPublishes: [{ msgId: 5, packetId: 5, released: false }] });
  });

  test("Z2 nobody's time runs out after it", () => {
    const s = new Script().connect().sleep(60).event({ type: "stop" }).closes(true);
    s.gone().after(1_000_000);
    expect(s.gateway.deadline).toBe(Number.POSITIVE_INFINITY);
    expect(s.gateway.savedSession("dev1")).toMatchObject({ state: "asleep" });
  });
});

describe("T12, A-55 topic ids that are not saved yet", () => {
  const unreserved = () => false;

  test("no more than a restart leaves out are handed out", () => {
    const ids = new TopicIds(65_000, unreserved, UNSAVED_IDS_MAX);
    const handedOut = new Set<number>();
    for (let id = ids.next(unreserved); id !== undefined; id = ids.next(unreserved)) handedOut.add(id);
    expect(handedOut.size).toBe(UNSAVED_IDS_MAX);
    expect(ids.awaitsSaving).toBe(true);
    const after = new TopicIds(0, unreserved, UNSAVED_IDS_MAX);
    after.continueAfter(65_000, false);
    expect(after.next(unreserved)).toBeUndefined();
    after.saved();
    for (let id = after.next(unreserved); id !== undefined; id = after.next(unreserved)) {
      expect(handedOut.has(id)).toBe(false);
    }
  });

  test("after an end in order none is left out, and none is handed out before it is saved that there is no such end any more", () => {
    const ids = new TopicIds(0, unreserved, UNSAVED_IDS_MAX);
    ids.continueAfter(500, true);
    expect(ids.next(unreserved)).toBeUndefined();
    expect(ids.wantSaving).toBe(true);
    ids.saved();
    expect(ids.next(unreserved)).toBe(501);
  });

  test("what was handed out while something was being saved is not taken for saved", () => {
    const ids = new TopicIds(0, unreserved, UNSAVED_IDS_MAX);
    for (let count = 0; count < 10_000; count += 1) ids.next(unreserved);
    ids.saved();
    let more = 0;
    while (ids.next(unreserved) !== undefined) more += 1;
    expect(more).toBe(UNSAVED_IDS_MAX - 10_000);
    ids.saved();
    expect(ids.next(unreserved)).toBeDefined();
  });

  /** A gateway with a client that cannot be given another id. */
  const exhausted = () => {
    const s = new Script({ topicsMax: 20_000 }).connect();
    for (let count = 0; count < UNSAVED_IDS_MAX; count += 1) {
      s.client("REGISTER", { topicName: `t${count}`, msgId: 1 }).toClient("REGACK", { returnCode: 0 });
    }
    return s;
  };

  test("T6 REGISTER and SUBSCRIBE are told to come later, a message waits; afterwards there are ids again", () => {
    const s = exhausted();
    s.client("REGISTER", { topicName: "more", msgId: 1 }).toClient("REGACK", { topicId: 0, returnCode: 1 });
    s.noted("register.refused", { reason: "too many topic ids have not been saved yet" });
    s.client("SUBSCRIBE", { topicName: "more", msgId: 2 }).toClient("SUBACK", { topicId: 0, returnCode: 1 });
    s.client("SUBSCRIBE", { topicName: "#", msgId: 3, qos: 1 }).toBroker("subscribe");
    s.broker("suback", { messageId: 3, granted: [1] }).toClient("SUBACK", { returnCode: 0 });
    s.deliver("new", { qos: 1, messageId: 4 }).nothing();
    s.deliver("t1", { qos: 0 }).nothing();
    s.event({ type: "saved" }).nothing();
    s.event({ type: "saved" });
    const topicId = s.toClientId("REGISTER", { topicName: "new" });
    s.client("REGACK", { topicId, msgId: 0xffff }).toClient("PUBLISH", { topicId, msgId: 4 });
    s.client("PUBACK", { topicId, msgId: 4 }).toBroker("puback").toClient("PUBLISH");
    expect(s.register("more", 5)).toBeGreaterThan(0);
  });

  test("clients of whom nothing is kept make it saved in time", () => {
    const s = new Script({ topicsMax: 50_000 }).connect();
    let saving = false;
    for (let count = 0; count < 50_000; count += 1) {
      s.client("REGISTER", { topicName: `t${count}`, msgId: 1 }).toClient("REGACK", { returnCode: 0 });
      saving ||= s.isSaving;
      if (!saving || count % 1000 !== 999) continue;
      s.event({ type: "saved" });
      saving = false;
    }
  });
});
