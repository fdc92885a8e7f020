import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const WILL = { willTopic: "w", willMsg: "gone", qos: 1, retain: true };
const PREDEFINED = [{ id: 7, topic: "p", clientId: undefined }];
/** The two octets of "s1". */
const SHORT = 0x7331;

/** A restart, after which the broker still has the client's session, or has it no more. */
const restarted = (s: Script, sessionPresent = true) => s.restart().after(0).opens().accepts(sessionPresent);

describe("an active client with CleanSession=0 does not notice a restart", () => {
  test("A-55 its connection is made anew with the session and the will of before", () => {
    const s = new Script().connectWithWill(DURABLE, WILL).restart().nothing();
    s.noted("sessions.restored", { active: 1, asleep: 0, stored: 0, dropped: 0 });
    s.after(0).opens({
      clientId: "dev1",
      cleanSession: false,
      will: { topic: "w", payload: "gone", qos: 1, retain: true },
    });
    s.accepts(true).noted("link.restored");
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("T9, T11 topic ids mean what they meant, both ways, without a REGISTER", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.subscribe("a", 1);
    restarted(s).client("PUBLISH", { topicId, qos: 1, msgId: 9 }).toBroker("publish", { topic: "a", messageId: 9 });
    s.broker("puback", { messageId: 9 }).toClient("PUBACK", { topicId, msgId: 9, returnCode: 0 });
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { topicId, msgId: 3, dup: false });
    expect(s.register("a", 10)).toBe(topicId);
  });

  test("T11 an id that it was not told of is told first, and is the same", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    s.disconnect().connect(DURABLE, true);
    s.client("SUBSCRIBE", { topicName: "#", msgId: 2 }).toBroker("subscribe");
    s.broker("suback", { messageId: 2, granted: [0] }).toClient("SUBACK");
    restarted(s).deliver("a").toClient("REGISTER", { topicName: "a", topicId });
    s.client("REGACK", { topicId, msgId: 0xffff }).toClient("PUBLISH", { topicId });
    restarted(s).deliver("a").toClient("PUBLISH", { topicId });
  });

  test("A-54, G7 messages come with the kind of id with which it subscribed", () => {
    const s = new Script({ predefinedTopics: PREDEFINED }).connect(DURABLE);
    s.client("SUBSCRIBE", { topicIdType: "predefined", topicId: 7, msgId: 1 }).toBroker("subscribe");
    s.broker("suback", { messageId: 1, granted: [0] }).toClient("SUBACK");
    s.client("SUBSCRIBE", { topicIdType: "short", topicId: SHORT, msgId: 2 }).toBroker("subscribe");
    s.broker("suback", { messageId: 2, granted: [0] }).toClient("SUBACK");
    restarted(s).deliver("p").toClient("PUBLISH", { topicIdType: "predefined", topicId: 7 });
    s.deliver("s1").toClient("PUBLISH", { topicIdType: "short", topicId: SHORT });
  });

  test("A-54 where the broker has lost the session it gets the subscriptions again, with their QoS", () => {
    const s = new Script().connect(DURABLE);
    s.subscribe("a", 2, 1);
    s.client("SUBSCRIBE", { topicName: "b/#", qos: 1, msgId: 2 }).toBroker("subscribe");
    s.broker("suback", { messageId: 2, granted: [1] }).toClient("SUBACK");
    const subscriptions = [
      { topic: "a", qos: 2 },
      { topic: "b/#", qos: 1 },
    ];
    restarted(s, false).toBroker("subscribe", { subscriptions });
  });

  test("E5 it is behind a forwarder as before", () => {
    const s = new Script().behind("f1", Uint8Array.of(1, 2)).connect(DURABLE);
    const topicId = s.subscribe("a");
    restarted(s).deliver("a").toClient("PUBLISH", { topicId });
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("K3 it may be silent for as long as ever, from the restart on", () => {
    const s = new Script().connect({ ...DURABLE, duration: 60 }).after(80_000);
    restarted(s).after(89_999).nothing().after(1).closes(false).noted("client.lost");
  });

  test("K5 with a keep alive of 0 likewise", () => {
    const s = new Script({ idleLimitMs: 100_000 }).connect({ ...DURABLE, duration: 0 }).after(80_000);
    restarted(s).after(99_999).nothing().after(1).closes(false);
  });

  test("P9 what it publishes before the connection is there waits for it", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    s.restart().client("PUBLISH", { topicId, qos: 1, msgId: 9 }).nothing();
    s.after(0).opens().accepts(true).toBroker("publish", { topic: "a", messageId: 9 });
  });

  test("C11 its CONNECT begins anew", () => {
    const s = new Script().connect(DURABLE);
    restarted(s);
    const { link } = s;
    s.client("CONNECT", DURABLE)
      .closes(true, link)
      .gone(link)
      .opens()
      .accepts(true)
      .toClient("CONNACK", { returnCode: 0 });
  });

  test("C16 its address is another client's where that connects from there", () => {
    const s = new Script().connect(DURABLE);
    restarted(s).client("CONNECT", { clientId: "dev2" }).closes(false).opens({ clientId: "dev2" });
  });
});

test("X7 an active client with CleanSession=1 is told at its next message to connect again", () => {
  const s = new Script().connect().restart().after(0).nothing();
  s.client("PINGREQ").toClient("DISCONNECT");
});

describe("a sleeping client does not notice a restart", () => {
  const states: Record<string, (fields: object) => Script> = {
    asleep: (fields) => {
      const s = new Script().connect(fields);
      s.subscribe("a", 1);
      return s.sleep();
    },
    awake: (fields) => {
      const s = new Script().connect(fields);
      s.subscribe("a", 1);
      s.sleep().deliver("a").deliver("a", { qos: 1, messageId: 7 });
      return s.client("PINGREQ").toClient("PUBLISH", { qos: 0 }).toClient("PUBLISH", { qos: 1 });
    },
  };

  for (const [state, begin] of Object.entries(states)) {
    test(`Z5, Z7, A-55 ${state}: it wakes up and gets its messages, then PINGRESP`, () => {
      const s = begin(DURABLE).restart().nothing();
      s.noted("sessions.restored", { active: 0, asleep: 1, stored: 0, dropped: 0 });
      s.after(0).opens({ cleanSession: false }).accepts(true).deliver("a", { qos: 1, messageId: 8 }).nothing();
      s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH", { topicId: 1, msgId: 8 });
      s.client("PUBACK", { topicId: 1, msgId: 8 }).toBroker("puback", { messageId: 8 }).does("probe");
      s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
    });

    test(`Z5, A-55 ${state}, with CleanSession=1: likewise, subscribed to again`, () => {
      const s = begin({ cleanSession: true }).restart().after(0).opens({ cleanSession: true });
      s.accepts(false).toBroker("subscribe", { subscriptions: [{ topic: "a", qos: 1 }] });
      s.broker("suback", { messageId: 0xffff, granted: [1] })
        .deliver("a", { qos: 1, messageId: 1 })
        .nothing();
      s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH", { topicId: 1, msgId: 1 });
    });
  }

  test("Z4 also when its PINGREQ is the first thing after the restart", () => {
    const s = states.asleep!(DURABLE).restart().client("PINGREQ", { clientId: "dev1" }).nothing();
    s.after(0).opens().accepts(true).does("probe").deliver("a", { qos: 1, messageId: 8 }).toClient("PUBLISH");
    s.event({ type: "link-probed", link: s.link }).nothing();
  });

  test("Z2 its sleep is counted from the restart on, in full, were it 18 hours", () => {
    const s = new Script().connectWithWill({ duration: 60 }, WILL).sleep(65_535).after(72_000_000);
    restarted(s, false)
      .after(1.1 * 65_535_000 - 1)
      .nothing()
      .after(1)
      .closes(false)
      .noted("client.lost");
  });

  test("Z12 it becomes active by CONNECT with its session as it was, whatever the flags say", () => {
    const s = states.asleep!({ duration: 60 });
    restarted(s, false).toBroker("subscribe");
    s.broker("suback", { messageId: 0xffff, granted: [1] })
      .client("CONNECT")
      .toClient("CONNACK");
    s.deliver("a").toClient("PUBLISH", { topicId: 1 });
  });

  test("A-48 it may wake up elsewhere", () => {
    const s = new Script({ migrateOnWake: true }).connect().sleep();
    restarted(s, false).from("c2").client("PINGREQ", { clientId: "dev1" });
    s.does("probe").event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
  });

  test("Z13 it may go", () => {
    const s = states.asleep!(DURABLE);
    restarted(s).client("DISCONNECT").toClient("DISCONNECT").closes(true);
  });

  test("A-55 and two restarts no more than one", () => {
    const s = states.asleep!(DURABLE);
    restarted(s).restart();
    restarted(s).deliver("a").client("PINGREQ").toClient("PUBLISH", { topicId: 1 }).does("probe");
  });

  test("A-55 nor an orderly one", () => {
    const s = states.asleep!(DURABLE).event({ type: "stop" }).closes(true);
    restarted(s).deliver("a").client("PINGREQ").toClient("PUBLISH", { topicId: 1 }).does("probe");
  });
});

describe("a client that is disconnected", () => {
  test("W1, W3 finds its subscriptions and its will when it connects", () => {
    const s = new Script().connectWithWill(DURABLE, WILL);
    const topicId = s.subscribe("a");
    s.disconnect().restart().noted("sessions.restored", { stored: 1 }).after(0).nothing();
    s.client("CONNECT", DURABLE)
      .opens({ cleanSession: false, will: { topic: "w", payload: "gone" } })
      .accepts(false);
    s.toBroker("subscribe", { subscriptions: [{ topic: "a", qos: 0 }] });
    s.broker("suback", { messageId: 0xffff, granted: [0] }).toClient("CONNACK");
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "a" });
  });

  test("X7 is a stranger until then", () => {
    new Script().connect(DURABLE).disconnect().restart().client("PINGREQ").toClient("DISCONNECT");
  });
});

describe("messages that were under way", () => {
  const subscribed = (qos: 1 | 2) => {
    const s = new Script().connect(DURABLE);
    s.subscribe("a", qos);
    return s.deliver("a", { qos, messageId: 7 }).toClient("PUBLISH", { msgId: 7, dup: false });
  };
  /** Something else makes the gateway save, so that what is in flight is. */
  const save = (s: Script) => {
    s.register("other", 99);
    return s;
  };

  test("R5, P12 one that the client was sent is sent with DUP when the broker sends it again", () => {
    const s = save(subscribed(1));
    restarted(s).deliver("a", { qos: 1, messageId: 7, dup: true }).toClient("PUBLISH", { msgId: 7, dup: true });
    s.client("PUBACK", { topicId: 1, msgId: 7 }).toBroker("puback", { messageId: 7 });
    s.deliver("a", { qos: 1, messageId: 7 }).toClient("PUBLISH", { msgId: 7, dup: false });
  });

  test("R5, P12 another one that the broker sends again is not", () => {
    const s = save(subscribed(1));
    restarted(s).deliver("a", { qos: 1, messageId: 8, dup: true }).toClient("PUBLISH", { msgId: 8, dup: false });
  });

  test("P12 what the client says of one from before does not acknowledge the one that has its identifier now", () => {
    const s = save(subscribed(1));
    restarted(s).client("PUBACK", { topicId: 1, msgId: 7 }).nothing();
    s.deliver("a", { qos: 1, messageId: 7, dup: true }).toClient("PUBLISH", { msgId: 7 });
  });

  test("P13 QoS 2 from the broker: a PUBREL of the broker reaches the client, and its PUBCOMP the broker", () => {
    const s = save(subscribed(2)).client("PUBREC", { msgId: 7 }).toBroker("pubrec");
    restarted(s).broker("pubrel", { messageId: 7 }).toClient("PUBREL", { msgId: 7 });
    s.client("PUBCOMP", { msgId: 7 }).toBroker("pubcomp", { messageId: 7 });
  });

  test("P10 QoS 2 from the client, before PUBREC: its repetition goes to the broker under the same identifier, with DUP", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 5 }).toBroker("publish", { messageId: 5 });
    restarted(s)
      .client("PUBLISH", { topicId, qos: 2, msgId: 5, dup: true })
      .toBroker("publish", { messageId: 5, dup: true });
  });

  test("P10 after PUBREC: its PUBREL goes to the broker under the same identifier", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 5 }).toBroker("publish");
    save(s.broker("pubrec", { messageId: 5 }).toClient("PUBREC"));
    restarted(s).client("PUBREL", { msgId: 5 }).toBroker("pubrel", { messageId: 5 });
    s.broker("pubcomp", { messageId: 5 }).toClient("PUBCOMP", { msgId: 5 });
  });

  /** The client's PUBLISH with MsgId 5 is known to the broker as 65535, for 5 was taken. */
  const aliased = (phase: "sent" | "received" | "released") => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 0 }).toBroker("publish", { messageId: 65_535 });
    if (phase !== "sent") s.broker("pubrec", { messageId: 65_535 }).toClient("PUBREC", { msgId: 0 });
    if (phase === "released") s.client("PUBREL", { msgId: 0 }).toBroker("pubrel", { messageId: 65_535 });
    save(s);
    return { s, topicId };
  };

  test("P2, P10 where MsgId 0 stands for it, its repetition and its PUBREL still find it", () => {
    const { s, topicId } = aliased("sent");
    restarted(s).client("PUBLISH", { topicId, qos: 2, msgId: 0, dup: true }).toBroker("publish", { messageId: 65_535 });
    s.broker("pubrec", { messageId: 65_535 }).toClient("PUBREC", { msgId: 0 });
    for (const phase of ["received", "released"] as const) {
      const { s: other } = aliased(phase);
      restarted(other).client("PUBREL", { msgId: 0 }).toBroker("pubrel", { messageId: 65_535 });
      other.broker("pubcomp", { messageId: 65_535 }).toClient("PUBCOMP", { msgId: 0 });
      // And then it stands for it no more.
      other.after(10_000).client("PUBREL", { msgId: 0 }).nothing();
    }
  });

  test("P10 another message under the MsgId is another message, and takes the place of none", () => {
    const { s, topicId } = aliased("received");
    restarted(s).client("PUBLISH", { topicId, qos: 2, msgId: 65_535, data: "other" });
    s.toBroker("publish", { messageId: 65_534, payload: "other" });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 0, data: "new" }).toBroker("publish", {
      messageId: 65_535,
      payload: "new",
    });
  });

  test("R7, P10 a copy of a PUBLISH whose PUBREL was under way is one", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 5 }).toBroker("publish");
    s.broker("pubrec", { messageId: 5 }).toClient("PUBREC");
    save(s.client("PUBREL", { msgId: 5 }).toBroker("pubrel"));
    restarted(s).client("PUBLISH", { topicId, qos: 2, msgId: 5, dup: true }).nothing().noted("publish.repeated");
    s.client("PUBREL", { msgId: 5 }).toBroker("pubrel");
  });

  test("P10 where the broker has lost the session, the message that it had is lost: the client is told", () => {
    const { s } = aliased("received");
    restarted(s, false).toClient("DISCONNECT").closes(true);
  });
});

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

  test("O1 keep alives and sleeps are multiplied by the new factor", () => {
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
    const other = new Script().event({ type: "restore", saved }).saves("dev1").after(0).opens().accepts(true);
    other.client("REGISTER", { topicName: "b", msgId: 2 }).toClient("REGACK", { returnCode: 1 });
    other.event({ type: "saved" });
    other.register("b", 3);
  });
});
