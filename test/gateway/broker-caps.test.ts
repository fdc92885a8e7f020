import { describe, test } from "vitest";
import { Script } from "./script.ts";

/** A connected client that knows a topic id. */
function publisher(settings: ConstructorParameters<typeof Script>[0], connect = {}) {
  const s = new Script(settings);
  s.connect(connect);
  return { s, topicId: s.register("a", 1) };
}

describe("broker.max_qos", () => {
  test("at 1 a QoS 2 message is carried with QoS 1, and acknowledged when the broker has it", () => {
    const { s, topicId } = publisher({ brokerMaxQos: 1 });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).toBroker("publish", { topic: "a", qos: 1, messageId: 7 });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7, dup: true }).noted("publish.repeated");
    s.broker("puback", { messageId: 7 }).toClient("PUBREC", { msgId: 7 });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7, dup: true }).toClient("PUBREC", { msgId: 7 });
    s.client("PUBREL", { msgId: 7 }).toClient("PUBCOMP", { msgId: 7 });
    s.client("PUBREL", { msgId: 7 }).toClient("PUBCOMP", { msgId: 7 });
    // A copy that was under way for long.
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7, dup: true }).noted("publish.repeated", { completed: true });
  });

  test("at 1 QoS 0 and QoS 1 are as they were", () => {
    const { s, topicId } = publisher({ brokerMaxQos: 1 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 7 }).toBroker("publish", { qos: 1, messageId: 7 });
    s.client("PUBLISH", { topicId }).toBroker("publish", { qos: 0 });
  });

  test("at 1 a PUBREL is answered by a gateway that has lost its memory", () => {
    const s = new Script({ brokerMaxQos: 1 });
    s.connect({ cleanSession: false }, true).client("PUBREL", { msgId: 7 }).toClient("PUBCOMP", { msgId: 7 });
  });

  test("at 1 a connection made anew does not double what the broker has acknowledged, and tells nobody", () => {
    const { s, topicId } = publisher({ brokerMaxQos: 1 }, { cleanSession: false });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).toBroker("publish", { qos: 1 });
    s.broker("puback", { messageId: 7 }).toClient("PUBREC", { msgId: 7 });
    const { link } = s;
    s.event({ type: "link-closed", link, reason: "reset" });
    s.after(3000).opens().accepts(false);
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7, dup: true }).toClient("PUBREC", { msgId: 7 });
    s.client("PUBREL", { msgId: 7 }).toClient("PUBCOMP", { msgId: 7 });
  });

  test("at 1 a restart does not take a carried message for one of QoS 2", () => {
    const { s, topicId } = publisher({ brokerMaxQos: 1 }, { cleanSession: false });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 0, data: "1" }).toBroker("publish", { qos: 1, messageId: 0xffff });
    s.register("b", 3);
    s.restart().after(0).opens().accepts(false);
    s.client("PUBLISH", { topicId, qos: 2, msgId: 0, data: "1", dup: true }).toBroker("publish", {
      qos: 1,
      messageId: 0xffff,
    });
  });

  test("at 1 since a restart a message that the broker was given with QoS 2 before is released there", () => {
    const { s, topicId } = publisher({}, { cleanSession: false });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).toBroker("publish", { qos: 2, messageId: 7 });
    s.broker("pubrec", { messageId: 7 }).toClient("PUBREC", { msgId: 7 });
    s.register("b", 3);
    s.restart({ brokerMaxQos: 1 }).after(0).opens().accepts(true);
    s.client("PUBREL", { msgId: 7 }).toBroker("pubrel", { messageId: 7 });
    s.broker("pubcomp", { messageId: 7 }).toClient("PUBCOMP", { msgId: 7 });
  });

  test("at 0 what nobody would acknowledge is refused", () => {
    const { s, topicId } = publisher({ brokerMaxQos: 0 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 7 }).toClient("PUBACK", { msgId: 7, returnCode: 3 });
    s.noted("publish.refused", { limit: "broker.max_qos" });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 8 }).toClient("PUBACK", { msgId: 8, returnCode: 3 });
    s.client("PUBLISH", { topicId }).toBroker("publish", { qos: 0 });
  });

  test("S2 is what is asked of the broker, and SUBACK says what was granted", () => {
    const s = new Script({ brokerMaxQos: 1 });
    s.connect().client("SUBSCRIBE", { topicName: "a", qos: 2, msgId: 1 });
    s.toBroker("subscribe", { subscriptions: [{ topic: "a", qos: 1 }] });
    s.broker("suback", { messageId: 1, granted: [1] }).toClient("SUBACK", { qos: 1, returnCode: 0 });
  });

  test("is the QoS of wills", () => {
    const s = new Script({ brokerMaxQos: 1 });
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "gone", qos: 2 }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "x" }).opens({ will: { topic: "gone", qos: 1 } });
  });
});

describe("A broker that answers a QoS 2 PUBLISH with PUBACK", () => {
  test("has the message: PUBREC, and PUBCOMP without it", () => {
    const { s, topicId } = publisher({});
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).toBroker("publish", { qos: 2 });
    s.broker("puback", { messageId: 7 }).toClient("PUBREC", { msgId: 7 });
    s.client("PUBREL", { msgId: 7 }).toClient("PUBCOMP", { msgId: 7 });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 8 }).toBroker("publish", { qos: 2, messageId: 8 });
  });

  test("need not have it twice when the gateway is restarted in between", () => {
    const { s, topicId } = publisher({}, { cleanSession: false });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).toBroker("publish", { qos: 2 });
    s.broker("puback", { messageId: 7 }).toClient("PUBREC", { msgId: 7 });
    s.register("b", 3);
    s.restart().after(0).opens().accepts(true);
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7, dup: true }).noted("publish.repeated", { completed: true });
  });
});

describe("broker.retain", () => {
  test("strip takes the flag off what is published, off wills, and off QoS −1", () => {
    const s = new Script({ brokerRetains: false, discovery: false });
    s.brokerReachable();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "gone", retain: true }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "x" }).opens({ will: { topic: "gone", retain: false } });
    s.accepts().toClient("CONNACK");
    const short = { topicIdType: "short", topicId: 0x6162, retain: true };
    s.client("PUBLISH", { ...short, qos: 1, msgId: 1 }).toBroker("publish", { retain: false });
    s.client("PUBLISH", { ...short, qos: -1 }).publishes("ab", { retain: false });
  });

  test("keep leaves it", () => {
    const { s, topicId } = publisher({});
    s.client("PUBLISH", { topicId, retain: true }).toBroker("publish", { retain: true });
  });
});

describe("broker.forbidden_characters", () => {
  const settings = { forbiddenInTopics: " .", discovery: false };

  test("T6 a name with one is not registered", () => {
    const s = new Script(settings);
    s.connect().client("REGISTER", { topicName: "a.b", msgId: 1 }).toClient("REGACK", { msgId: 1, returnCode: 3 });
    s.noted("register.refused");
    s.register("a-b", 2);
  });

  test("S5 nor subscribed to, nor the topic of a will", () => {
    const s = new Script(settings);
    s.connect().client("SUBSCRIBE", { topicName: "a b/#", msgId: 1 }).toClient("SUBACK", { msgId: 1, returnCode: 3 });
    s.client("CONNECT", { will: true, clientId: "dev2" }).closes(false).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "a.b" }).toClient("CONNACK", { returnCode: 3 });
  });

  test("P7 nor published to by a short or predefined topic, at QoS −1 either", () => {
    const s = new Script({ ...settings, predefinedTopics: [{ id: 1, topic: "a.b", clientId: undefined }] });
    s.brokerReachable().connect();
    const predefined = { topicIdType: "predefined", topicId: 1 };
    s.client("PUBLISH", { ...predefined, qos: 1, msgId: 1 }).toClient("PUBACK", { msgId: 1, returnCode: 3 });
    s.client("PUBLISH", { topicIdType: "short", topicId: 0x612e }).toClient("PUBACK", { returnCode: 3 });
    s.client("PUBLISH", { ...predefined, qos: -1 }).noted("qos-minus-one.dropped");
  });
});

describe("A broker that says that it has no session, and sends again what it had sent", () => {
  test("does not make it two messages", () => {
    const s = new Script();
    s.connect({ cleanSession: false });
    const topicId = s.subscribe("a", 2);
    s.deliver("a", { qos: 2, messageId: 9 }).toClient("PUBLISH", { qos: 2, msgId: 9 });
    const { link } = s;
    s.event({ type: "link-closed", link, reason: "reset" }).after(3000).opens().accepts(false);
    s.toBroker("subscribe").deliver("a", { qos: 2, messageId: 9, dup: true });
    s.broker("suback", { messageId: 0xffff, granted: [2] });
    s.client("PUBREC", { msgId: 9 }).toBroker("pubrec", { messageId: 9 });
    s.broker("pubrel", { messageId: 9 }).toClient("PUBREL", { msgId: 9 });
    s.client("PUBCOMP", { msgId: 9 }).toBroker("pubcomp", { messageId: 9 });
    // Another message under that number, in a session that is indeed new, is another one.
    s.deliver("a", { qos: 2, messageId: 9, payload: "other" }).toClient("PUBLISH", {
      topicId,
      msgId: 9,
      data: "other",
    });
  });
});

describe("A broker that says so, and sends again a message that its client has acknowledged meanwhile", () => {
  const acknowledged = () => {
    const s = new Script();
    s.connect({ cleanSession: false }).subscribe("a", 2);
    s.deliver("a", { qos: 2, messageId: 9 }).toClient("PUBLISH", { qos: 2, msgId: 9 });
    s.client("PUBREC", { msgId: 9 }).toBroker("pubrec", { messageId: 9 });
    s.event({ type: "link-closed", link: s.link, reason: "reset" }).after(3000).opens().accepts(false);
    return s.toBroker("subscribe");
  };

  test("is answered by the gateway alone, and its client gets it once", () => {
    const s = acknowledged();
    s.deliver("a", { qos: 2, messageId: 9, dup: true }).toBroker("pubrec", { messageId: 9 });
    s.broker("suback", { messageId: 0xffff, granted: [2] }).toClient("PUBREL", { msgId: 9 });
    s.broker("pubrel", { messageId: 9 }).toBroker("pubcomp", { messageId: 9 });
    s.client("PUBCOMP", { msgId: 9 }).deliver("a", { payload: "next" }).toClient("PUBLISH", { data: "next" });
  });

  test("also where the client has been told of the end of it", () => {
    const s = acknowledged();
    s.broker("suback", { messageId: 0xffff, granted: [2] }).toClient("PUBREL", { msgId: 9 });
    s.deliver("a", { qos: 2, messageId: 9, dup: true }).toBroker("pubrec", { messageId: 9 });
    s.client("PUBCOMP", { msgId: 9 }).broker("pubrel", { messageId: 9 }).toBroker("pubcomp", { messageId: 9 });
  });
});

test("What is subscribed to again goes in packets of eight filters, and the client waits for all of them", () => {
  const s = new Script();
  s.connect({ cleanSession: false });
  for (let index = 1; index <= 10; index += 1) s.subscribe(`t${index}`, 1, index);
  s.disconnect();
  s.client("CONNECT", { cleanSession: false }).opens().accepts(false);
  const filters = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => ({ topic: `t${from + index}`, qos: 1 }));
  s.toBroker("subscribe", { messageId: 0xffff, subscriptions: filters(1, 8) });
  s.toBroker("subscribe", { messageId: 0xfffe, subscriptions: filters(9, 10) });
  s.broker("suback", { messageId: 0xfffe, granted: [1, 1] });
  s.broker("suback", { messageId: 0xffff, granted: new Array(8).fill(1) }).toClient("CONNACK", { returnCode: 0 });
});

describe("The note of a connection that the broker closed", () => {
  const closed = { type: "link-closed", reason: "closed", byBroker: true } as const;

  test("says what it had been sent, and what to set if it was for that", () => {
    const { s, topicId } = publisher({});
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7, retain: true }).toBroker("publish");
    s.event({ ...closed, link: s.link }).noted("link.closed", {
      lastSent: "PUBLISH with QoS 2, retained, to a",
      remedy: "if the broker closed it for that: broker.max_qos: 1, broker.retain: strip",
    });
  });

  test("at QoS 0 too, of a topic with more than letters in it", () => {
    const { s } = publisher({});
    s.client("PUBLISH", { topicIdType: "short", topicId: 0x612e }).toBroker("publish");
    const remedy = "if the broker closed it for that: broker.forbidden_characters";
    s.event({ ...closed, link: s.link }).noted("link.closed", { lastSent: "PUBLISH with QoS 0, to a.", remedy });
  });

  test("has no remedy for what every broker takes", () => {
    const { s } = publisher({});
    s.subscribe("b", 1, 2);
    s.event({ ...closed, link: s.link }).noted("link.closed", { lastSent: "SUBSCRIBE b", remedy: undefined });
  });
});
