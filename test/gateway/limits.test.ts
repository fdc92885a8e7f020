import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const OWN_PING = { clientId: "dev1" };

describe("limits of the gateway", () => {
  test("clientsMax, O2: half-open sessions count, and CONNACK says congestion", () => {
    const s = new Script({ clientsMax: 2 });
    s.client("CONNECT", { clientId: "dev1" }).opens();
    s.from("c2").client("CONNECT", { clientId: "dev2", will: true }).toClient("WILLTOPICREQ");
    s.from("c3").client("CONNECT", { clientId: "dev3" }).toClient("CONNACK", { returnCode: 1 });
    s.noted("client.refused", { clientId: "dev3" });
  });

  test("clientsMax: a client that is connected already is not refused when it comes again", () => {
    const s = new Script({ clientsMax: 1 });
    s.connect().client("PINGREQ").toClient("PINGRESP");
    s.client("CONNECT").closes(true).gone().opens().accepts().toClient("CONNACK", { returnCode: 0 });
    s.from("c2").client("CONNECT").closes(true).gone().opens().accepts().toClient("CONNACK", { returnCode: 0 });
  });

  test("clientsMax: another client id at an address that is in use takes the place of the old one", () => {
    const s = new Script({ clientsMax: 1 });
    s.connect().client("CONNECT", { clientId: "dev2" }).closes(false).opens().accepts();
    s.toClient("CONNACK", { returnCode: 0 });
  });

  test("clientsMax, A-48: a sleeping client that may wake up elsewhere makes no room for another one at its address", () => {
    const s = new Script({ clientsMax: 1, migrateOnWake: true });
    s.connect().sleep();
    s.client("CONNECT", { clientId: "dev2" }).toClient("CONNACK", { returnCode: 1 });
    s.client("PINGREQ", OWN_PING).toClient("PINGRESP");
  });

  test.each([
    ["DISCONNECT", (s: Script) => s.disconnect()],
    ["silence", (s: Script) => s.after(90_000).closes(false).gone()],
    ["a broken connection", (s: Script) => s.gone().after(0).toClient("DISCONNECT")],
    ["a refusal", (s: Script) => s.disconnect().client("CONNECT").opens().refuses(5).toClient("CONNACK")],
  ])("field 2: a place is free again after %s", (_, leave) => {
    const s = new Script({ clientsMax: 1, outageLimitMs: 0 });
    for (let index = 0; index < 5; index += 1) {
      leave(s.connect({ clientId: `dev${index}` }));
    }
    s.from("c2").connect({ clientId: "last" });
  });

  test("X5, field 2: stored sessions of clients that left take no place from new ones, and the oldest goes first", () => {
    const s = new Script({ clientsMax: 2 });
    const will = { willTopic: "w", willMsg: "gone" };
    for (const clientId of ["dev1", "dev2"]) s.connectWithWill({ ...DURABLE, clientId }, will).disconnect();
    s.connectWithWill({ ...DURABLE, clientId: "dev3" }, will);
    s.client("DISCONNECT").toClient("DISCONNECT").closes(true).gone().noted("client.forgotten", { clientId: "dev1" });
    s.client("CONNECT", { ...DURABLE, clientId: "dev2" }).opens({ will: { topic: "w" } });
    s.accepts(true).toClient("CONNACK").disconnect();
    s.client("CONNECT", { ...DURABLE, clientId: "dev1" }).opens({ will: undefined });
    s.accepts(true).toClient("CONNACK");
  });

  test("field 2: a client that came back is no stored session any more", () => {
    const s = new Script({ clientsMax: 2 });
    s.connect({ ...DURABLE, clientId: "dev1" }).disconnect();
    s.connect({ ...DURABLE, clientId: "dev1" }, true);
    for (const clientId of ["dev2", "dev3"]) {
      s.from("c2")
        .connect({ ...DURABLE, clientId })
        .client("DISCONNECT")
        .toClient("DISCONNECT")
        .closes(true)
        .gone();
      s.notNoted("client.forgotten");
    }
    s.from("c3")
      .client("CONNECT", { ...DURABLE, clientId: "dev1" })
      .closes(true, 2);
  });

  test("clientsMax: a stored session gives no right to a place", () => {
    const s = new Script({ clientsMax: 1 });
    s.connect({ ...DURABLE, clientId: "dev1" }).disconnect();
    s.from("c2").connect({ clientId: "dev2" });
    s.from("c1")
      .client("CONNECT", { ...DURABLE, clientId: "dev1" })
      .toClient("CONNACK", { returnCode: 1 });
  });

  test("clientIdOctetsMax, field 1: a client id of that length is accepted, a longer one refused", () => {
    const s = new Script({ clientIdOctetsMax: 64 });
    s.connect({ clientId: "x".repeat(64) });
    s.from("c2")
      .client("CONNECT", { clientId: "x".repeat(65) })
      .toClient("CONNACK", { returnCode: 3 });
    s.client("CONNECT", { clientId: "ä".repeat(33) }).toClient("CONNACK", { returnCode: 3 });
  });

  test("connectTimeoutMs counts from the moment the broker is asked", () => {
    const s = new Script({ connectTimeoutMs: 5000 });
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.after(4000).client("WILLTOPIC", { empty: true }).opens();
    s.after(4999).nothing();
    s.after(1).toClient("CONNACK", { returnCode: 1 }).closes(true);
  });

  test("connectTimeoutMs: the end of an old connection does not count", () => {
    const s = new Script({ connectTimeoutMs: 5000 });
    s.connect().client("PINGREQ").toClient("PINGRESP");
    s.client("CONNECT").closes(true).after(4000).gone().opens();
    s.after(4999).nothing();
    s.after(1).toClient("CONNACK", { returnCode: 1 }).closes(true);
  });

  test("O2, connectTimeoutMs: a broker that accepts too late has no client", () => {
    const s = new Script({ connectTimeoutMs: 5000 });
    s.client("CONNECT").opens().after(5000).toClient("CONNACK", { returnCode: 1 }).closes(true);
    s.accepts().nothing();
    s.client("PINGREQ").toClient("DISCONNECT");
  });

  test("strangerAnswersPerSecond: many strangers together are answered no more often than that", () => {
    const s = new Script({ strangerAnswersPerSecond: 10 });
    let answers = 0;
    for (let index = 0; index < 100; index += 1) {
      s.from(`stranger${index}`).client("PINGREQ");
      answers += s.arrows().length;
    }
    expect(answers).toBe(10);
    s.after(1000).from("late").client("PINGREQ").toClient("DISCONNECT");
  });
});

describe("limits of a client", () => {
  test("topicsMax, T6: names beyond it are refused, known ones are not", () => {
    const s = new Script({ topicsMax: 2 });
    s.connect();
    const topicId = s.register("a", 1);
    s.register("b", 2);
    s.client("REGISTER", { topicName: "c", msgId: 3 }).toClient("REGACK", { topicId: 0, msgId: 3, returnCode: 3 });
    s.client("SUBSCRIBE", { topicName: "c", msgId: 4 }).toClient("SUBACK", { topicId: 0, msgId: 4, returnCode: 3 });
    s.client("REGISTER", { topicName: "a", msgId: 5 }).toClient("REGACK", { topicId, returnCode: 0 });
    s.subscribe("#", 1, 6);
    s.deliver("b").toClient("PUBLISH");
    // A name that gets no id cannot be delivered; the broker has to be told something all the same.
    s.deliver("c", { qos: 1, messageId: 3 }).toBroker("puback", { messageId: 3 }).noted("delivery.dropped");
  });

  test("topicsMax: each client has its own", () => {
    const s = new Script({ topicsMax: 1 });
    s.connect().register("a");
    s.from("c2").connect({ clientId: "dev2" }).register("b");
  });

  test("subscriptionsMax: SUBACK 0x01 beyond it, open requests included; a known filter may be renewed", () => {
    const s = new Script({ subscriptionsMax: 2 });
    s.connect().subscribe("a", 0, 1);
    s.client("SUBSCRIBE", { topicName: "b", msgId: 2 }).toBroker("subscribe");
    s.client("SUBSCRIBE", { topicName: "c", msgId: 3 }).toClient("SUBACK", { msgId: 3, returnCode: 1 });
    s.broker("suback", { messageId: 2, granted: [0] }).toClient("SUBACK");
    s.subscribe("a", 1, 4);
    s.client("UNSUBSCRIBE", { topicName: "a", msgId: 5 }).toBroker("unsubscribe");
    s.broker("unsuback", { messageId: 5 }).toClient("UNSUBACK");
    s.subscribe("c", 0, 6);
  });

  test("inFlightMax holds for every kind of request", () => {
    const s = new Script({ inFlightMax: 1 });
    s.connect();
    const topicId = s.register("a");
    s.client("UNSUBSCRIBE", { topicName: "x", msgId: 1 }).toBroker("unsubscribe");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toClient("PUBACK", { returnCode: 1 });
    s.client("SUBSCRIBE", { topicName: "a", msgId: 3 }).toClient("SUBACK", { returnCode: 1 });
    s.client("UNSUBSCRIBE", { topicName: "y", msgId: 4 }).nothing();
    s.client("PUBREL", { msgId: 99 }).nothing();
  });

  test("inFlightMax: no more answers than that are held for a sleeping client", () => {
    const s = new Script({ inFlightMax: 3 });
    s.connect();
    const topicId = s.register("a");
    for (let round = 0; round < 3; round += 1) {
      for (const msgId of [1, 2]) s.client("PUBLISH", { topicId, qos: 1, msgId }).toBroker("publish");
      s.sleep();
      for (const messageId of [1, 2]) s.broker("puback", { messageId }).nothing();
    }
    s.client("PINGREQ", OWN_PING);
    expect(s.arrows()).toEqual(["PUBACK 0", "PUBACK 0", "PUBACK 0", "PINGRESP"]);
  });

  test("datagramOctetsMax, G5 holds for the gateway's own answers of fixed length in any case", () => {
    const s = new Script({ datagramOctetsMax: 20 });
    s.connect().subscribe("w/#");
    s.deliver("w/x", { payload: "x".repeat(13) }).toClient("REGISTER", { topicName: "w/x" });
  });

  test("idleLimitMs, K5: a keep alive of 0 does not keep a session for ever", () => {
    const s = new Script({ idleLimitMs: 5000 });
    s.connect({ duration: 0 }).after(5000).closes(false).noted("client.lost");
  });
});

describe("what waits for a client", () => {
  const sleeping = (settings: object) => {
    const s = new Script(settings);
    s.connect({ duration: 3600 });
    const topicId = s.subscribe("a", 2);
    return { s: s.sleep(3600), topicId };
  };

  test("Z19, queuedMax: the oldest QoS 0 message is dropped first, and counted", () => {
    const { s } = sleeping({ queuedMax: 2 });
    s.deliver("a", { payload: "1" }).deliver("a", { payload: "2" }).notNoted("delivery.dropped");
    s.deliver("a", { payload: "3" }).noted("delivery.dropped", { topic: "a", qos: 0 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { data: "2" }).toClient("PUBLISH", { data: "3" });
    s.toClient("PINGRESP");
  });

  test("Z19, queuedMax: a QoS 0 message makes room for one of QoS 1", () => {
    const { s } = sleeping({ queuedMax: 2 });
    s.deliver("a", { payload: "0" }).deliver("a", { qos: 1, messageId: 3 }).deliver("a", { qos: 1, messageId: 4 });
    s.noted("delivery.dropped", { qos: 0 }).nothing();
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 3 });
  });

  test("Z19, queuedMax, field 5: QoS 1 and 2 are never dropped: the broker is read no more, and again when half is gone", () => {
    const { s, topicId } = sleeping({ queuedMax: 4 });
    for (const messageId of [1, 2, 3, 4]) s.deliver("a", { qos: 1, messageId }).nothing();
    s.deliver("a", { qos: 1, messageId: 5 }).does("pause").noted("queue.paused", { waiting: 5 });
    // What was on its way all the same is kept.
    s.deliver("a", { qos: 1, messageId: 6 }).nothing();
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 1 });
    for (const msgId of [1, 2, 3]) {
      s.client("PUBACK", { topicId, msgId })
        .toBroker("puback")
        .toClient("PUBLISH", { msgId: msgId + 1 })
        .nothing();
    }
    s.client("PUBACK", { topicId, msgId: 4 }).toBroker("puback").toClient("PUBLISH", { msgId: 5 }).does("resume");
    s.noted("queue.resumed");
  });

  test("Z19, queuedMax: a QoS 0 message that comes to a queue full of QoS 1 is the one that goes", () => {
    const { s } = sleeping({ queuedMax: 2 });
    for (const messageId of [1, 2]) s.deliver("a", { qos: 1, messageId }).nothing();
    s.deliver("a", { payload: "0" }).nothing().noted("delivery.dropped", { qos: 0 });
  });

  test("queuedOctetsMax counts topic and payload", () => {
    const { s } = sleeping({ queuedOctetsMax: 1000 });
    s.deliver("a", { payload: "x".repeat(500), qos: 1, messageId: 1 }).nothing();
    s.deliver("a", { payload: "x".repeat(500), qos: 1, messageId: 2 }).does("pause");
  });

  test("queuedOctetsMax: reading goes on when half of it is gone", () => {
    const { s, topicId } = sleeping({ queuedOctetsMax: 1000 });
    for (const messageId of [1, 2]) s.deliver("a", { payload: "x", qos: 1, messageId }).nothing();
    s.deliver("a", { payload: "x".repeat(400), qos: 1, messageId: 3 }).nothing();
    s.deliver("a", { payload: "x".repeat(600), qos: 1, messageId: 4 }).does("pause");
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH");
    for (const msgId of [1, 2, 3])
      s.client("PUBACK", { topicId, msgId }).toBroker("puback").toClient("PUBLISH").nothing();
    s.client("PUBACK", { topicId, msgId: 4 }).toBroker("puback");
    expect(s.arrows()).toContain("resume");
  });

  test("queuedOctetsMax counts what waits, not what has passed", () => {
    const s = new Script({ queuedOctetsMax: 1000 });
    s.connect();
    const topicId = s.subscribe("a", 1);
    for (let messageId = 1; messageId <= 20; messageId += 1) {
      s.deliver("a", { payload: "x".repeat(400), qos: 1, messageId })
        .toClient("PUBLISH")
        .nothing();
      s.client("PUBACK", { topicId, msgId: messageId }).toBroker("puback");
    }
  });

  test("Z19, queuedOctetsMax: QoS 0 is dropped until the rest fits", () => {
    const { s } = sleeping({ queuedOctetsMax: 1000 });
    for (const payload of ["1", "2", "3"]) s.deliver("a", { payload: payload.repeat(250) });
    s.deliver("a", { payload: "x".repeat(700) });
    s.client("PINGREQ", OWN_PING)
      .toClient("PUBLISH", { data: "x".repeat(700) })
      .toClient("PINGRESP");
  });

  test("the message in flight is not dropped", () => {
    const s = new Script({ queuedMax: 1 });
    s.connect({ duration: 3600 }).subscribe("w/#");
    s.deliver("w/x", { payload: "1" });
    const topicId = s.toClientId("REGISTER");
    s.deliver("w/x", { payload: "2" }).noted("delivery.dropped");
    s.client("REGACK", { topicId, msgId: 0xffff }).toClient("PUBLISH", { data: "1" }).nothing();
  });

  test("the limits hold for an active client as well", () => {
    const s = new Script({ queuedMax: 1 });
    s.connect({ duration: 3600 });
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.deliver("a", { qos: 1, messageId: 2 }).does("pause");
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback").toClient("PUBLISH", { msgId: 2 }).nothing();
    s.client("PUBACK", { topicId, msgId: 2 }).toBroker("puback").does("resume");
  });

  test("a client that waits for its messages gets PINGRESP though reading was paused", () => {
    const { s, topicId } = sleeping({ queuedMax: 1 });
    s.deliver("a", { qos: 1, messageId: 1 }).nothing();
    s.deliver("a", { qos: 1, messageId: 2 }).does("pause");
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 1 });
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback").toClient("PUBLISH", { msgId: 2 });
    s.client("PUBACK", { topicId, msgId: 2 }).toBroker("puback");
    expect(s.arrows().sort()).toEqual(["probe", "resume"]);
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
  });

  test("a new connection is read, whatever became of the old one", () => {
    const { s, topicId } = sleeping({ queuedMax: 1 });
    s.deliver("a", { qos: 1, messageId: 1 }).deliver("a", { qos: 1, messageId: 2 }).does("pause");
    s.gone().nothing();
    s.client("CONNECT", { duration: 3600 }).opens().accepts().toBroker("subscribe", { messageId: 65_535 });
    s.broker("suback", { messageId: 65_535, granted: [2] })
      .toClient("CONNACK")
      .toClient("PUBLISH", { msgId: 1 });
    // What was there is the client's, though the broker has forgotten it; one more has no room.
    s.does("pause").client("PUBACK", { topicId, msgId: 1 }).toClient("PUBLISH", { msgId: 2 });
    s.client("PUBACK", { topicId, msgId: 2 }).does("resume");
  });
});

describe("reading goes on while the queue waits for the broker itself", () => {
  test("a QoS 2 message in flight whose PUBREL lies behind what there is no room for", () => {
    const s = new Script({ queuedMax: 4 });
    s.connect().subscribe("a", 2);
    s.sleep(300);
    for (let messageId = 1; messageId <= 4; messageId += 1) s.deliver("a", { qos: 2, messageId });
    s.deliver("a", { qos: 2, messageId: 5 }).does("pause");
    s.client("PINGREQ").toClient("PUBLISH", { msgId: 1 });
    s.client("PUBREC", { msgId: 1 }).toBroker("pubrec", { messageId: 1 }).does("resume");
    s.broker("pubrel", { messageId: 1 }).toClient("PUBREL", { msgId: 1 }).does("pause");
  });

  test("S10 a SUBACK behind more retained messages than there is room for", () => {
    const s = new Script({ queuedMax: 4 });
    s.connect();
    s.client("SUBSCRIBE", { topicName: "w/#", qos: 1, msgId: 9 }).toBroker("subscribe");
    for (let messageId = 1; messageId <= 6; messageId += 1) s.deliver(`w/${messageId}`, { qos: 1, messageId });
    s.broker("suback", { messageId: 9, granted: [1] })
      .toClient("SUBACK", { msgId: 9 })
      .toClient("REGISTER")
      .does("pause");
  });

  test("the SUBACK of what is restored, likewise", () => {
    const s = new Script({ queuedMax: 4 });
    s.connect({ cleanSession: false }).subscribe("w/#", 1);
    s.disconnect();
    s.client("CONNECT", { cleanSession: false }).opens().accepts(false).toBroker("subscribe");
    for (let messageId = 1; messageId <= 6; messageId += 1) s.deliver(`w/${messageId}`, { qos: 1, messageId });
    s.broker("suback", { messageId: 0xffff, granted: [1] })
      .toClient("CONNACK")
      .toClient("REGISTER")
      .does("pause");
  });

  test("the answer to what an active client publishes that is slow to acknowledge", () => {
    const s = new Script({ queuedMax: 4 });
    s.connect();
    const own = s.subscribe("a", 1);
    const topicId = s.register("b", 2);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH", { topicId: own });
    for (let messageId = 2; messageId <= 4; messageId += 1) s.deliver("a", { qos: 1, messageId });
    s.deliver("a", { qos: 1, messageId: 5 }).does("pause");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 3 }).toBroker("publish", { messageId: 3 }).does("resume");
    s.broker("puback", { messageId: 3 }).toClient("PUBACK", { msgId: 3 }).does("pause");
  });

  test("the answer to a client of one thing at a time, which takes no message before it has that", () => {
    const s = new Script({ queuedMax: 1, tRetryMs: 1000 });
    s.connect();
    const own = s.subscribe("a", 1);
    const topicId = s.register("b", 2);
    s.client("PUBLISH", { topicId, qos: 1, msgId: 3 }).toBroker("publish", { messageId: 3 });
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH", { topicId: own });
    s.deliver("a", { qos: 1, messageId: 2 }).deliver("a", { qos: 1, messageId: 4 }).does("pause");
    s.after(1000).toClient("PUBLISH", { topicId: own, dup: true }).does("resume");
    s.broker("puback", { messageId: 3 }).toClient("PUBACK", { msgId: 3 }).does("pause");
  });

  test("the answer to another request of the client, but not at any price", () => {
    const s = new Script({ queuedMax: 4 });
    s.connect().subscribe("a", 1);
    const topicId = s.register("b", 2);
    s.sleep(300);
    s.client("PUBLISH", { topicId, qos: 1, msgId: 3 }).toBroker("publish", { messageId: 3 });
    for (let messageId = 1; messageId <= 8; messageId += 1) s.deliver("a", { qos: 1, messageId });
    s.deliver("a", { qos: 1, messageId: 9 }).does("pause");
  });
});

test("what a client is made to cost is bounded also where its connections are closing", () => {
  const s = new Script({ clientsMax: 1 });
  s.connect({ clientId: "a" });
  s.client("CONNECT", { clientId: "b" }).closes(false).opens();
  s.client("CONNECT", { clientId: "c" }).toClient("CONNACK", { returnCode: 1 });
  s.gone(1).accepts().toClient("CONNACK", { returnCode: 0 });
});

test("a stored session that was forgotten while its connection closed does not come back", () => {
  const s = new Script({ clientsMax: 1 });
  const durable = { cleanSession: false };
  s.from("A").connect({ ...durable, clientId: "A" });
  const closing = s.link;
  s.client("DISCONNECT").toClient("DISCONNECT").closes(true);
  s.from("B")
    .connect({ ...durable, clientId: "B" })
    .disconnect();
  s.gone(closing);
  s.from("A").connect({ ...durable, clientId: "A" });
  const link = s.link;
  s.from("A2")
    .client("CONNECT", { ...durable, clientId: "A" })
    .closes(true, link);
});

test("topicOctetsMax bounds the names that are kept for a client", () => {
  const s = new Script({ topicOctetsMax: 100 });
  s.connect();
  s.client("REGISTER", { topicName: "x".repeat(101), msgId: 1 }).toClient("REGACK", { topicId: 0, returnCode: 3 });
  s.client("SUBSCRIBE", { topicName: `${"x".repeat(99)}/#`, msgId: 2 }).toClient("SUBACK", { returnCode: 3 });
  expect(s.register("x".repeat(100), 3)).toBeGreaterThan(0);
});

describe("a broker that sends without end and does not answer", () => {
  const flood = (s: Script, topic: string) => {
    for (let messageId = 1; messageId <= 80; messageId += 1) s.deliver(topic, { qos: 1, messageId });
    s.deliver(topic, { qos: 1, messageId: 81 });
  };

  test("an active client is told to connect again", () => {
    const s = new Script({ queuedMax: 4 });
    s.connect();
    s.client("SUBSCRIBE", { topicName: "w/#", qos: 1, msgId: 9 }).toBroker("subscribe");
    flood(s, "w/1");
    s.toClient("DISCONNECT").closes(true).noted("client.disconnected");
  });

  test("a CONNECT is refused with congestion", () => {
    const s = new Script({ queuedMax: 4 });
    s.connect({ cleanSession: false }).subscribe("w/#", 1);
    s.disconnect();
    s.client("CONNECT", { cleanSession: false }).opens().accepts(false).toBroker("subscribe");
    flood(s, "w/1");
    s.toClient("CONNACK", { returnCode: 1 }).closes(true);
  });

  test("a sleeping client is left asleep", () => {
    const s = new Script({ queuedMax: 4 });
    s.connect().sleep(300);
    s.client("SUBSCRIBE", { topicName: "w/#", qos: 1, msgId: 9 }).toBroker("subscribe");
    flood(s, "w/1");
    s.closes(true).noted("link.closed");
    s.client("PINGREQ").toClient("DISCONNECT");
  });
});
