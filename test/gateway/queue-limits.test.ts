import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const OWN_PING = { clientId: "dev1" };

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
