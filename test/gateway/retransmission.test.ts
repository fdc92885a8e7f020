import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const RETRY = { tRetryMs: 10_000, nRetry: 3 };
const REGISTER_ID = 0xffff;

/** An active client with a keep alive that does not end the test, subscribed to "a" and "w/#"; the id of "a" is returned as well. */
function active(connect = {}, settings = {}): { s: Script; topicId: number } {
  const s = new Script({ ...RETRY, ...settings });
  s.connect({ duration: 3600, ...connect });
  const topicId = s.subscribe("a", 2, 1);
  s.subscribe("w/#", 2, 2);
  return { s, topicId };
}

describe("§6.13 retransmission by the gateway", () => {
  test("R3, R4, R5 PUBLISH QoS 1: the same message with DUP, every Tretry", () => {
    const { s, topicId } = active();
    const message = { topicId, msgId: 3, qos: 1, data: "x" };
    s.deliver("a", { qos: 1, messageId: 3, payload: "x" }).toClient("PUBLISH", { ...message, dup: false });
    for (let round = 0; round < 3; round += 1) {
      s.after(9999).nothing();
      s.after(1)
        .toClient("PUBLISH", { ...message, dup: true })
        .noted("delivery.repeated");
    }
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback");
    s.after(100_000).nothing();
  });

  test("R4 PUBLISH QoS 2 until PUBREC, PUBREL until PUBCOMP, nothing while the broker is waited for", () => {
    const { s } = active();
    s.deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH", { dup: false });
    s.after(10_000).toClient("PUBLISH", { msgId: 3, qos: 2, dup: true });
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec");
    s.after(100_000).nothing();
    s.broker("pubrel", { messageId: 3 }).toClient("PUBREL");
    s.after(10_000).toClient("PUBREL", { msgId: 3 });
    s.after(10_000).toClient("PUBREL", { msgId: 3 });
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp");
    s.after(100_000).nothing();
  });

  test("R4, R5 REGISTER keeps MsgId and TopicId", () => {
    const { s } = active();
    s.deliver("w/x", { qos: 1, messageId: 3 });
    const topicId = s.toClientId("REGISTER", { msgId: REGISTER_ID, topicName: "w/x" });
    for (let round = 0; round < 3; round += 1) {
      s.after(10_000).toClient("REGISTER", { msgId: REGISTER_ID, topicId, topicName: "w/x" });
    }
    s.client("REGACK", { topicId, msgId: REGISTER_ID }).toClient("PUBLISH", { topicId, dup: false });
  });

  test("R4, R6 WILLTOPICREQ and WILLMSGREQ; then the set-up is dropped without a word", () => {
    const s = new Script(RETRY);
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    for (let round = 0; round < 3; round += 1) s.after(10_000).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    for (let round = 0; round < 3; round += 1) s.after(10_000).toClient("WILLMSGREQ");
    s.after(9999).nothing();
    s.after(1).nothing().noted("setup.abandoned");
    s.client("WILLMSG", { willMsg: "x" }).toClient("DISCONNECT");
  });

  test("R4 QoS 0 is sent once", () => {
    const { s, topicId } = active();
    s.deliver("a").toClient("PUBLISH", { topicId });
    s.after(100_000).nothing();
  });

  test("R4 each message has its own Nretry", () => {
    const { s, topicId } = active();
    for (const msgId of [3, 4, 5]) {
      s.deliver("a", { qos: 1, messageId: msgId }).toClient("PUBLISH", { msgId });
      for (let round = 0; round < 3; round += 1) s.after(10_000).toClient("PUBLISH", { msgId });
      s.client("PUBACK", { topicId, msgId }).toBroker("puback");
    }
  });

  test("R4 PUBREL has its own Nretry, whatever PUBLISH needed", () => {
    const { s } = active();
    s.deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH");
    for (let round = 0; round < 3; round += 1) s.after(10_000).toClient("PUBLISH");
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec").broker("pubrel", { messageId: 3 }).toClient("PUBREL");
    for (let round = 0; round < 3; round += 1) s.after(10_000).toClient("PUBREL");
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp");
  });

  test("R4 with an Nretry of 0 a message is sent once", () => {
    const { s } = active({}, { nRetry: 0 });
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.after(10_000).toClient("DISCONNECT").closes(false);
  });
});

describe("R6 no answer after all retransmissions", () => {
  test("R6 PUBLISH to an active client: it is lost, its will fires, and the broker was told nothing", () => {
    const { s } = active();
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.after(39_999);
    expect(s.arrows()).toEqual(["PUBLISH", "PUBLISH", "PUBLISH"]);
    s.after(1).toClient("DISCONNECT").closes(false).noted("client.lost");
  });

  test("R6 PUBREL to an active client: the same", () => {
    const { s } = active();
    s.deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec").broker("pubrel", { messageId: 3 }).toClient("PUBREL");
    s.after(39_999);
    expect(s.arrows()).toEqual(["PUBREL", "PUBREL", "PUBREL"]);
    s.after(1).toClient("DISCONNECT").closes(false).noted("client.lost");
  });

  test("R6, field 5: with CleanSession=0 the message comes again in the next connection", () => {
    const { s, topicId } = active(DURABLE);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.after(40_000).arrows();
    s.gone().connect({ ...DURABLE, duration: 3600 }, true);
    s.deliver("a", { qos: 1, messageId: 3, dup: true }).toClient("REGISTER");
    s.client("REGACK", { topicId, msgId: REGISTER_ID }).toClient("PUBLISH", { msgId: 3 });
  });

  test("R6, A-35 REGISTER of a QoS 0 message: it is given up, the client is kept, the next message goes on", () => {
    const { s, topicId } = active();
    s.deliver("w/x").toClient("REGISTER").deliver("a").nothing();
    s.after(39_999);
    expect(s.arrows()).toEqual(["REGISTER", "REGISTER", "REGISTER"]);
    s.after(1).toClient("PUBLISH", { topicId }).noted("delivery.dropped", { topic: "w/x" });
  });

  test("R6 REGISTER of a QoS 1 message with CleanSession=1: given up, and the broker told that it is done", () => {
    const { s } = active();
    s.deliver("w/x", { qos: 1, messageId: 3 }).toClient("REGISTER");
    s.after(39_999).arrows();
    s.after(1).toBroker("puback", { messageId: 3 }).noted("delivery.dropped");
  });

  test("R6 REGISTER of a QoS 2 message with CleanSession=1: the same, to its end", () => {
    const { s } = active();
    s.deliver("w/x", { qos: 2, messageId: 3 }).toClient("REGISTER");
    s.after(39_999).arrows();
    s.after(1).toBroker("pubrec", { messageId: 3 });
    s.broker("pubrel", { messageId: 3 }).toBroker("pubcomp", { messageId: 3 });
  });

  test("R6, A-35 a client that speaks but does not answer REGISTER is not asked for that name again", () => {
    const { s } = active();
    s.deliver("w/x").toClient("REGISTER").after(5000).client("PINGREQ").toClient("PINGRESP");
    s.after(35_000);
    expect(s.arrows()).toEqual(["REGISTER", "REGISTER", "REGISTER"]);
    s.noted("topic.suppressed", { topic: "w/x" }).deliver("w/x").nothing();
    s.deliver("w/y").toClient("REGISTER", { topicName: "w/y" });
  });

  test("R6 a client that was out of reach is asked for the name again", () => {
    const { s } = active();
    s.deliver("w/x").toClient("REGISTER").after(40_000).arrows();
    s.notNoted("topic.suppressed").deliver("w/x").toClient("REGISTER", { topicName: "w/x" });
  });

  test("R6, field 5: REGISTER of a durable QoS 1 message: kept until the client is heard of, at most three times", () => {
    const { s } = active(DURABLE);
    s.deliver("w/x", { qos: 1, messageId: 3 }).toClient("REGISTER");
    for (let time = 0; time < 3; time += 1) {
      s.after(40_000);
      expect(s.arrows()).toEqual(["REGISTER", "REGISTER", "REGISTER"]);
      s.noted("delivery.postponed").after(300_000).nothing();
      s.client("PINGREQ").toClient("PINGRESP").toClient("REGISTER", { msgId: REGISTER_ID });
    }
    s.after(39_999).arrows();
    s.after(1).toBroker("puback", { messageId: 3 }).noted("delivery.dropped");
  });

  test("R6 a postponed message goes out when its client answers", () => {
    const { s } = active(DURABLE);
    s.deliver("w/x", { qos: 1, messageId: 3 });
    const topicId = s.toClientId("REGISTER");
    s.after(100_000).arrows();
    s.client("REGACK", { topicId, msgId: REGISTER_ID }).toClient("PUBLISH", { topicId, msgId: 3 });
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback");
  });
});

describe("R7 what a client repeats", () => {
  test("R7 DISCONNECT with a Duration", () => {
    const s = new Script();
    s.connect().sleep().sleep();
  });

  test("R7 PUBREC: PUBREL again when it was sent, nothing while the broker's is awaited", () => {
    const { s } = active();
    s.deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec");
    s.client("PUBREC", { msgId: 3 }).nothing();
    s.broker("pubrel", { messageId: 3 }).toClient("PUBREL");
    s.client("PUBREC", { msgId: 3 }).toClient("PUBREL", { msgId: 3 }).nothing();
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp");
    s.client("PUBCOMP", { msgId: 3 }).nothing();
  });
});

describe("R8 answers that match nothing", () => {
  test.each([
    ["REGACK", { topicId: 1, msgId: REGISTER_ID }],
    ["PUBACK", { topicId: 1, msgId: 3 }],
    ["PUBACK", { topicId: 1, msgId: 3, returnCode: 2 }],
    ["PUBACK", { topicId: 1, msgId: 0, returnCode: 2 }],
    ["PUBREC", { msgId: 3 }],
    ["PUBCOMP", { msgId: 3 }],
    ["PINGRESP", {}],
  ] as const)("R8 %s %j with nothing in flight does nothing", (type, fields) => {
    const s = new Script();
    s.connect().client(type, fields).nothing();
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("R8 the type, the MsgId and the TopicId have to match", () => {
    const { s, topicId } = active();
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 4 }).nothing();
    s.client("PUBACK", { topicId: topicId + 1, msgId: 3 }).nothing();
    s.client("PUBREC", { msgId: 3 }).nothing();
    s.client("PUBCOMP", { msgId: 3 }).nothing();
    s.client("REGACK", { topicId, msgId: 3 }).nothing();
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback");
  });

  test("R8 a PUBACK 0x00 does not end a QoS 2 exchange", () => {
    const { s, topicId } = active();
    s.deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 3 }).nothing();
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec");
  });

  test("R8 PUBCOMP before PUBREL ends nothing", () => {
    const { s } = active();
    s.deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec");
    s.client("PUBCOMP", { msgId: 3 }).nothing();
    s.broker("pubrel", { messageId: 3 }).toClient("PUBREL");
  });

  test.each([
    ["puback", {}],
    ["pubrec", {}],
    ["pubcomp", {}],
    ["suback", { granted: [0] }],
    ["unsuback", {}],
  ] as const)("R8 %s of the broker for nothing does nothing", (cmd, fields) => {
    const s = new Script();
    s.connect()
      .broker(cmd, { messageId: 9, ...fields })
      .nothing();
  });
});

test("R6 a client that went to sleep before it answered REGISTER has not refused the name", () => {
  const s = new Script({ tRetryMs: 10_000, nRetry: 3 });
  s.connect().subscribe("w/#", 0);
  s.deliver("w/1").toClient("REGISTER");
  s.after(1000).sleep(300);
  s.after(1000).client("PINGREQ").toClient("REGISTER");
  for (let repetition = 1; repetition <= 3; repetition += 1) s.after(10_000).toClient("REGISTER");
  s.after(10_000).noted("delivery.dropped").notNoted("topic.suppressed");
});

test("R5, G7 a repetition names its topic as the first PUBLISH did, though the client has unsubscribed meanwhile", () => {
  const s = new Script({ tRetryMs: 1000, predefinedTopics: [{ id: 7, topic: "p", clientId: undefined }] });
  s.connect();
  s.client("SUBSCRIBE", { topicIdType: "predefined", topicId: 7, qos: 1, msgId: 1 }).toBroker("subscribe");
  s.broker("suback", { messageId: 1, granted: [1] }).toClient("SUBACK", { topicId: 7 });
  s.broker("publish", { topic: "p", qos: 1, messageId: 9 });
  s.toClient("PUBLISH", { topicIdType: "predefined", topicId: 7, msgId: 9, dup: false });
  s.client("UNSUBSCRIBE", { topicIdType: "predefined", topicId: 7, msgId: 2 }).toBroker("unsubscribe");
  s.broker("unsuback", { messageId: 2 }).toClient("UNSUBACK");
  s.after(1000).toClient("PUBLISH", { topicIdType: "predefined", topicId: 7, msgId: 9, dup: true });
  s.client("PUBACK", { topicId: 7, msgId: 9 }).toBroker("puback", { messageId: 9 });
});
