import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };
/** The MsgId of the gateway's REGISTER: the broker numbers from the other end. */
const REGISTER_ID = 0xffff;

/** A client that has subscribed to everything under "w". */
function wildcard(qos: 0 | 1 | 2 = 1, fields = {}): Script {
  const s = new Script({ tRetryMs: 10_000, nRetry: 3, ...fields });
  s.connect().subscribe("w/#", qos);
  return s;
}

/** Takes REGISTER and answers it; the id is returned. */
function registers(s: Script, topicName: string): number {
  const topicId = s.toClientId("REGISTER", { topicName, msgId: REGISTER_ID });
  s.client("REGACK", { topicId, msgId: REGISTER_ID, returnCode: 0 });
  return topicId;
}

describe("§6.10 PUBLISH from the gateway", () => {
  test.each([0, 1, 2] as const)("G1 at QoS %i it has the id of SUBACK", (qos) => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", qos);
    s.deliver("a", { qos, messageId: qos && 3, payload: "21.5" });
    s.toClient("PUBLISH", { topicIdType: "normal", topicId, qos, msgId: qos && 3, dup: false, data: "21.5" });
  });

  test("G1, field 5: a QoS 1 message is acknowledged to the broker by its client, not before", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 }).nothing();
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback", { messageId: 3 });
  });

  test("G1, field 5: a QoS 2 message goes the whole way, each step the other side's", () => {
    const s = new Script();
    s.connect().subscribe("a", 2);
    s.deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH", { msgId: 3, qos: 2 }).nothing();
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec", { messageId: 3 }).nothing();
    s.broker("pubrel", { messageId: 3 }).toClient("PUBREL", { msgId: 3 }).nothing();
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp", { messageId: 3 });
  });

  test("S3, G2, field 9: under a wildcard the name is registered first, and the PUBLISH waits for REGACK", () => {
    const s = wildcard();
    s.deliver("w/a", { qos: 1, messageId: 3 });
    const topicId = s.toClientId("REGISTER", { topicName: "w/a", msgId: REGISTER_ID });
    s.nothing();
    s.client("REGACK", { topicId, msgId: REGISTER_ID }).toClient("PUBLISH", { topicId, msgId: 3, qos: 1 });
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback", { messageId: 3 });
  });

  test("G2, field 9: a name that was registered once needs no second REGISTER", () => {
    const s = wildcard(0);
    s.deliver("w/a");
    const topicId = registers(s, "w/a");
    s.toClient("PUBLISH", { topicId });
    s.deliver("w/a").toClient("PUBLISH", { topicId });
    // The client may publish with the id, too.
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "w/a" });
  });

  test("G2 a name that the client has registered needs none at all", () => {
    const s = wildcard(0);
    const topicId = s.register("w/a", 2);
    s.deliver("w/a").toClient("PUBLISH", { topicId });
  });

  test("G2a an acceptance of another id, or another MsgId, is none", () => {
    const s = wildcard();
    s.deliver("w/a", { qos: 1, messageId: 3 });
    const topicId = s.toClientId("REGISTER", { topicName: "w/a" });
    s.client("REGACK", { topicId: topicId + 1, msgId: REGISTER_ID }).nothing();
    s.client("REGACK", { topicId, msgId: 3 }).nothing();
    s.client("REGACK", { topicId, msgId: REGISTER_ID }).toClient("PUBLISH", { topicId });
  });

  test.each([2, 3, 0x80])(
    "G3, G2a, field 9: after REGACK %i nothing of that name is sent under a wildcard",
    (returnCode) => {
      const s = wildcard();
      s.deliver("w/a", { qos: 1, messageId: 3 }).toClient("REGISTER", { topicName: "w/a" });
      s.client("REGACK", { topicId: 0, msgId: REGISTER_ID, returnCode });
      s.toBroker("puback", { messageId: 3 }).noted("topic.suppressed", { topic: "w/a" }).noted("delivery.dropped");
      s.deliver("w/a", { qos: 1, messageId: 4 }).toBroker("puback", { messageId: 4 });
      s.deliver("w/a").nothing();
      s.deliver("w/b").toClient("REGISTER", { topicName: "w/b" });
    },
  );

  test("G3 a QoS 2 message of a refused name is brought to its end with the broker", () => {
    const s = wildcard(2);
    s.deliver("w/a", { qos: 2, messageId: 3 }).toClient("REGISTER");
    s.client("REGACK", { topicId: 0, msgId: REGISTER_ID, returnCode: 3 }).toBroker("pubrec", { messageId: 3 });
    s.broker("pubrel", { messageId: 3 }).toBroker("pubcomp", { messageId: 3 });
  });

  test("G3 a refused name with a subscription of its own is unsubscribed", () => {
    const s = new Script();
    s.connect(DURABLE).subscribe("a", 1);
    s.disconnect().connect(DURABLE, true);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("REGISTER", { topicName: "a" });
    s.client("REGACK", { topicId: 0, msgId: REGISTER_ID, returnCode: 3 });
    s.toBroker("unsubscribe", { unsubscriptions: ["a"] }).toBroker("puback", { messageId: 3 });
    s.broker("unsuback", { messageId: 65_535 }).nothing();
    // Nor is it restored later.
    s.disconnect().connect(DURABLE, false);
  });

  test("G3 a client that registers or subscribes to a refused name gets its messages again", () => {
    const s = wildcard(0);
    s.deliver("w/a").toClient("REGISTER");
    s.client("REGACK", { topicId: 0, msgId: REGISTER_ID, returnCode: 3 });
    const topicId = s.register("w/a", 2);
    s.deliver("w/a").toClient("PUBLISH", { topicId });
  });

  test("G3 in the next connection a refused name is offered again", () => {
    const s = new Script();
    s.connect(DURABLE).subscribe("w/#");
    s.deliver("w/a").toClient("REGISTER");
    s.client("REGACK", { topicId: 0, msgId: REGISTER_ID, returnCode: 3 });
    s.disconnect().connect(DURABLE, true);
    s.deliver("w/a").toClient("REGISTER", { topicName: "w/a" });
  });

  test("G4 PUBACK 0x02 at QoS 1: the name is registered and the message sent once more", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 3, returnCode: 2 });
    registers(s, "a");
    s.toClient("PUBLISH", { msgId: 3, qos: 1, dup: true });
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback", { messageId: 3 });
  });

  test("G4 the second time the message is given up", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 3, returnCode: 2 });
    registers(s, "a");
    s.toClient("PUBLISH", { msgId: 3 });
    s.client("PUBACK", { topicId, msgId: 3, returnCode: 2 });
    s.toBroker("puback", { messageId: 3 }).noted("delivery.dropped");
  });

  test("G4 not where the client has come back from its sleep, and may have started anew meanwhile", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    const forgets = () => s.client("PUBACK", { topicId, msgId: 3, returnCode: 2 }).toClient("REGISTER", { topicId });
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    forgets();
    s.client("REGACK", { topicId, msgId: 0xffff, returnCode: 0 }).toClient("PUBLISH");
    s.sleep(300).client("CONNECT").toClient("CONNACK").toClient("PUBLISH", { topicId, dup: true });
    forgets();
    s.client("REGACK", { topicId, msgId: 0xffff, returnCode: 0 }).toClient("PUBLISH", { topicId, msgId: 3 });
  });

  test("G4 PUBACK 0x02 in place of PUBREC at QoS 2", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 2);
    s.deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 3, returnCode: 2 });
    registers(s, "a");
    s.toClient("PUBLISH", { msgId: 3, qos: 2 });
    s.client("PUBACK", { topicId, msgId: 3, returnCode: 2 }).toBroker("pubrec", { messageId: 3 });
    s.broker("pubrel", { messageId: 3 }).toBroker("pubcomp", { messageId: 3 });
  });

  test("G4 PUBACK 0x02 at QoS 0: the message is gone, the next one is preceded by REGISTER", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a");
    s.deliver("a").toClient("PUBLISH", { topicId, msgId: 0 });
    s.client("PUBACK", { topicId, msgId: 0, returnCode: 2 }).nothing();
    s.deliver("a", { payload: "next" });
    registers(s, "a");
    s.toClient("PUBLISH", { data: "next" });
  });

  test("6a, A-38 a message that the client refuses with 0x03 is finished", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 3, returnCode: 3 }).toBroker("puback", { messageId: 3 });
    s.noted("delivery.dropped");
    s.deliver("a", { qos: 1, messageId: 4 }).toClient("PUBLISH", { msgId: 4 });
  });

  test("F4, G5 a message that is too large is dropped without a word to anybody, and acknowledged to the broker", () => {
    const s = new Script({ datagramOctetsMax: 60 });
    s.connect();
    const topicId = s.subscribe("a", 2);
    const large = { payload: "x".repeat(54) };
    s.deliver("a", large).nothing().noted("delivery.dropped", { topic: "a" });
    s.deliver("a", { ...large, qos: 1, messageId: 3 }).toBroker("puback", { messageId: 3 });
    s.deliver("a", { ...large, qos: 2, messageId: 4 }).toBroker("pubrec", { messageId: 4 });
    s.broker("pubrel", { messageId: 4 }).toBroker("pubcomp", { messageId: 4 });
    s.deliver("a", { payload: "x".repeat(53) }).toClient("PUBLISH", { topicId });
  });

  test("G5 a topic name that does not fit into REGISTER: the same", () => {
    const s = wildcard(1, { datagramOctetsMax: 60 });
    s.deliver(`w/${"x".repeat(53)}`, { qos: 1, messageId: 3 }).toBroker("puback", { messageId: 3 });
    s.noted("delivery.dropped");
    s.deliver(`w/${"x".repeat(52)}`, { qos: 1, messageId: 4 }).toClient("REGISTER");
  });

  test("G5 a header of four octets counts", () => {
    const s = new Script({ datagramOctetsMax: 258 });
    s.connect().subscribe("a");
    s.deliver("a", { payload: "x".repeat(249) }).toClient("PUBLISH");
    s.deliver("a", { payload: "x".repeat(250) }).nothing();
  });

  test("G6 one exchange at a time, in the order of the broker", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.deliver("a", { qos: 0, payload: "between" }).nothing();
    s.deliver("a", { qos: 1, messageId: 4 }).nothing();
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback", { messageId: 3 });
    s.toClient("PUBLISH", { qos: 0, data: "between" }).toClient("PUBLISH", { msgId: 4 });
    s.client("PUBACK", { topicId, msgId: 4 }).toBroker("puback", { messageId: 4 });
  });

  test("G6 a REGISTER under way holds back everything behind it", () => {
    const s = wildcard(0);
    s.deliver("w/a", { payload: "1" });
    const topicId = s.toClientId("REGISTER", { topicName: "w/a" });
    s.deliver("w/b", { payload: "2" }).nothing();
    s.deliver("w/a", { payload: "3" }).nothing();
    s.client("REGACK", { topicId, msgId: REGISTER_ID });
    s.toClient("PUBLISH", { topicId, data: "1" });
    registers(s, "w/b");
    s.toClient("PUBLISH", { data: "2" }).toClient("PUBLISH", { topicId, data: "3" });
  });

  test("G6 a QoS 2 message is followed by the next one after its PUBCOMP", () => {
    const s = new Script();
    s.connect().subscribe("a", 2);
    s.deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.deliver("a", { qos: 2, messageId: 4 }).nothing();
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec");
    s.broker("pubrel", { messageId: 3 }).toClient("PUBREL");
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp").toClient("PUBLISH", { msgId: 4 });
  });

  test("G6 a PUBREL that the broker sends twice is one to the client", () => {
    const s = new Script();
    s.connect().subscribe("a", 2);
    s.deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec");
    s.broker("pubrel", { messageId: 3 }).toClient("PUBREL");
    s.broker("pubrel", { messageId: 3 }).nothing();
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp").nothing();
  });

  test("G7 a plain subscription uses the normal id, also for a short name or one that is predefined", () => {
    const s = new Script({ predefinedTopics: [{ id: 7, topic: "p/seven", clientId: undefined }] });
    s.connect();
    const short = s.subscribe("tt", 0, 1);
    const predefined = s.subscribe("p/seven", 0, 2);
    s.deliver("tt").toClient("PUBLISH", { topicIdType: "normal", topicId: short });
    s.deliver("p/seven").toClient("PUBLISH", { topicIdType: "normal", topicId: predefined });
  });

  test("G7 what a wildcard brings has a normal id, too", () => {
    const s = new Script({ predefinedTopics: [{ id: 7, topic: "p/seven", clientId: undefined }] });
    s.connect().subscribe("#");
    s.deliver("tt");
    const topicId = registers(s, "tt");
    s.toClient("PUBLISH", { topicIdType: "normal", topicId });
    s.deliver("p/seven").toClient("REGISTER", { topicName: "p/seven" });
  });

  test("G7 one-character names cannot be short", () => {
    const s = wildcard(0);
    s.subscribe("#", 0, 2);
    s.deliver("t").toClient("REGISTER", { topicName: "t" });
  });

  test("A-59 with overlapping subscriptions the plain one's id is used, each time the broker sends", () => {
    const s = wildcard(0);
    const topicId = s.subscribe("w/a", 0, 2);
    s.deliver("w/a").toClient("PUBLISH", { topicId });
    s.deliver("w/a").toClient("PUBLISH", { topicId });
  });

  test("G8 retain is the broker's, DUP is not", () => {
    const s = new Script();
    s.connect();
    s.subscribe("a", 1);
    s.deliver("a", { retain: true }).toClient("PUBLISH", { retain: true, dup: false });
    s.deliver("a", { retain: false }).toClient("PUBLISH", { retain: false });
    s.deliver("a", { qos: 1, messageId: 3, dup: true }).toClient("PUBLISH", { dup: false, msgId: 3 });
    s.after(10_000).toClient("PUBLISH", { dup: true, msgId: 3 });
  });

  test("G9, M1 the QoS is the broker's, and at QoS 0 the MsgId is 0", () => {
    const s = new Script();
    s.connect().subscribe("a", 2);
    s.deliver("a").toClient("PUBLISH", { qos: 0, msgId: 0 });
  });

  test("P8 an empty payload and a binary one arrive as they are", () => {
    const s = new Script();
    s.connect().subscribe("a");
    s.deliver("a", { payload: "" }).toClient("PUBLISH", { data: "" });
    const data = Buffer.of(0, 0xff, 0xc3, 0x28);
    s.deliver("a", { payload: data }).toClient("PUBLISH", { data });
  });

  test("M4 REGISTER takes a MsgId that no message of the broker has", () => {
    const s = wildcard(1);
    s.deliver("w/a", { qos: 1, messageId: 0xffff }).toClient("REGISTER", { msgId: 0xfffe });
  });

  test("§9 a PUBACK may have the two octets of a predefined id in the other order", () => {
    const s = new Script({ predefinedTopics: [{ id: 0x0102, topic: "p", clientId: undefined }] });
    s.connect().client("SUBSCRIBE", { topicIdType: "predefined", topicId: 0x0102, qos: 1, msgId: 1 });
    s.toBroker("subscribe")
      .broker("suback", { messageId: 1, granted: [1] })
      .toClient("SUBACK");
    s.deliver("p", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId: 0x0201, msgId: 3 }).toBroker("puback", { messageId: 3 });
  });
});

describe("messages of an earlier connection", () => {
  test("what a client did not acknowledge the broker sends again, and then the client does", () => {
    const s = new Script();
    s.connect(DURABLE);
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.disconnect().connect(DURABLE, true);
    s.deliver("a", { qos: 1, messageId: 3, dup: true });
    registers(s, "a");
    s.toClient("PUBLISH", { msgId: 3 });
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback", { messageId: 3 });
  });

  test("a PUBREL without its PUBLISH goes to the client, before newer messages", () => {
    const s = new Script();
    s.connect(DURABLE);
    const topicId = s.subscribe("a", 2);
    s.deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec").disconnect();
    s.connect(DURABLE, true);
    s.broker("pubrel", { messageId: 3 }).toClient("PUBREL", { msgId: 3 });
    s.deliver("a", { qos: 1, messageId: 4 }).nothing();
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp", { messageId: 3 });
    expect(registers(s, "a")).toBe(topicId);
    s.toClient("PUBLISH", { msgId: 4 });
  });

  test("a PUBREL without its PUBLISH waits for the message in flight, and goes before those that wait", () => {
    const s = new Script();
    s.connect(DURABLE);
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 4 }).toClient("PUBLISH", { msgId: 4 });
    s.deliver("a", { qos: 1, messageId: 5 }).nothing();
    s.broker("pubrel", { messageId: 3 }).nothing();
    s.client("PUBACK", { topicId, msgId: 4 }).toBroker("puback").toClient("PUBREL", { msgId: 3 });
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp").toClient("PUBLISH", { msgId: 5 });
  });

  test("several PUBRELs are sent one by one", () => {
    const s = new Script();
    s.connect(DURABLE, true);
    s.broker("pubrel", { messageId: 3 }).toClient("PUBREL", { msgId: 3 });
    s.broker("pubrel", { messageId: 4 }).nothing();
    s.broker("pubrel", { messageId: 5 }).nothing();
    s.broker("pubrel", { messageId: 5 }).nothing();
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp").toClient("PUBREL", { msgId: 4 });
    s.client("PUBCOMP", { msgId: 4 }).toBroker("pubcomp").toClient("PUBREL", { msgId: 5 });
    s.client("PUBCOMP", { msgId: 5 }).toBroker("pubcomp");
  });
});
