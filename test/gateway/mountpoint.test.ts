import { describe, expect, test } from "vitest";
import { Mountpoint } from "../../src/gateway/mountpoint.ts";
import { Script } from "./script.ts";

const MOUNTED = { mountpoint: "site/" };
const OF_CLIENT = `devices/\${clientId}/`;

describe("topics.mountpoint", () => {
  test("stands before what is published, and in no REGISTER", () => {
    const s = new Script(MOUNTED);
    s.connect();
    const topicId = s.register("temp");
    s.client("PUBLISH", { topicId, data: "20" }).toBroker("publish", { topic: "site/temp", payload: "20" });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toBroker("publish", { topic: "site/temp", messageId: 2 });
    s.broker("puback", { messageId: 2 }).toClient("PUBACK", { topicId, msgId: 2, returnCode: 0 });
    s.client("PUBLISH", { topicIdType: "short", topicId: 0x6162 }).toBroker("publish", { topic: "site/ab" });
  });

  test("stands before filters, and is off what they bring", () => {
    const s = new Script(MOUNTED);
    s.connect();
    s.client("SUBSCRIBE", { topicName: "a/+", qos: 1, msgId: 1 });
    s.toBroker("subscribe", { subscriptions: [{ topic: "site/a/+", qos: 1 }] });
    s.broker("suback", { messageId: 1, granted: [1] }).toClient("SUBACK");
    const topicId = s.deliver("site/a/x", { qos: 1, messageId: 9 }).toClientId("REGISTER", { topicName: "a/x" });
    s.client("REGACK", { topicId, msgId: 0xffff }).toClient("PUBLISH", { topicId, msgId: 9 });
    s.client("PUBACK", { topicId, msgId: 9 }).toBroker("puback", { messageId: 9 });
    s.client("UNSUBSCRIBE", { topicName: "a/+", msgId: 2 }).toBroker("unsubscribe", { unsubscriptions: ["site/a/+"] });
    s.broker("unsuback", { messageId: 2 }).toClient("UNSUBACK");
  });

  test("stands behind the name of the group of a shared subscription", () => {
    const s = new Script(MOUNTED);
    s.connect();
    s.client("SUBSCRIBE", { topicName: "$share/g/a/#", msgId: 1 });
    s.toBroker("subscribe", { subscriptions: [{ topic: "$share/g/site/a/#", qos: 0 }] });
  });

  test("stands before the will", () => {
    const s = new Script({ mountpoint: OF_CLIENT });
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "gone", qos: 1 }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "x" }).opens({ will: { topic: "devices/dev1/gone", payload: "x", qos: 1 } });
  });

  test("stands before what is subscribed to again", () => {
    const s = new Script(MOUNTED);
    s.connect({ cleanSession: false }).subscribe("a", 1);
    const { link } = s;
    s.event({ type: "link-closed", link, reason: "reset" }).after(3000).opens().accepts(false);
    s.toBroker("subscribe", { subscriptions: [{ topic: "site/a", qos: 1 }] });
    s.broker("suback", { messageId: 0xffff, granted: [1] });
  });

  test("another one after a restart: it is subscribed again to what a client has subscribed to, below that", () => {
    const s = new Script(MOUNTED);
    s.connect({ cleanSession: false }).subscribe("a", 1);
    s.restart({ mountpoint: "elsewhere/" }).after(0).opens().accepts(true);
    s.toBroker("subscribe", { subscriptions: [{ topic: "elsewhere/a", qos: 1 }] });
    s.broker("suback", { messageId: 0xffff, granted: [1] })
      .deliver("site/a")
      .noted("delivery.dropped");
    s.deliver("elsewhere/a").toClient("PUBLISH");
    s.register("b", 2);
    // The same one again: the broker has it all.
    s.restart().after(0).opens().accepts(true).nothing();
  });

  test.each([
    [0, []],
    [1, ["puback"]],
    [2, ["pubrec"]],
  ] as const)(
    "what the broker sends from elsewhere at QoS %i is given up, and the broker may forget it",
    (qos, answers) => {
      const s = new Script(MOUNTED);
      s.connect({ cleanSession: false }, true);
      s.deliver("site", { qos, messageId: qos && 5 });
      s.noted("delivery.dropped", { topic: "site", qos });
      for (const answer of answers) s.toBroker(answer, { messageId: 5 });
      if (qos === 2) s.broker("pubrel", { messageId: 5 }).toBroker("pubcomp", { messageId: 5 });
    },
  );

  test("stands before what is published with QoS −1", () => {
    const s = new Script({ ...MOUNTED, discovery: false });
    s.brokerReachable();
    s.client("PUBLISH", { qos: -1, topicIdType: "short", topicId: 0x6162 }).publishes("site/ab");
  });

  test("of each client is nobody's: QoS −1 needs a client that is connected", () => {
    const s = new Script({ mountpoint: OF_CLIENT, discovery: false });
    s.brokerReachable();
    s.client("PUBLISH", { qos: -1, topicIdType: "short", topicId: 0x6162 }).noted("qos-minus-one.dropped");
    s.connect().client("PUBLISH", { qos: -1, topicIdType: "short", topicId: 0x6162 }).publishes("devices/dev1/ab");
  });

  test.each(["a/b", "+", "#", "$SYS", "$share"])(
    "of each client has no room for a client id with a level or a wildcard in it, or with a $ at its beginning: %s",
    (clientId) => {
      const s = new Script({ mountpoint: OF_CLIENT });
      s.client("CONNECT", { clientId }).toClient("CONNACK", { returnCode: 3 }).noted("client.refused");
      const other = new Script({ predefinedTopics: [{ id: 1, topic: OF_CLIENT, clientId: undefined }] });
      other.client("CONNECT", { clientId }).toClient("CONNACK", { returnCode: 3 });
      new Script(MOUNTED).connect({ clientId });
    },
  );

  test("a name that only begins like the mountpoint is not below it", () => {
    const mountpoint = new Mountpoint("a/", "dev1");
    expect(["a/b", "a/", "a", "ab", "b/a/"].map((topic) => mountpoint.name(topic))).toEqual([
      "b",
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe(`\${clientId} in predefined topics`, () => {
  const predefinedTopics = [{ id: 7, topic: `devices/\${clientId}/up`, clientId: undefined }];

  test("is each client's own", () => {
    const s = new Script({ predefinedTopics });
    s.connect({ clientId: "pump" });
    s.client("PUBLISH", { topicIdType: "predefined", topicId: 7 }).toBroker("publish", { topic: "devices/pump/up" });
    s.client("SUBSCRIBE", { topicIdType: "predefined", topicId: 7, msgId: 1 });
    s.toBroker("subscribe", { subscriptions: [{ topic: "devices/pump/up", qos: 0 }] });
  });

  test("is nobody's with QoS −1 from somebody unknown", () => {
    const s = new Script({ predefinedTopics, discovery: false });
    s.brokerReachable().client("PUBLISH", { qos: -1, topicIdType: "predefined", topicId: 7 });
    s.noted("qos-minus-one.dropped");
  });
});
