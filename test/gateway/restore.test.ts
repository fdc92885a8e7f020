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
    const s = new Script().connectWithWill(DURABLE, WILL).restart().nothing().saves("");
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

  test("C13 its CONNECT begins anew", () => {
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
  const states: Record<string, (fields: Record<string, unknown>) => Script> = {
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
