import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const PREDEFINED = [{ id: 7, topic: "p/seven", clientId: undefined }];
/** The short topic name "tt" as its two octets. */
const TT = 0x7474;

describe("§6.9 SUBSCRIBE", () => {
  test("S1, S2 by name: SUBACK follows the broker's and has the id of later messages and of the client's own", () => {
    const s = new Script();
    s.connect().client("SUBSCRIBE", { topicName: "a/b", qos: 1, msgId: 4 });
    s.toBroker("subscribe", { messageId: 4, subscriptions: [{ topic: "a/b", qos: 1 }] }).nothing();
    s.broker("suback", { messageId: 4, granted: [1] });
    s.toClient("SUBACK", { msgId: 4, qos: 1, returnCode: 0 });
    const topicId = s.register("a/b", 5);
    s.deliver("a/b").toClient("PUBLISH", { topicIdType: "normal", topicId });
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "a/b" });
  });

  test("S2 a name that was registered before keeps its id", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a", 1);
    expect(s.subscribe("a", 0, 2)).toBe(topicId);
  });

  test.each(["a/#", "a/+", "#", "+/b"])("S3, I4, field 9: SUBACK of the filter %j has TopicId 0x0000", (topicName) => {
    const s = new Script();
    s.connect().client("SUBSCRIBE", { topicName, qos: 1, msgId: 5 });
    s.toBroker("subscribe", { subscriptions: [{ topic: topicName, qos: 1 }] });
    s.broker("suback", { messageId: 5, granted: [1] });
    s.toClient("SUBACK", { topicId: 0, msgId: 5, qos: 1, returnCode: 0 });
  });

  test("S4 a predefined id and a short name stand in SUBACK again", () => {
    const s = new Script({ predefinedTopics: PREDEFINED });
    s.connect().client("SUBSCRIBE", { topicIdType: "predefined", topicId: 7, qos: 1, msgId: 6 });
    s.toBroker("subscribe", { subscriptions: [{ topic: "p/seven", qos: 1 }] });
    s.broker("suback", { messageId: 6, granted: [1] }).toClient("SUBACK", { topicId: 7, msgId: 6, returnCode: 0 });
    s.client("SUBSCRIBE", { topicIdType: "short", topicId: TT, qos: 2, msgId: 7 });
    s.toBroker("subscribe", { subscriptions: [{ topic: "tt", qos: 2 }] });
    s.broker("suback", { messageId: 7, granted: [2] }).toClient("SUBACK", { topicId: TT, msgId: 7, returnCode: 0 });
  });

  test("S5 an unknown predefined id: 0x02", () => {
    const s = new Script({ predefinedTopics: PREDEFINED });
    s.connect().client("SUBSCRIBE", { topicIdType: "predefined", topicId: 8, msgId: 6 });
    s.toClient("SUBACK", { topicId: 0, msgId: 6, returnCode: 2 }).noted("subscribe.refused");
  });

  test.each(["", "a#", "a/#/b", "a+/b", "a\0b"])("S5 %j is no topic filter: 0x03", (topicName) => {
    const s = new Script();
    s.connect().client("SUBSCRIBE", { topicName, msgId: 6 });
    s.toClient("SUBACK", { topicId: 0, msgId: 6, returnCode: 3 });
  });

  test("S5, N7, I6 a topic kind of 0b11, a QoS of 0b11, a wildcard in a short name, a filter that is not UTF-8: 0x03", () => {
    const s = new Script();
    const refusal = { topicId: 0, msgId: 6, returnCode: 3 };
    s.connect();
    s.client("SUBSCRIBE", { topicIdType: "reserved", msgId: 6 }).toClient("SUBACK", refusal);
    s.client("SUBSCRIBE", { topicName: "a", qos: -1, msgId: 6 }).toClient("SUBACK", refusal);
    s.client("SUBSCRIBE", { topicIdType: "short", topicId: 0x612b, msgId: 6 }).toClient("SUBACK", refusal);
    s.datagram(Uint8Array.of(7, 0x12, 0, 0, 6, 0xc3, 0x28)).toClient("SUBACK", refusal);
  });

  test("S5 a refusal of the broker: 0x03, and nothing is subscribed", () => {
    const s = new Script();
    s.connect().client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 6 }).toBroker("subscribe");
    s.broker("suback", { messageId: 6, granted: [0x80] });
    s.toClient("SUBACK", { topicId: 0, msgId: 6, returnCode: 3 }).noted("subscribe.refused");
    // The next try is asked again.
    s.client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 6 }).toBroker("subscribe");
  });

  test.each([0x80, 0x87, 0xff])("S5, A-22 whatever the broker refuses with, here %i, the code is 0x03", (code) => {
    const s = new Script();
    s.connect().client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 6 }).toBroker("subscribe");
    s.broker("suback", { messageId: 6, granted: [code] }).toClient("SUBACK", { topicId: 0, returnCode: 3 });
  });

  test("S5 where the broker has no room for one more subscription (MQTT 5: Quota exceeded) the code is 0x01", () => {
    const s = new Script();
    s.connect().client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 6 }).toBroker("subscribe");
    s.broker("suback", { messageId: 6, granted: [0x97] }).toClient("SUBACK", { topicId: 0, returnCode: 1 });
    s.noted("subscribe.refused", { filter: "a", brokerReasonCode: 0x97 });
  });

  test("S6 a second transaction while one is open is served as well", () => {
    const s = new Script();
    s.connect().client("SUBSCRIBE", { topicName: "a", msgId: 1 }).toBroker("subscribe", { messageId: 1 });
    s.client("SUBSCRIBE", { topicName: "b", msgId: 2 }).toBroker("subscribe", { messageId: 2 });
    s.broker("suback", { messageId: 2, granted: [0] }).toClient("SUBACK", { msgId: 2 });
    s.broker("suback", { messageId: 1, granted: [0] }).toClient("SUBACK", { msgId: 1 });
  });

  test.each([true, false])("S7 a SUBSCRIBE repeated (DUP %s) before SUBACK subscribes once", (dup) => {
    const s = new Script();
    s.connect().client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 4 }).toBroker("subscribe");
    s.client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 4, dup }).nothing();
    s.broker("suback", { messageId: 4, granted: [1] }).toClient("SUBACK", { msgId: 4 });
  });

  test.each([true, false])("S7 a SUBSCRIBE repeated (DUP %s) after SUBACK has the same answer", (dup) => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1, 4);
    s.client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 4, dup });
    s.toClient("SUBACK", { topicId, msgId: 4, qos: 1, returnCode: 0 });
  });

  test("S7, G4 the same answer tells the client its topic id once more, where it has said that it does not know it", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1, 4);
    s.deliver("a", { qos: 0 }).toClient("PUBLISH", { topicId });
    s.client("PUBACK", { topicId, msgId: 0, returnCode: 2 });
    s.client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 4, dup: true }).toClient("SUBACK", { topicId });
    s.deliver("a", { qos: 0 }).toClient("PUBLISH", { topicId });
  });

  test("S7, G2 the same answer for a short name says nothing about a normal id of that name", () => {
    const s = new Script({ tRetryMs: 1000 });
    s.connect().client("SUBSCRIBE", { topicName: "#", qos: 0, msgId: 3 }).toBroker("subscribe");
    s.broker("suback", { messageId: 3, granted: [0] }).toClient("SUBACK");
    s.deliver("tt").toClient("REGISTER", { topicName: "tt" });
    const short = { topicIdType: "short", topicId: 0x7474, qos: 0, msgId: 4 };
    s.client("SUBSCRIBE", short).toBroker("subscribe");
    s.broker("suback", { messageId: 4, granted: [0] }).toClient("SUBACK");
    s.client("SUBSCRIBE", { ...short, dup: true }).toClient("SUBACK");
    s.after(1000).toClient("REGISTER", { topicName: "tt" });
  });

  test("S7 another filter under the same MsgId, or the same one after UNSUBSCRIBE, is a new subscription", () => {
    const s = new Script();
    s.connect().subscribe("a", 1, 4);
    s.subscribe("b", 1, 4);
    s.client("UNSUBSCRIBE", { topicName: "b", msgId: 4 }).toBroker("unsubscribe");
    s.broker("unsuback", { messageId: 4 }).toClient("UNSUBACK");
    s.subscribe("b", 1, 4);
  });

  test("S7 a new MsgId or QoS asks the broker again", () => {
    const s = new Script();
    s.connect().subscribe("a", 1, 4);
    s.subscribe("a", 1, 5);
    s.subscribe("a", 2, 5);
  });

  test("S8 SUBACK has the QoS that the broker granted", () => {
    const s = new Script();
    s.connect().client("SUBSCRIBE", { topicName: "a", qos: 2, msgId: 4 }).toBroker("subscribe");
    s.broker("suback", { messageId: 4, granted: [1] }).toClient("SUBACK", { qos: 1, returnCode: 0 });
  });

  test("S10 a retained message that comes before its SUBACK is held back", () => {
    const s = new Script();
    s.connect().client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 4 }).toBroker("subscribe");
    s.deliver("a", { retain: true }).nothing();
    s.broker("suback", { messageId: 4, granted: [1] }).toClient("SUBACK");
    s.toClient("PUBLISH", { topicIdType: "normal", retain: true });
  });

  test("S10, G7 that holds for a predefined id, which then stands in the PUBLISH", () => {
    const s = new Script({ predefinedTopics: PREDEFINED });
    s.connect().client("SUBSCRIBE", { topicIdType: "predefined", topicId: 7, msgId: 4 }).toBroker("subscribe");
    s.deliver("p/seven", { retain: true }).nothing();
    s.broker("suback", { messageId: 4, granted: [0] }).toClient("SUBACK");
    s.toClient("PUBLISH", { topicIdType: "predefined", topicId: 7, retain: true });
  });

  test("S10 a message of another subscription does not wait, unless it came later", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("known", 0, 1);
    s.client("SUBSCRIBE", { topicName: "new/#", msgId: 4 }).toBroker("subscribe");
    s.deliver("known").toClient("PUBLISH", { topicId });
    s.deliver("new/a", { retain: true }).nothing();
    s.deliver("known", { payload: "later" }).nothing();
    s.broker("suback", { messageId: 4, granted: [0] }).toClient("SUBACK", { topicId: 0 });
    s.toClient("REGISTER", { topicName: "new/a" });
  });

  test("S10 a refused SUBSCRIBE lets go what waited for it", () => {
    const s = new Script();
    s.connect().subscribe("a/#", 0, 1);
    s.client("SUBSCRIBE", { topicName: "b", msgId: 4 }).toBroker("subscribe");
    s.deliver("a/b").nothing();
    s.broker("suback", { messageId: 4, granted: [0x80] }).toClient("SUBACK", { returnCode: 3 });
    s.toClient("REGISTER", { topicName: "a/b" });
  });
});

describe("what a topic is named by", () => {
  test("I1 two octets behind TopicIdType 0b00 are a name of two characters, not an id", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    const octets = Uint8Array.of(7, 0x12, 0x00, 0, 5, topicId >> 8, topicId & 0xff);
    s.datagram(octets).toClient("SUBACK", { msgId: 5, returnCode: 3 });
    s.client("SUBSCRIBE", { topicName: "tt", msgId: 6 }).toBroker("subscribe", {
      subscriptions: [{ topic: "tt", qos: 0 }],
    });
    s.broker("suback", { messageId: 6, granted: [0] }).toClient("SUBACK", { msgId: 6, returnCode: 0 });
    s.client("UNSUBSCRIBE", { topicName: "tt", msgId: 7 }).toBroker("unsubscribe", { unsubscriptions: ["tt"] });
  });

  test("I7 the gateway subscribes to nothing by itself, predefined or short as a topic may be", () => {
    const s = new Script({ predefinedTopics: PREDEFINED });
    s.connect();
    s.client("PUBLISH", { topicIdType: "predefined", topicId: 7 }).toBroker("publish", { topic: "p/seven" }).nothing();
    s.client("PUBLISH", { topicIdType: "short", topicId: TT }).toBroker("publish", { topic: "tt" }).nothing();
    s.client("REGISTER", { topicName: "tt", msgId: 1 }).toClient("REGACK", { returnCode: 0 }).nothing();
  });

  test("I7, G7 with a subscription their messages come under the predefined id and the short name, without REGISTER", () => {
    const s = new Script({ predefinedTopics: PREDEFINED });
    s.connect();
    s.client("SUBSCRIBE", { topicIdType: "predefined", topicId: 7, msgId: 1 }).toBroker("subscribe");
    s.broker("suback", { messageId: 1, granted: [0] }).toClient("SUBACK");
    s.client("SUBSCRIBE", { topicIdType: "short", topicId: TT, msgId: 2 }).toBroker("subscribe");
    s.broker("suback", { messageId: 2, granted: [0] }).toClient("SUBACK");
    s.deliver("p/seven").toClient("PUBLISH", { topicIdType: "predefined", topicId: 7 });
    s.deliver("tt").toClient("PUBLISH", { topicIdType: "short", topicId: TT });
  });

  test("I7, G7 the kind is that of the last subscription to the name", () => {
    const s = new Script({ predefinedTopics: PREDEFINED });
    s.connect();
    const topicId = s.subscribe("p/seven", 0, 1);
    s.client("SUBSCRIBE", { topicIdType: "predefined", topicId: 7, msgId: 2 }).toBroker("subscribe");
    s.broker("suback", { messageId: 2, granted: [0] }).toClient("SUBACK", { topicId: 7 });
    s.deliver("p/seven").toClient("PUBLISH", { topicIdType: "predefined", topicId: 7 });
    expect(s.subscribe("p/seven", 0, 3)).toBe(topicId);
    s.deliver("p/seven").toClient("PUBLISH", { topicIdType: "normal", topicId });
  });
});

describe("§6.9 UNSUBSCRIBE", () => {
  test("S9 UNSUBACK follows the broker's", () => {
    const s = new Script();
    s.connect().subscribe("a");
    s.client("UNSUBSCRIBE", { topicName: "a", msgId: 8 }).toBroker("unsubscribe", { unsubscriptions: ["a"] });
    s.nothing().broker("unsuback", { messageId: 8 }).toClient("UNSUBACK", { msgId: 8 });
  });

  test("S9 also for what was never subscribed, and for what cannot be", () => {
    const s = new Script();
    s.connect().client("UNSUBSCRIBE", { topicName: "never", msgId: 8 }).toBroker("unsubscribe");
    s.broker("unsuback", { messageId: 8 }).toClient("UNSUBACK", { msgId: 8 });
    s.client("UNSUBSCRIBE", { topicName: "a/#/b", msgId: 9 }).toClient("UNSUBACK", { msgId: 9 });
    s.client("UNSUBSCRIBE", { topicIdType: "predefined", topicId: 99, msgId: 10 }).toClient("UNSUBACK", { msgId: 10 });
    s.client("UNSUBSCRIBE", { topicIdType: "reserved", msgId: 11 }).toClient("UNSUBACK", { msgId: 11 });
  });

  test("S9, R7 a repeated UNSUBSCRIBE is answered, and asked once while it is open", () => {
    const s = new Script();
    s.connect().subscribe("a");
    s.client("UNSUBSCRIBE", { topicName: "a", msgId: 8 }).toBroker("unsubscribe");
    s.client("UNSUBSCRIBE", { topicName: "a", msgId: 8 }).nothing();
    s.broker("unsuback", { messageId: 8 }).toClient("UNSUBACK");
    s.client("UNSUBSCRIBE", { topicName: "a", msgId: 8 }).toBroker("unsubscribe");
    s.broker("unsuback", { messageId: 8 }).toClient("UNSUBACK");
  });

  test("S9 by predefined id and by short name", () => {
    const s = new Script({ predefinedTopics: PREDEFINED });
    s.connect().client("UNSUBSCRIBE", { topicIdType: "predefined", topicId: 7, msgId: 8 });
    s.toBroker("unsubscribe", { unsubscriptions: ["p/seven"] });
    s.client("UNSUBSCRIBE", { topicIdType: "short", topicId: TT, msgId: 9 });
    s.toBroker("unsubscribe", { unsubscriptions: ["tt"] });
  });
});

describe("subscriptions and sessions", () => {
  test("S11 with CleanSession=1 nothing is left of the subscriptions: the broker is not asked for them", () => {
    const s = new Script();
    s.connect(DURABLE).subscribe("a");
    s.disconnect().connect({ cleanSession: true });
    s.disconnect().connect(DURABLE);
  });

  test("S11, W1 with CleanSession=0 they stay, with the kind of id they were made with (A-54)", () => {
    const s = new Script({ predefinedTopics: PREDEFINED });
    s.connect(DURABLE);
    s.client("SUBSCRIBE", { topicIdType: "predefined", topicId: 7, msgId: 1 }).toBroker("subscribe");
    s.broker("suback", { messageId: 1, granted: [0] }).toClient("SUBACK");
    s.client("SUBSCRIBE", { topicIdType: "short", topicId: TT, msgId: 2 }).toBroker("subscribe");
    s.broker("suback", { messageId: 2, granted: [0] }).toClient("SUBACK");
    s.disconnect().connect(DURABLE, true);
    s.deliver("p/seven").toClient("PUBLISH", { topicIdType: "predefined", topicId: 7 });
    s.deliver("tt").toClient("PUBLISH", { topicIdType: "short", topicId: TT });
  });

  test("S11 a broker that has forgotten them is asked for them before CONNACK", () => {
    const s = new Script();
    s.connect(DURABLE).subscribe("a", 1, 1);
    s.subscribe("b/#", 2, 2);
    s.disconnect();
    s.client("CONNECT", DURABLE).opens().accepts(false);
    s.toBroker("subscribe", {
      subscriptions: [
        { topic: "a", qos: 1 },
        { topic: "b/#", qos: 2 },
      ],
    });
    s.nothing()
      .broker("suback", { messageId: 65_535, granted: [1, 2] })
      .toClient("CONNACK", { returnCode: 0 });
  });

  test("S11, S8 what is restored is what was granted", () => {
    const s = new Script();
    s.connect(DURABLE).client("SUBSCRIBE", { topicName: "a", qos: 2, msgId: 4 }).toBroker("subscribe");
    s.broker("suback", { messageId: 4, granted: [1] })
      .toClient("SUBACK")
      .disconnect();
    s.client("CONNECT", DURABLE).opens().accepts(false);
    s.toBroker("subscribe", { subscriptions: [{ topic: "a", qos: 1 }] });
  });

  test("S11 a filter that was unsubscribed is not restored", () => {
    const s = new Script();
    s.connect(DURABLE).subscribe("a", 1, 1);
    s.client("UNSUBSCRIBE", { topicName: "a", msgId: 2 }).toBroker("unsubscribe");
    s.broker("unsuback", { messageId: 2 }).toClient("UNSUBACK").disconnect();
    s.connect(DURABLE, false);
  });

  test("S7 the answer to a SUBSCRIBE of an earlier connection is not given again", () => {
    const s = new Script();
    s.connect(DURABLE).subscribe("a", 1, 4);
    s.disconnect().connect(DURABLE, true);
    s.client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 4 }).toBroker("subscribe");
  });
});

test("A-54 what the broker has forgotten is subscribed to again before CONNACK; what it refuses now is not remembered", () => {
  const s = new Script();
  s.connect({ cleanSession: false });
  s.subscribe("a", 1, 1);
  s.subscribe("b", 0, 2);
  s.client("DISCONNECT").toClient("DISCONNECT").closes(true);
  const reconnect = () => s.gone().client("CONNECT", { cleanSession: false }).opens().accepts(false);
  reconnect();
  s.toBroker("subscribe", {
    subscriptions: [
      { topic: "a", qos: 1 },
      { topic: "b", qos: 0 },
    ],
  });
  s.broker("suback", { messageId: 0xffff, granted: [0x80, 0] }).toClient("CONNACK", { returnCode: 0 });
  s.client("DISCONNECT").toClient("DISCONNECT").closes(true);
  reconnect();
  s.toBroker("subscribe", { subscriptions: [{ topic: "b", qos: 0 }] });
});
