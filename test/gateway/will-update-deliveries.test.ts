import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const SETTINGS = { tRetryMs: 10_000, nRetry: 1, connectTimeoutMs: 60_000 };
/** The id of the topic "a", to which the client has subscribed: the first that a gateway with seed 0 hands out. */
const TOPIC_ID = 1;

const begin = (cleanSession: boolean, qos: 1 | 2) => {
  const s = new Script(SETTINGS).connect({ cleanSession, duration: 3600 });
  expect(s.subscribe("a", qos)).toBe(TOPIC_ID);
  return s;
};

const update = (s: Script) => s.client("WILLTOPICUPD", { willTopic: "w" }).closes(true).gone().opens();

/** The broker has kept the session. */
const keeps = (s: Script) => s.accepts(true).toClient("WILLTOPICRESP", { returnCode: 0 });

/** The broker has forgotten the session; what it had of it is restored. */
const forgets = (s: Script, granted: 1 | 2) => {
  s.accepts(false).toBroker("subscribe", { messageId: 65535 });
  return s.broker("suback", { messageId: 65535, granted: [granted] }).toClient("WILLTOPICRESP", { returnCode: 0 });
};

describe("W10 the broker has kept the session: it sends again what was not acknowledged", () => {
  test("W10 a QoS 1 message in flight comes again, with DUP, and is acknowledged once", () => {
    const s = begin(false, 1);
    s.deliver("a", { qos: 1, messageId: 7 }).toClient("PUBLISH", { msgId: 7, dup: false });
    keeps(update(s)).nothing();
    s.deliver("a", { qos: 1, messageId: 7, dup: true }).toClient("PUBLISH", { msgId: 7, dup: true });
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 7 }).toBroker("puback", { messageId: 7 });
  });

  test("W10 one that the client has acknowledged meanwhile does not come again", () => {
    const s = begin(false, 1);
    s.deliver("a", { qos: 1, messageId: 7 }).toClient("PUBLISH", { msgId: 7, dup: false });
    update(s).client("PUBACK", { topicId: TOPIC_ID, msgId: 7 }).nothing();
    keeps(s).nothing();
    s.deliver("a", { qos: 1, messageId: 7, dup: true }).toBroker("puback", { messageId: 7 }).nothing();
  });

  test("G4 that the client does not know a topic id is heard at once, though the message comes again in any case", () => {
    const s = begin(false, 1);
    s.deliver("a", { qos: 1, messageId: 7 }).toClient("PUBLISH", { msgId: 7 });
    update(s).client("PUBACK", { topicId: TOPIC_ID, msgId: 7, returnCode: 2 }).nothing();
    keeps(s).nothing();
    s.deliver("a").toClient("REGISTER", { topicId: TOPIC_ID });
  });

  test("G4 so is a PUBACK for a message of QoS 0, before what the client has been told since", () => {
    const s = begin(true, 1);
    update(s).client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 1 }).nothing();
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 0, returnCode: 2 }).nothing();
    forgets(s, 1).toClient("SUBACK", { topicId: TOPIC_ID });
    s.deliver("a").toClient("PUBLISH", { topicId: TOPIC_ID });
  });

  test("S8 a subscription that the broker refuses when it is made again is told to the operator, and the client begins anew", () => {
    const s = begin(true, 1);
    update(s).accepts(false).toBroker("subscribe", { messageId: 65535 });
    s.broker("suback", { messageId: 65535, granted: [0x80] }).toClient("WILLTOPICRESP");
    s.toClient("DISCONNECT").closes(true).noted("subscribe.refused", { filter: "a" });
  });

  test("R5 DUP is for the message that the client has been sent, not for one that waited", () => {
    const s = begin(false, 1);
    s.deliver("a", { qos: 1, messageId: 7 }).toClient("PUBLISH");
    s.deliver("a", { qos: 1, messageId: 8 });
    keeps(update(s));
    s.deliver("a", { qos: 1, messageId: 7, dup: true }).toClient("PUBLISH", { msgId: 7, dup: true });
    s.deliver("a", { qos: 1, messageId: 8, dup: true }).nothing();
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 7 }).toBroker("puback", { messageId: 7 });
    s.toClient("PUBLISH", { msgId: 8, dup: false });
  });

  test("R5 nor for another message to which the broker gives the identifier of the one in flight", () => {
    const s = begin(false, 1);
    s.deliver("a", { qos: 1, messageId: 7 }).toClient("PUBLISH");
    keeps(update(s));
    s.deliver("a", { qos: 1, messageId: 7, dup: false }).toClient("PUBLISH", { msgId: 7, dup: false });
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 7 }).toBroker("puback", { messageId: 7 });
  });

  test("W10 a QoS 2 message that the client has said PUBREC for goes on with the broker's PUBREL", () => {
    const s = begin(false, 2);
    s.deliver("a", { qos: 2, messageId: 7 }).toClient("PUBLISH");
    s.client("PUBREC", { msgId: 7 }).toBroker("pubrec");
    keeps(update(s)).nothing();
    s.broker("pubrel", { messageId: 7 }).toClient("PUBREL", { msgId: 7 });
    s.client("PUBCOMP", { msgId: 7 }).toBroker("pubcomp", { messageId: 7 });
  });

  test("W10 a QoS 2 message that the client says PUBREC for meanwhile comes again under its MsgId", () => {
    const s = begin(false, 2);
    s.deliver("a", { qos: 2, messageId: 7 }).toClient("PUBLISH");
    update(s).client("PUBREC", { msgId: 7 }).nothing();
    keeps(s).nothing();
    s.deliver("a", { qos: 2, messageId: 7, dup: true }).toClient("PUBLISH", { msgId: 7, dup: true });
    s.client("PUBREC", { msgId: 7 }).toBroker("pubrec", { messageId: 7 });
  });

  test("G5 the broker's PUBREL of a message that was given up is still ours to answer", () => {
    const s = begin(false, 2);
    s.deliver("a", { qos: 2, messageId: 7 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 7, returnCode: 3 }).toBroker("pubrec", { messageId: 7 });
    keeps(update(s));
    s.broker("pubrel", { messageId: 7 }).toBroker("pubcomp", { messageId: 7 });
  });

  test("W10 a QoS 0 message that waits for REGACK stays, and nothing else before it", () => {
    const s = new Script(SETTINGS).connect({ cleanSession: false, duration: 3600 });
    s.subscribe("#", 1);
    s.deliver("b", { payload: "0" });
    const topicId = s.toClientId("REGISTER", { topicName: "b" });
    s.deliver("b", { qos: 1, messageId: 7, payload: "1" });
    update(s).client("REGACK", { topicId, msgId: 65535 }).nothing();
    s.accepts(true).toClient("WILLTOPICRESP").toClient("PUBLISH", { data: "0" });
    s.deliver("b", { qos: 1, messageId: 7, dup: true, payload: "1" }).toClient("PUBLISH", { data: "1" });
  });
});

describe("W10 the broker has forgotten the session: what is here is delivered, and not acknowledged to it", () => {
  test.each([true, false])("W10 a QoS 1 message in flight, with CleanSession=%s", (cleanSession) => {
    const s = begin(cleanSession, 1);
    s.deliver("a", { qos: 1, messageId: 7 }).toClient("PUBLISH");
    s.deliver("a", { qos: 1, messageId: 8 }).nothing();
    forgets(update(s), 1).nothing();
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 7 }).toClient("PUBLISH", { msgId: 8, dup: false });
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 8 }).nothing();
  });

  test("W10 a QoS 1 message that the client acknowledges meanwhile is not sent again", () => {
    const s = begin(true, 1);
    s.deliver("a", { qos: 1, messageId: 7 }).toClient("PUBLISH");
    update(s).client("PUBACK", { topicId: TOPIC_ID, msgId: 7 }).nothing();
    forgets(s, 1);
    s.after(30_000).nothing();
  });

  test("W10 a QoS 2 message goes on from PUBREC straight to PUBREL", () => {
    const s = begin(true, 2);
    s.deliver("a", { qos: 2, messageId: 7 }).toClient("PUBLISH");
    forgets(update(s), 2);
    s.client("PUBREC", { msgId: 7 }).toClient("PUBREL", { msgId: 7 });
    s.client("PUBREC", { msgId: 7 }).toClient("PUBREL", { msgId: 7 });
    s.client("PUBCOMP", { msgId: 7 }).nothing();
    s.after(30_000).nothing();
  });

  test("W10 a QoS 2 message whose PUBREL of the broker was awaited has ours", () => {
    const s = begin(true, 2);
    s.deliver("a", { qos: 2, messageId: 7 }).toClient("PUBLISH");
    s.client("PUBREC", { msgId: 7 }).toBroker("pubrec");
    forgets(update(s), 2).toClient("PUBREL", { msgId: 7 });
    s.after(10_000).toClient("PUBREL", { msgId: 7 });
    s.client("PUBCOMP", { msgId: 7 }).nothing();
  });

  test("W10 a QoS 2 message that was released already needs PUBCOMP only", () => {
    const s = begin(true, 2);
    s.deliver("a", { qos: 2, messageId: 7 }).toClient("PUBLISH");
    s.client("PUBREC", { msgId: 7 }).toBroker("pubrec");
    s.broker("pubrel", { messageId: 7 }).toClient("PUBREL");
    update(s).client("PUBCOMP", { msgId: 7 }).nothing();
    forgets(s, 2);
    s.after(30_000).nothing();
  });

  test("W10 one that the client refuses is not acknowledged to the broker either", () => {
    const s = begin(true, 2);
    s.deliver("a", { qos: 2, messageId: 7 }).toClient("PUBLISH");
    forgets(update(s), 2);
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 7, returnCode: 3 }).noted("delivery.dropped").nothing();
    // A message of the new session under the same identifier is another one.
    s.deliver("a", { qos: 2, messageId: 7 }).toClient("PUBLISH", { msgId: 7, dup: false });
    s.client("PUBREC", { msgId: 7 }).toBroker("pubrec");
    s.broker("pubrel", { messageId: 7 }).toClient("PUBREL");
    s.client("PUBCOMP", { msgId: 7 }).toBroker("pubcomp");
  });

  test("W10 a message of the new session under the identifier of one of before is acknowledged, that one is not", () => {
    const s = begin(true, 1);
    s.deliver("a", { qos: 1, messageId: 1, payload: "old" }).toClient("PUBLISH", { data: "old" });
    forgets(update(s), 1);
    s.deliver("a", { qos: 1, messageId: 1, payload: "new", dup: true }).nothing();
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 1 }).toClient("PUBLISH", { msgId: 1, data: "new", dup: false });
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 1 }).toBroker("puback", { messageId: 1 });
  });

  test("W10 a PUBREL of the new session is not taken for that of a message of before", () => {
    const s = begin(true, 2);
    s.deliver("a", { qos: 2, messageId: 1 }).toClient("PUBLISH");
    s.client("PUBREC", { msgId: 1 }).toBroker("pubrec");
    s.broker("pubrel", { messageId: 1 }).toClient("PUBREL");
    forgets(update(s), 2);
    s.broker("pubrel", { messageId: 1 }).nothing();
    s.client("PUBCOMP", { msgId: 1 }).toClient("PUBREL", { msgId: 1 });
    s.client("PUBCOMP", { msgId: 1 }).toBroker("pubcomp", { messageId: 1 });
  });

  test("W10 nor is one that waits behind a message of before", () => {
    const s = begin(true, 1);
    s.deliver("a", { qos: 1, messageId: 7 }).toClient("PUBLISH");
    s.broker("pubrel", { messageId: 9 }).nothing();
    forgets(update(s), 1);
    s.broker("pubrel", { messageId: 9 }).nothing();
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 7 }).toClient("PUBREL", { msgId: 9 });
    s.client("PUBCOMP", { msgId: 9 }).toClient("PUBREL", { msgId: 9 });
    s.client("PUBCOMP", { msgId: 9 }).toBroker("pubcomp", { messageId: 9 });
  });

  test("W10 it is forgotten which messages were given up", () => {
    const s = begin(true, 2);
    s.deliver("a", { qos: 2, messageId: 7 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 7, returnCode: 3 }).toBroker("pubrec");
    forgets(update(s), 2);
    s.broker("pubrel", { messageId: 7 }).toClient("PUBREL", { msgId: 7 });
  });

  test("W10 what is here survives a second update, also of a session that the broker kept that time", () => {
    const s = begin(false, 1);
    s.deliver("a", { qos: 1, messageId: 7 }).toClient("PUBLISH");
    s.deliver("a", { qos: 1, messageId: 8, payload: "second" }).nothing();
    forgets(update(s), 1);
    s.deliver("a", { qos: 1, messageId: 1, payload: "known" }).nothing();
    s.client("WILLMSGUPD", { willMsg: "m" }).closes(true).gone().opens().accepts(true).toClient("WILLMSGRESP");
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 7 }).toClient("PUBLISH", { data: "second" });
    s.deliver("a", { qos: 1, messageId: 1, payload: "known", dup: true }).nothing();
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 8 }).toClient("PUBLISH", { data: "known", dup: false });
    s.client("PUBACK", { topicId: TOPIC_ID, msgId: 1 }).toBroker("puback", { messageId: 1 });
  });
});

describe("W10 while there is no connection", () => {
  test("R4 nothing is repeated to the client, which may have answered; it is when there is one", () => {
    const s = begin(true, 1);
    s.deliver("a", { qos: 1, messageId: 7 }).toClient("PUBLISH");
    update(s).after(40_000).nothing();
    forgets(s, 1);
    s.after(0).toClient("PUBLISH", { msgId: 7, dup: true });
    s.after(10_000).toClient("DISCONNECT").closes(false).noted("client.lost");
  });

  test("W10 what comes while the subscriptions are restored waits for the answer, and is not the octets it came in", () => {
    const s = begin(true, 1);
    update(s).accepts(false).toBroker("subscribe");
    const payload = Uint8Array.of(0x61);
    s.deliver("a", { payload }).nothing();
    payload.fill(0x21);
    s.broker("suback", { messageId: 65535, granted: [1] }).toClient("WILLTOPICRESP");
    s.toClient("PUBLISH", { data: "a" });
  });

  test("G6 back-pressure does not keep the broker from confirming the subscriptions", () => {
    const s = new Script({ ...SETTINGS, queuedMax: 1 }).connect({ duration: 3600 });
    s.subscribe("a", 1);
    update(s).accepts(false).toBroker("subscribe");
    for (const messageId of [1, 2, 3, 4]) s.deliver("a", { qos: 1, messageId }).nothing();
    s.broker("suback", { messageId: 65535, granted: [1] })
      .toClient("WILLTOPICRESP")
      .toClient("PUBLISH")
      .does("pause");
  });
});
