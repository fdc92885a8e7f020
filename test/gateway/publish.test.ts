import { describe, test } from "vitest";
import { Script } from "./script.ts";

const PREDEFINED = [{ id: 7, topic: "p/seven", clientId: undefined }];
/** Short topic names as their two octets. */
const SHORT = (name: string) => (name.charCodeAt(0) << 8) | name.charCodeAt(1);

describe("§6.6 PUBLISH from the client", () => {
  test("P1 QoS 0 goes to the broker and is not answered", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, data: "hi" });
    s.toBroker("publish", { topic: "a", payload: "hi", qos: 0, retain: false, dup: false });
  });

  test("P1, P9 QoS 1: PUBACK follows the broker's, with the TopicId of the PUBLISH", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2 });
    s.toBroker("publish", { topic: "a", qos: 1, messageId: 2, dup: false }).nothing();
    s.broker("puback", { messageId: 2 }).toClient("PUBACK", { topicId, msgId: 2, returnCode: 0 });
  });

  test("P1 QoS 2: each step is the broker's", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 3 }).toBroker("publish", { topic: "a", qos: 2, messageId: 3 });
    s.nothing().broker("pubrec", { messageId: 3 }).toClient("PUBREC", { msgId: 3 });
    s.client("PUBREL", { msgId: 3 }).toBroker("pubrel", { messageId: 3 });
    s.nothing().broker("pubcomp", { messageId: 3 }).toClient("PUBCOMP", { msgId: 3 });
  });

  test.each([0, 1, 2])("P2, P5 an unknown normal id at QoS %i: PUBACK 0x02, nothing to the broker", (qos) => {
    const s = new Script();
    s.connect();
    s.client("PUBLISH", { topicId: 0x999, qos, msgId: qos === 0 ? 0 : 2 });
    s.toClient("PUBACK", { topicId: 0x999, msgId: qos === 0 ? 0 : 2, returnCode: 2 }).noted("publish.refused");
  });

  test("P3 a refusal ends a QoS 2 exchange: the same MsgId may carry another message at once", () => {
    const s = new Script();
    s.connect();
    s.client("PUBLISH", { topicId: 0x999, qos: 2, msgId: 3 }).toClient("PUBACK", { msgId: 3, returnCode: 2 });
    const topicId = s.register("a", 4);
    s.client("PUBLISH", { topicId, qos: 2, msgId: 3 }).toBroker("publish", { messageId: 3 });
    s.broker("pubrec", { messageId: 3 }).toClient("PUBREC", { msgId: 3 });
  });

  test("P4 several messages under way are tolerated, and each answer belongs to its own", () => {
    const s = new Script();
    s.connect();
    const a = s.register("a", 1);
    const b = s.register("b", 2);
    s.client("PUBLISH", { topicId: a, qos: 1, msgId: 3 }).toBroker("publish", { topic: "a", messageId: 3 });
    s.client("PUBLISH", { topicId: b, qos: 1, msgId: 4 }).toBroker("publish", { topic: "b", messageId: 4 });
    s.broker("puback", { messageId: 4 }).toClient("PUBACK", { topicId: b, msgId: 4 });
    s.broker("puback", { messageId: 3 }).toClient("PUBACK", { topicId: a, msgId: 3 });
  });

  test("P6 an unknown predefined id: PUBACK 0x02, though a normal id of that number exists", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicIdType: "predefined", topicId, qos: 1, msgId: 2 });
    s.toClient("PUBACK", { topicId, msgId: 2, returnCode: 2 });
  });

  test("P6, I3 a predefined id is no normal one", () => {
    const s = new Script({ predefinedTopics: PREDEFINED });
    s.connect();
    s.client("PUBLISH", { topicIdType: "predefined", topicId: 7 }).toBroker("publish", { topic: "p/seven" });
    s.client("PUBLISH", { topicIdType: "normal", topicId: 7 }).toClient("PUBACK", { topicId: 7, returnCode: 2 });
  });

  test("P6 a predefined id may stand for another topic with one client, and for nothing with others", () => {
    const own = { id: 7, topic: "p/own", clientId: "dev1" };
    const s = new Script({ predefinedTopics: [...PREDEFINED, own, { id: 8, topic: "p/eight", clientId: "dev1" }] });
    s.connect();
    s.client("PUBLISH", { topicIdType: "predefined", topicId: 7 }).toBroker("publish", { topic: "p/own" });
    s.client("PUBLISH", { topicIdType: "predefined", topicId: 8 }).toBroker("publish", { topic: "p/eight" });
    s.from("c2").connect({ clientId: "dev2" });
    s.client("PUBLISH", { topicIdType: "predefined", topicId: 7 }).toBroker("publish", { topic: "p/seven" });
    s.client("PUBLISH", { topicIdType: "predefined", topicId: 8 }).toClient("PUBACK", { returnCode: 2 });
  });

  test.each([
    ["normal", 0x0000, 2],
    ["normal", 0xffff, 2],
    ["predefined", 0x0000, 2],
    ["predefined", 0xffff, 2],
    ["reserved", 1, 3],
    ["short", SHORT("a+"), 3],
    ["short", SHORT("#b"), 3],
    ["short", SHORT("a\0"), 3],
    ["short", 0xc328, 3],
  ])("P7 a topic of kind %s and value %i: PUBACK %i", (topicIdType, topicId, returnCode) => {
    const s = new Script();
    s.connect();
    s.client("PUBLISH", { topicIdType, topicId, qos: 1, msgId: 2 });
    s.toClient("PUBACK", { topicId, msgId: 2, returnCode });
  });

  test("P1, I5 a short topic name is the name itself", () => {
    const s = new Script();
    s.connect();
    s.client("PUBLISH", { topicIdType: "short", topicId: SHORT("tt"), qos: 1, msgId: 2 });
    s.toBroker("publish", { topic: "tt", messageId: 2 });
    s.broker("puback", { messageId: 2 }).toClient("PUBACK", { topicId: SHORT("tt"), msgId: 2, returnCode: 0 });
    // Two octets of UTF-8 are one character.
    s.client("PUBLISH", { topicIdType: "short", topicId: 0xc3a4 }).toBroker("publish", { topic: "ä" });
  });

  test("P8 retain and payload pass unchanged, an empty payload too", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, retain: true, data: "" }).toBroker("publish", { retain: true, payload: "" });
    s.client("PUBLISH", { topicId, data: "\0\u0001" }).toBroker("publish", { retain: false, payload: "\0\u0001" });
  });

  test("P9 nothing is acknowledged when the broker connection breaks first", () => {
    const s = new Script({ outageLimitMs: 0 });
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toBroker("publish");
    s.gone().after(0).toClient("DISCONNECT");
  });

  test("P10 a repeated QoS 1 PUBLISH is not forwarded twice and has one answer", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toBroker("publish");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2, dup: true }).nothing().noted("publish.repeated");
    s.broker("puback", { messageId: 2 }).toClient("PUBACK", { msgId: 2 });
  });

  test("P10, field 18: a repeated QoS 2 PUBLISH is answered with PUBREC until PUBREL, and never forwarded twice", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    const publish = { topicId, qos: 2, msgId: 3 };
    s.client("PUBLISH", publish).toBroker("publish");
    s.client("PUBLISH", { ...publish, dup: true }).nothing();
    s.broker("pubrec", { messageId: 3 }).toClient("PUBREC", { msgId: 3 });
    s.client("PUBLISH", { ...publish, dup: true }).toClient("PUBREC", { msgId: 3 });
    s.client("PUBREL", { msgId: 3 }).toBroker("pubrel");
    s.client("PUBLISH", { ...publish, dup: true }).nothing();
    s.broker("pubcomp", { messageId: 3 }).toClient("PUBCOMP", { msgId: 3 });
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("P10 a repeated PUBREL is not forwarded twice, and is answered after the exchange as well", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 3 }).toBroker("publish");
    s.broker("pubrec", { messageId: 3 }).toClient("PUBREC");
    s.client("PUBREL", { msgId: 3 }).toBroker("pubrel");
    s.client("PUBREL", { msgId: 3 }).nothing();
    s.broker("pubcomp", { messageId: 3 }).toClient("PUBCOMP");
    s.client("PUBREL", { msgId: 3 }).toClient("PUBCOMP", { msgId: 3 });
  });

  test("P10 a PUBREL that overtakes PUBREC waits to be repeated", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 3 }).toBroker("publish");
    s.client("PUBREL", { msgId: 3 }).nothing();
    s.broker("pubrec", { messageId: 3 }).toClient("PUBREC");
    s.client("PUBREL", { msgId: 3 }).toBroker("pubrel");
  });

  test("P10 a PUBREL with an unknown MsgId is answered by the broker's PUBCOMP", () => {
    const s = new Script();
    s.connect();
    s.client("PUBREL", { msgId: 77 }).toBroker("pubrel", { messageId: 77 });
    s.client("PUBREL", { msgId: 77 }).nothing();
    s.broker("pubcomp", { messageId: 77 }).toClient("PUBCOMP", { msgId: 77 });
  });

  test("P10 the late copy of a completed QoS 2 PUBLISH is dropped, its repetition after that is a new message", () => {
    const s = new Script({ tRetryMs: 10_000 });
    s.connect();
    const topicId = s.register("a");
    const publish = { topicId, qos: 2, msgId: 3, data: "same" };
    const exchange = (msgId = 3) => {
      s.client("PUBLISH", { ...publish, msgId }).toBroker("publish");
      s.broker("pubrec", { messageId: msgId }).toClient("PUBREC");
      s.client("PUBREL", { msgId }).toBroker("pubrel");
      s.broker("pubcomp", { messageId: msgId }).toClient("PUBCOMP");
    };
    exchange(2);
    exchange();
    s.after(4999);
    s.client("PUBLISH", publish).nothing().noted("publish.repeated");
    s.after(1);
    exchange();
  });

  test.each([true, false])(
    "P10 a late copy is one also after another CONNECT, with CleanSession=%s",
    (cleanSession) => {
      const s = new Script();
      const publish = { topicIdType: "short", topicId: SHORT("tt"), qos: 2 };
      s.connect({ cleanSession });
      for (const msgId of [2, 3]) {
        s.client("PUBLISH", { ...publish, msgId }).toBroker("publish");
        s.broker("pubrec", { messageId: msgId }).toClient("PUBREC");
        s.client("PUBREL", { msgId }).toBroker("pubrel");
        s.broker("pubcomp", { messageId: msgId }).toClient("PUBCOMP");
      }
      s.client("CONNECT", { cleanSession }).closes(true).gone().opens().accepts().toClient("CONNACK");
      s.client("PUBLISH", { ...publish, msgId: 3 })
        .nothing()
        .noted("publish.repeated");
    },
  );

  test.each([
    ["for everything", (s: Script) => s.register("a", 1)],
    [
      "for different messages",
      (s: Script) => {
        s.client("PUBLISH", { topicIdType: "short", topicId: SHORT("tt"), qos: 2, msgId: 1, data: "one" }).toBroker(
          "publish",
        );
        s.broker("pubrec", { messageId: 1 }).toClient("PUBREC");
        s.client("PUBREL", { msgId: 1 }).toBroker("pubrel");
        s.broker("pubcomp", { messageId: 1 }).toClient("PUBCOMP");
      },
    ],
  ])("P10 a client that uses one MsgId %s is not taken to send copies, but for those with DUP", (_, reuse) => {
    const s = new Script();
    s.connect();
    reuse(s);
    const publish = { topicIdType: "short", topicId: SHORT("tt"), qos: 2, msgId: 1, data: "same" };
    for (let round = 0; round < 2; round += 1) {
      s.client("PUBLISH", publish).toBroker("publish", { messageId: 1 });
      s.broker("pubrec", { messageId: 1 }).toClient("PUBREC");
      s.client("PUBREL", { msgId: 1 }).toBroker("pubrel");
      s.broker("pubcomp", { messageId: 1 }).toClient("PUBCOMP");
    }
    s.client("PUBLISH", { ...publish, dup: true }).nothing();
  });

  test("P10 another message under the MsgId of a completed one is forwarded at once", () => {
    const s = new Script();
    s.connect();
    const a = s.register("a", 1);
    const b = s.register("b", 2);
    const exchange = (fields: object) => {
      s.client("PUBLISH", { qos: 2, msgId: 3, ...fields }).toBroker("publish");
      s.broker("pubrec", { messageId: 3 }).toClient("PUBREC");
      s.client("PUBREL", { msgId: 3 }).toBroker("pubrel");
      s.broker("pubcomp", { messageId: 3 }).toClient("PUBCOMP");
    };
    exchange({ topicId: a, data: "1" });
    exchange({ topicId: a, data: "2" });
    exchange({ topicId: b, data: "2" });
  });

  test("P10, R8 the broker's steps count in their order only", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 3 }).toBroker("publish");
    s.broker("pubcomp", { messageId: 3 }).nothing();
    s.broker("pubrec", { messageId: 3 }).toClient("PUBREC");
    s.broker("pubcomp", { messageId: 3 }).nothing();
    s.client("PUBREL", { msgId: 3 }).toBroker("pubrel");
    s.broker("pubrec", { messageId: 3 }).nothing();
    s.broker("pubcomp", { messageId: 3 }).toClient("PUBCOMP");
  });

  test("P10 a DUP PUBLISH whose first copy is not known goes to the broker with DUP, for the broker may know it", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 3, dup: true }).toBroker("publish", { messageId: 3, dup: true });
    s.client("PUBLISH", { topicId, qos: 0, dup: true }).toBroker("publish", { qos: 0, dup: false });
  });

  test("P10 the late copy of a message of before a restart, of which only the PUBREL is known, is dropped as well", () => {
    const s = new Script({ tRetryMs: 10_000 });
    s.connect({ cleanSession: false }, true);
    s.client("PUBREL", { msgId: 77 }).toBroker("pubrel").broker("pubcomp", { messageId: 77 }).toClient("PUBCOMP");
    const publish = { topicIdType: "short", topicId: SHORT("tt"), qos: 2, msgId: 77 };
    s.client("PUBLISH", { ...publish, dup: true })
      .nothing()
      .noted("publish.repeated");
    s.after(5000).client("PUBLISH", publish).toBroker("publish", { messageId: 77 });
  });

  test("P10 a completed QoS 1 exchange leaves its MsgId free for the same message again", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    for (let round = 0; round < 2; round += 1) {
      s.client("PUBLISH", { topicId, qos: 1, msgId: 1 }).toBroker("publish", { messageId: 1 });
      s.broker("puback", { messageId: 1 }).toClient("PUBACK", { msgId: 1 });
    }
  });
});
