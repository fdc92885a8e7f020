import { describe, test } from "vitest";
import { Script } from "../gateway/script.ts";

/** A client that has subscribed to "w/#" at this QoS. */
function wild(qos: 0 | 1 | 2): Script {
  const s = new Script();
  s.connect({ duration: 3600 });
  s.client("SUBSCRIBE", { topicName: "w/#", qos, msgId: 1 }).toBroker("subscribe");
  s.broker("suback", { messageId: 1, granted: [qos] }).toClient("SUBACK", { topicId: 0, returnCode: 0 });
  return s;
}

describe("a subscription with wildcards", () => {
  test.each(["w/#", "w/+", "#", "+", "+/x"])(
    "field 9 the SUBACK of %s has no topic id: it would be taken for that of a topic",
    (topicName) => {
      const s = new Script();
      s.connect().client("SUBSCRIBE", { topicName, msgId: 1 }).toBroker("subscribe", { messageId: 1 });
      s.broker("suback", { messageId: 1, granted: [0] }).toClient("SUBACK", { topicId: 0, msgId: 1, returnCode: 0 });
    },
  );

  test.each([0, 1, 2] as const)("field 9 QoS %i: REGISTER is not all that comes: the PUBLISH follows", (qos) => {
    const s = wild(qos);
    s.deliver("w/x", { qos, messageId: qos === 0 ? 0 : 3, payload: "x" });
    const topicId = s.toClientId("REGISTER", { topicName: "w/x", msgId: 0xffff });
    s.nothing().client("REGACK", { topicId, msgId: 0xffff }).toClient("PUBLISH", { topicId, qos, data: "x" });
  });

  test("field 9 ten topics at once: each is registered, each is published, none is forgotten behind another", () => {
    const s = wild(1);
    const topics = Array.from({ length: 10 }, (_, index) => `w/${index}`);
    for (const [index, topic] of topics.entries()) {
      s.deliver(topic, { qos: 1, messageId: index + 1, payload: topic });
      if (index === 0) s.toClient("REGISTER", { topicName: topic });
    }
    // The first REGISTER was lost.
    s.after(10_000);
    for (const [index, topic] of topics.entries()) {
      const topicId = s.toClientId("REGISTER", { topicName: topic });
      s.client("REGACK", { topicId, msgId: 0xffff }).toClient("PUBLISH", { topicId, data: topic });
      s.client("PUBACK", { topicId, msgId: index + 1 }).toBroker("puback", { messageId: index + 1 });
    }
  });

  test.each([2, 3])("field 9 after REGACK %i no PUBLISH comes with the id that was refused", (returnCode) => {
    const s = wild(1);
    s.deliver("w/x", { qos: 1, messageId: 3 });
    const refused = s.toClientId("REGISTER", { topicName: "w/x" });
    s.client("REGACK", { topicId: refused, msgId: 0xffff, returnCode }).toBroker("puback", { messageId: 3 }).nothing();
    for (let messageId = 4; messageId < 8; messageId += 1) {
      s.deliver("w/x", { qos: 1, messageId }).toBroker("puback", { messageId }).nothing();
    }
    // Other topics of the same subscription are not refused.
    s.deliver("w/y", { qos: 1, messageId: 9 }).toClient("REGISTER", { topicName: "w/y" });
  });

  test("field 9 no PUBLISH comes while its REGISTER has no answer", () => {
    const s = wild(0);
    s.deliver("w/x").toClient("REGISTER").deliver("w/x").nothing().after(5000).nothing();
    s.after(5000).toClient("REGISTER").nothing();
  });
});
