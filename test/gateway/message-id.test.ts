import { describe, test } from "vitest";
import { Script } from "./script.ts";

/** Short topic names as their two octets. */
const SHORT = (name: string) => (name.charCodeAt(0) << 8) | name.charCodeAt(1);

describe("MsgId", () => {
  test("M1 a QoS 0 PUBLISH with a MsgId is accepted, and means no exchange", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, msgId: 5 }).toBroker("publish", { qos: 0, messageId: 0 });
    s.client("PUBLISH", { topicId, msgId: 5 }).toBroker("publish", { qos: 0, messageId: 0 });
  });

  test("M2 answers repeat the MsgId of the request, over its whole range", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a", 0xffff);
    for (const msgId of [1, 0x0100, 0xffff]) {
      s.client("PUBLISH", { topicId, qos: 1, msgId }).toBroker("publish", { messageId: msgId });
      s.broker("puback", { messageId: msgId }).toClient("PUBACK", { topicId, msgId });
    }
  });

  test("M3 the same number may be open in both directions", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 5 }).toClient("PUBLISH", { qos: 1, msgId: 5 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 5 }).toBroker("publish", { messageId: 5 });
    s.client("PUBACK", { topicId, msgId: 5 }).toBroker("puback", { messageId: 5 });
    s.broker("puback", { messageId: 5 }).toClient("PUBACK", { topicId, msgId: 5 });
  });

  test("M3 different requests of a client may have the same number: the second gets another identifier at the broker", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("SUBSCRIBE", { topicName: "b", qos: 1, msgId: 5 }).toBroker("subscribe", { messageId: 5 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 5 }).toBroker("publish", { messageId: 65_535 });
    s.client("UNSUBSCRIBE", { topicName: "c", msgId: 5 }).toBroker("unsubscribe", { messageId: 65_534 });
    s.broker("puback", { messageId: 65_535 }).toClient("PUBACK", { msgId: 5 });
    s.broker("unsuback", { messageId: 65_534 }).toClient("UNSUBACK", { msgId: 5 });
    s.broker("suback", { messageId: 5, granted: [1] }).toClient("SUBACK", { msgId: 5 });
  });

  test("M3 a number that the gateway gave at the broker is still the client's to use", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 0 }).toBroker("publish", { messageId: 65_535 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 65_535 }).toBroker("publish", { messageId: 65_534 });
    s.broker("puback", { messageId: 65_534 }).toClient("PUBACK", { msgId: 65_535 });
    s.broker("puback", { messageId: 65_535 }).toClient("PUBACK", { msgId: 0 });
  });

  test("M5 a QoS 1 PUBLISH with MsgId 0 gets a packet identifier of its own, and its answer has 0 again", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 0 }).toBroker("publish", { messageId: 65_535 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 0, dup: true }).nothing();
    s.client("PUBLISH", { topicId, qos: 1, msgId: 0 }).toBroker("publish", { messageId: 65_534 });
    s.broker("puback", { messageId: 65_534 }).toClient("PUBACK", { topicId, msgId: 0 });
    s.broker("puback", { messageId: 65_535 }).toClient("PUBACK", { topicId, msgId: 0 });
  });

  test("M5 a QoS 2 exchange with MsgId 0 goes through", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 0 }).toBroker("publish", { messageId: 65_535 });
    s.broker("pubrec", { messageId: 65_535 }).toClient("PUBREC", { msgId: 0 });
    s.client("PUBREL", { msgId: 0 }).toBroker("pubrel", { messageId: 65_535 });
    s.broker("pubcomp", { messageId: 65_535 }).toClient("PUBCOMP", { msgId: 0 });
    s.client("PUBREL", { msgId: 0 }).toClient("PUBCOMP", { msgId: 0 });
  });

  test("M6 the PUBACK that refuses a QoS 0 PUBLISH has its MsgId", () => {
    const s = new Script();
    s.connect();
    s.client("PUBLISH", { topicId: 0x999 }).toClient("PUBACK", { topicId: 0x999, msgId: 0, returnCode: 2 });
    s.client("PUBLISH", { topicId: 0x999, msgId: 8 }).toClient("PUBACK", { msgId: 8, returnCode: 2 });
  });
});

test("P10 a PUBREL goes to the broker when its MsgId has stood for another message since it was completed", () => {
  const s = new Script();
  s.connect({ cleanSession: false });
  const topicId = s.register("t");
  const publish = (data: string) =>
    s
      .client("PUBLISH", { qos: 2, topicId, msgId: 1, data })
      .toBroker("publish", { messageId: 1 })
      .broker("pubrec", { messageId: 1 })
      .toClient("PUBREC", { msgId: 1 });
  publish("one").client("PUBREL", { msgId: 1 }).toBroker("pubrel", { messageId: 1 });
  s.broker("pubcomp", { messageId: 1 }).toClient("PUBCOMP", { msgId: 1 });
  publish("two");
  // The gateway forgets the exchange with the connection; the broker holds its message until PUBREL.
  s.disconnect();
  s.connect({ cleanSession: false }, true);
  s.client("PUBREL", { msgId: 1 }).toBroker("pubrel", { messageId: 1 });
});

test("P10 a QoS 2 PUBLISH waits until no other request has its MsgId, since no other number will do", () => {
  const s = new Script();
  s.connect();
  const topicId = s.register("t");
  s.client("SUBSCRIBE", { topicName: "x", msgId: 5 }).toBroker("subscribe", { messageId: 5 });
  s.client("PUBLISH", { qos: 2, topicId, msgId: 5 }).noted("message.ignored", { msgId: 5 });
  s.broker("suback", { messageId: 5, granted: [0] }).toClient("SUBACK", { msgId: 5 });
  s.client("PUBLISH", { qos: 2, topicId, msgId: 5, dup: true }).toBroker("publish", { messageId: 5 });
});

test("P10 a PUBREL with MsgId 0 that belongs to nothing is not answered: nobody knows which message it means", () => {
  const s = new Script();
  s.connect({ cleanSession: false });
  const topicId = s.register("t");
  s.client("PUBLISH", { qos: 2, topicId, msgId: 0 }).toBroker("publish", { messageId: 0xffff });
  s.broker("pubrec", { messageId: 0xffff }).toClient("PUBREC", { msgId: 0 });
  s.disconnect();
  s.connect({ cleanSession: false }, true);
  s.client("PUBREL", { msgId: 0 }).nothing();
});

test("P10 a message whose PUBREL was under way when the connection ended: its copy is one, its PUBREL goes to the broker again", () => {
  const s = new Script();
  s.connect({ cleanSession: false });
  const publish = { topicIdType: "short", topicId: SHORT("tt"), qos: 2, msgId: 3 } as const;
  s.client("PUBLISH", publish).toBroker("publish", { messageId: 3 });
  s.broker("pubrec", { messageId: 3 }).toClient("PUBREC");
  s.client("PUBREL", { msgId: 3 }).toBroker("pubrel", { messageId: 3 });
  s.client("CONNECT", { cleanSession: false }).closes(true).gone().opens().accepts(true).toClient("CONNACK");
  s.client("PUBLISH", publish).nothing().noted("publish.repeated");
  s.client("PUBREL", { msgId: 3 }).toBroker("pubrel", { messageId: 3 });
  s.broker("pubcomp", { messageId: 3 }).toClient("PUBCOMP", { msgId: 3 });
});
