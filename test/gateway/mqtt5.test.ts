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
  ])("P3 PUBACK with 0x%s is PUBACK with %i: %s", (reasonCode, returnCode) => {
    const { s, topicId } = publisher();
    s.client("PUBLISH", { topicId, qos: 1, msgId: 7 }).toBroker("publish");
    s.broker("puback", { messageId: 7, reasonCode }).toClient("PUBACK", { topicId, msgId: 7, returnCode });
    if (returnCode !== 0) s.noted("publish.refused", { brokerReasonCode: reasonCode });
    // The exchange is over.
    s.client("PUBLISH", { topicId, qos: 1, msgId: 7 }).toBroker("publish");
  });

  test.each([
    [0x87, 3],
    [0x97, 1],
  ])("PUBREC with 0x%s is PUBACK with %i, and the end of the exchange", (reasonCode, returnCode) => {
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
  ])("CONNACK with 0x%s is CONNACK with %i, and the note has the reason", (code, returnCode) => {
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

  test("Maximum Packet Size: what is larger is refused", () => {
    const { s, topicId } = publisher({ packetOctetsMax: 100 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2, data: "x".repeat(80) }).toBroker("publish");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 3, data: "x".repeat(100) });
    s.toClient("PUBACK", { msgId: 3, returnCode: 3 }).noted("publish.refused");
    s.client("PUBLISH", { topicId, data: "x".repeat(100) }).toClient("PUBACK", { msgId: 0, returnCode: 3 });
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

  test("said again while the connection is being made anew it changes nothing", () => {
    const { s } = publisher();
    const { link } = s;
    s.event({ type: "link-expires", link }).closes(true, link);
    s.event({ type: "link-expires", link }).gone(link).opens();
    s.event({ type: "link-expires", link: s.link }).accepts(true);
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
