import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

function publisher(limits = {}) {
  const s = new Script();
  s.client("CONNECT", { cleanSession: false }).opens().accepts(false, limits).toClient("CONNACK", { returnCode: 0 });
  return { s, topicId: s.register("a", 1) };
}

describe("6c reason codes of MQTT 5", () => {
  test.each([
    [0x10, 0, "no matching subscribers"],
    [0x87, 3, "not authorized"],
    [0x90, 3, "topic name invalid"],
    [0x97, 1, "quota exceeded"],
  ])("P3 PUBACK with code %i is PUBACK with %i: %s", (reasonCode, returnCode) => {
    const { s, topicId } = publisher();
    s.client("PUBLISH", { topicId, qos: 1, msgId: 7 }).toBroker("publish");
    s.broker("puback", { messageId: 7, reasonCode }).toClient("PUBACK", { topicId, msgId: 7, returnCode });
    if (returnCode !== 0) s.noted("publish.refused", { topic: "a", brokerReasonCode: reasonCode });
    // The exchange is over.
    s.client("PUBLISH", { topicId, qos: 1, msgId: 7 }).toBroker("publish");
  });

  test.each([
    [0x87, 3],
    [0x97, 1],
  ])("PUBREC with code %i is PUBACK with %i, and the end of the exchange", (reasonCode, returnCode) => {
    const { s, topicId } = publisher();
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).toBroker("publish");
    s.broker("pubrec", { messageId: 7, reasonCode }).toClient("PUBACK", { topicId, msgId: 7, returnCode });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7, data: "other" }).toBroker("publish", { messageId: 7 });
  });

  test("PUBREC with a code below 0x80, and PUBCOMP with Packet identifier not found, are as good as without", () => {
    const { s, topicId } = publisher();
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).toBroker("publish");
    s.broker("pubrec", { messageId: 7, reasonCode: 0x10 }).toClient("PUBREC", { msgId: 7 });
    s.client("PUBREL", { msgId: 7 }).toBroker("pubrel");
    s.broker("pubcomp", { messageId: 7, reasonCode: 0x92 }).toClient("PUBCOMP", { msgId: 7 });
  });

  test.each([
    [0x88, 1],
    [0x89, 1],
    [0x97, 1],
    [0x9f, 1],
    [0x86, 3],
    [0x87, 3],
    [0x8a, 3],
  ])("CONNACK with code %i is CONNACK with %i, and the note has the reason", (code, returnCode) => {
    const s = new Script();
    s.client("CONNECT").opens().refuses(code, "because");
    s.toClient("CONNACK", { returnCode }).noted("link.refused", { brokerReturnCode: code, reason: "because" });
    s.noted("client.refused", { reason: expect.stringMatching(/^refused by the broker: because/) });
  });
});

test.each([
  [5, "broker.username, broker.password, clients.credentials"],
  [0x85, "broker.client_id"],
  [0x9a, "broker.retain: strip"],
  [0x9b, "broker.max_qos"],
])("A CONNECT that is refused with %i is noted with what to look at", (code, keys) => {
  const s = new Script();
  s.client("CONNECT").opens().refuses(code).toClient("CONNACK", { returnCode: 3 });
  s.noted("client.refused", { reason: `refused by the broker; see ${keys}` });
});

describe("What an MQTT 5 broker says that it cannot do", () => {
  test("Receive Maximum is kept: one PUBLISH more is told congestion, and QoS 0 and SUBSCRIBE go on", () => {
    const { s, topicId } = publisher({ receiveMax: 2 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toBroker("publish");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 3 }).toBroker("publish");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 4 }).toClient("PUBACK", { msgId: 4, returnCode: 1 });
    s.client("PUBLISH", { topicId }).toBroker("publish");
    s.client("SUBSCRIBE", { topicName: "b", msgId: 5 }).toBroker("subscribe");
    s.broker("pubrec", { messageId: 3 }).toClient("PUBREC");
    s.client("PUBREL", { msgId: 3 }).toBroker("pubrel");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 4 }).toClient("PUBACK", { msgId: 4, returnCode: 1 });
    s.broker("pubcomp", { messageId: 3 }).toClient("PUBCOMP");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 4 }).toBroker("publish");
  });

  test("Maximum QoS is kept, of each connection", () => {
    const { s, topicId } = publisher({ maxQos: 1 });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).toBroker("publish", { qos: 1 });
    s.broker("puback", { messageId: 7 }).toClient("PUBREC");
    s.client("PUBREL", { msgId: 7 }).toClient("PUBCOMP");
  });

  test("Retain Available 0: nothing is to be retained", () => {
    const { s, topicId } = publisher({ retains: false });
    s.client("PUBLISH", { topicId, retain: true }).toBroker("publish", { retain: false });
  });

  test("Retain Available 0, told to the gateway's own connection: nothing of QoS −1 is to be retained", () => {
    const s = new Script({ discovery: false }).brokerReachable(true, { retains: false });
    s.client("PUBLISH", { qos: -1, topicIdType: "short", topicId: 0x6162, retain: true }).publishes("ab", {
      retain: false,
    });
  });

  test("Maximum Packet Size: what is larger is refused", () => {
    const { s, topicId } = publisher({ packetOctetsMax: 100 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2, data: "x".repeat(80) }).toBroker("publish");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 3, data: "x".repeat(100) });
    s.toClient("PUBACK", { msgId: 3, returnCode: 3 }).noted("publish.refused");
    s.client("PUBLISH", { topicId, data: "x".repeat(100) }).toClient("PUBACK", { msgId: 0, returnCode: 3 });
  });

  test("Maximum Packet Size: a PUBLISH that just fits goes", () => {
    const { s, topicId } = publisher({ packetOctetsMax: 100 });
    // Two octets of header, two of the topic's length, the topic, the packet identifier, no properties; the header may be 3 octets longer.
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2, data: "x".repeat(89) }).toBroker("publish");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 3, data: "x".repeat(90) }).toClient("PUBACK", { returnCode: 3 });
  });

  test("Maximum Packet Size: a filter that is larger is refused", () => {
    const { s } = publisher({ packetOctetsMax: 100 });
    s.client("SUBSCRIBE", { topicName: "x".repeat(90), msgId: 2 }).toClient("SUBACK", { msgId: 2, returnCode: 3 });
    s.noted("subscribe.refused", { reason: "larger than the broker takes" });
    s.client("UNSUBSCRIBE", { topicName: "x".repeat(90), msgId: 3 }).toClient("UNSUBACK", { msgId: 3 });
    s.client("SUBSCRIBE", { topicName: "x".repeat(89), msgId: 4 }).toBroker("subscribe");
  });

  test("Maximum Packet Size: what is subscribed to again goes in packets that are small enough", () => {
    const { s } = publisher({ packetOctetsMax: 100 });
    const filters = ["b", "c", "d"].map((name) => name.repeat(40));
    for (const filter of filters) s.subscribe(filter, 1);
    s.event({ type: "link-closed", link: s.link, reason: "reset" });
    s.after(3000).opens().accepts(false, { packetOctetsMax: 100 });
    s.toBroker("subscribe", { subscriptions: filters.slice(0, 2).map((topic) => ({ topic, qos: 1 })) });
    s.toBroker("subscribe", { subscriptions: [{ topic: filters[2], qos: 1 }] });
    s.nothing();
  });

  test("Maximum Packet Size: a subscription that is too large by now is lost, and the client is told", () => {
    const { s } = publisher();
    s.subscribe("x".repeat(90), 1);
    s.event({ type: "link-closed", link: s.link, reason: "reset" });
    s.after(3000).opens().accepts(false, { packetOctetsMax: 50 });
    s.noted("subscribe.refused", { reason: "it is larger than the broker takes" });
    s.toClient("DISCONNECT").closes(true);
  });

  test("what a connection was told holds for it, whatever the gateway's own was told", () => {
    const s = new Script({ discovery: false });
    s.brokerReachable(true, { maxQos: 1 });
    s.client("CONNECT").opens().accepts(false, { maxQos: 2 }).toClient("CONNACK");
    s.client("PUBLISH", { topicIdType: "short", topicId: 0x6162, qos: 2, msgId: 1 }).toBroker("publish", { qos: 2 });
  });

  test("Receive Maximum does not count what a broker without QoS 2 has acknowledged", () => {
    const { s, topicId } = publisher({ receiveMax: 1, maxQos: 1 });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).toBroker("publish", { qos: 1 });
    s.broker("puback", { messageId: 7 }).toClient("PUBREC", { msgId: 7 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 8 }).toBroker("publish", { messageId: 8 });
  });

  const withWill = (s: Script, fields: object) => {
    s.client("CONNECT", { will: true, cleanSession: false }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "gone", ...fields }).toClient("WILLMSGREQ");
    return s.client("WILLMSG", { willMsg: "x" });
  };

  test.each([
    [0x9b, { qos: 2, retain: true }, { qos: 1, retain: true }],
    [0x9b, { qos: 1 }, { qos: 0 }],
    [0x9a, { qos: 2, retain: true }, { qos: 2, retain: false }],
  ] as const)("a will that is refused with 0x%s is another one with the next CONNECT", (code, will, next) => {
    const s = withWill(new Script(), will).opens({ will }).refuses(code).toClient("CONNACK", { returnCode: 1 });
    withWill(s, will).opens({ will: next });
    // That is of no more use where it is not the will.
    s.refuses(code === 0x9a ? code : 0x9c).toClient("CONNACK", { returnCode: 3 });
    // The limit is the broker's.
    s.from("other").client("CONNECT", { clientId: "other", will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "gone", ...will }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "x" }).opens({ will: next });
  });

  test("after a restart a client is not disconnected for a will that the broker has to be told otherwise", () => {
    const s = withWill(new Script({ discovery: false }).brokerReachable(true, { maxQos: 1 }), { qos: 2 });
    s.opens({ will: { qos: 1 } })
      .accepts(false, { maxQos: 1 })
      .toClient("CONNACK");
    s.restart()
      .after(0)
      .opens({ will: { qos: 2 } })
      .refuses(0x9b)
      .nothing();
    s.after(3000)
      .opens({ will: { qos: 1 } })
      .accepts(true, { maxQos: 1 });
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("what the gateway's own connection was told holds for a will before there is another", () => {
    const s = new Script({ discovery: false });
    s.brokerReachable(true, { maxQos: 1, retains: false });
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "gone", qos: 2, retain: true }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "x" }).opens({ will: { topic: "gone", qos: 1, retain: false } });
  });
});

test("what another client's connection was told holds too, where the gateway's own is not let in", () => {
  const s = new Script();
  s.from("c2").client("CONNECT", { clientId: "dev2" }).opens().accepts(false, { maxQos: 1 }).toClient("CONNACK");
  s.from("c1").client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
  s.client("WILLTOPIC", { willTopic: "gone", qos: 2 }).toClient("WILLMSGREQ");
  s.client("WILLMSG", { willMsg: "x" }).opens({ will: { topic: "gone", qos: 1 } });
});

describe("Session taken over", () => {
  const gone = (s: Script) =>
    s.event({ type: "link-closed", link: s.link, reason: "session taken over (0x8E)", takenOver: true });

  test("A-34 the client is elsewhere: nothing is sent to it, nothing is connected again, and what it says here is a stranger's", () => {
    const { s } = publisher();
    gone(s).noted("client.taken-over").after(100_000);
    s.client("PINGREQ").toClient("DISCONNECT");
  });

  test("A-34 of a sleeping client too", () => {
    const { s } = publisher();
    s.sleep();
    gone(s).noted("client.taken-over").after(100_000);
  });

  test("in the middle of a CONNECT it is congestion", () => {
    const s = new Script();
    gone(s.client("CONNECT").opens()).toClient("CONNACK", { returnCode: 1 });
  });
});

describe("link-expires", () => {
  test("the connection is made anew while it is good, when what was asked over it is answered", () => {
    const { s, topicId } = publisher();
    s.subscribe("b", 1, 2);
    s.client("PUBLISH", { topicId, qos: 1, msgId: 7 }).toBroker("publish");
    const { link } = s;
    s.event({ type: "link-expires", link });
    s.client("PINGREQ").toClient("PINGRESP");
    s.broker("puback", { messageId: 7 }).toClient("PUBACK").closes(true, link);
    s.client("PUBLISH", { topicId, qos: 1, msgId: 8 });
    s.gone(link).opens({ cleanSession: false }).accepts(true).toBroker("publish", { messageId: 8 });
  });

  test("of a sleeping client as well, and it is not told", () => {
    const { s } = publisher();
    const { link } = s;
    s.sleep().event({ type: "link-expires", link }).closes(true, link);
    s.gone(link).opens().accepts(true).after(1000);
  });

  test("Z12 a client that becomes active in the middle of it is not put to sleep by what it asked asleep", () => {
    const { s, topicId } = publisher();
    s.subscribe("b", 1, 2);
    const { link } = s;
    s.sleep().event({ type: "link-expires", link }).closes(true, link).client("PINGREQ", { clientId: "dev1" });
    s.client("CONNECT", { cleanSession: false }).toClient("CONNACK", { returnCode: 0 }).noted("client.resumed");
    // Two attempts fail.
    s.gone(link).opens().gone().after(2000).opens().gone().noted("link.retried").after(4000).opens().accepts(true);
    s.client("PUBLISH", { topicId, qos: 1, msgId: 8 }).toBroker("publish");
    s.deliver("b").toClient("PUBLISH");
  });

  test("not while a sleeping client has something open, for its PINGREQ would wait for that; it is said again", () => {
    const { s, topicId } = publisher();
    const { link } = s;
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).toBroker("publish").sleep();
    s.event({ type: "link-expires", link }).notNoted("link.expires");
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PINGRESP").broker("pubrec", { messageId: 7 });
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBREC").toClient("PINGRESP");
    s.client("PUBREL", { msgId: 7 }).toBroker("pubrel").broker("pubcomp", { messageId: 7 }).toClient("PUBCOMP");
    s.event({ type: "link-expires", link }).closes(true, link).noted("link.expires");
  });

  test("said again while the connection is being made anew it changes nothing", () => {
    const { s } = publisher();
    const { link } = s;
    s.event({ type: "link-expires", link }).closes(true, link);
    s.event({ type: "link-expires", link }).gone(link).opens();
    s.event({ type: "link-expires", link: s.link }).accepts(true);
  });

  test("does not undo the will that the client is giving itself", () => {
    const { s, topicId } = publisher();
    s.client("PUBLISH", { topicId, qos: 1, msgId: 7 }).toBroker("publish");
    const { link } = s;
    s.client("WILLTOPICUPD", { willTopic: "w" }).event({ type: "link-expires", link }).nothing();
    s.broker("puback", { messageId: 7 }).toClient("PUBACK").closes(true, link);
    s.gone(link)
      .opens({ will: { topic: "w" } })
      .accepts(true);
    s.toClient("WILLTOPICRESP", { returnCode: 0 });
  });

  test("comes to nothing while the client's requests stay open, and nothing later is taken for it", () => {
    const { s, topicId } = publisher();
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).toBroker("publish");
    const { link } = s;
    s.event({ type: "link-expires", link }).after(30_000).nothing();
    s.broker("pubrec", { messageId: 7 }).toClient("PUBREC").client("PUBREL", { msgId: 7 }).toBroker("pubrel");
    s.broker("pubcomp", { messageId: 7 }).toClient("PUBCOMP");
    s.client("WILLTOPICUPD", { willTopic: "w" }).closes(true, link);
    s.gone(link).opens().accepts(true).toClient("WILLTOPICRESP", { returnCode: 0 }).notNoted("link.renewed");
  });

  test("is over when the connection is there: the next one that is made anew is so for another reason", () => {
    const s = publisher().s;
    const { link } = s;
    s.event({ type: "link-expires", link }).closes(true, link);
    s.gone(link).opens().accepts(true).noted("link.renewed");
    s.client("WILLTOPICUPD", { willTopic: "w" }).closes(true).gone().opens().accepts(true);
    s.toClient("WILLTOPICRESP", { returnCode: 0 }).notNoted("link.renewed");
  });

  test("keeps the will, and does not let the old one fire", () => {
    const s = new Script();
    s.connectWithWill({}, { willTopic: "gone", willMsg: "x" });
    const { link } = s;
    s.event({ type: "link-expires", link }).closes(true, link);
    s.gone(link)
      .opens({ will: { topic: "gone", payload: "x" } })
      .accepts();
  });
});
