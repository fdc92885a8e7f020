import { describe, expect, test } from "vitest";
import type { PredefinedTopic } from "../../src/gateway/settings.ts";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };

const predefined = (id: number, topic: string): PredefinedTopic => ({ id, topic, clientId: undefined });

describe("a smaller limit takes nothing away, and holds for what comes", () => {
  test("X5 clients.max: who is there stays, and may begin anew; nobody is added", () => {
    const s = new Script();
    s.from("1").connect({ clientId: "a" });
    s.from("2").connect({ clientId: "b" });
    s.reload({ clientsMax: 1 }).from("1").client("PINGREQ").toClient("PINGRESP");
    s.from("2").client("PINGREQ").toClient("PINGRESP");
    s.from("3").client("CONNECT", { clientId: "c" }).toClient("CONNACK", { returnCode: 1 });
    const { link } = s;
    s.from("2").client("CONNECT", { clientId: "b", duration: 61 }).closes(true, link).gone(link);
    s.opens({ clientId: "b" }).accepts().toClient("CONNACK", { returnCode: 0 });
  });

  test("clients.max: stored sessions stay; one more makes room for itself", () => {
    const s = new Script();
    for (const clientId of ["a", "b", "c"]) s.connect({ ...DURABLE, clientId }).disconnect();
    s.reload({ clientsMax: 1 });
    s.connect({ ...DURABLE, clientId: "d" })
      .disconnect()
      .noted("client.forgotten", { clientId: "a", limit: "clients.max" });
    expect(["a", "b", "c", "d"].map((clientId) => s.saved(clientId)?.state)).toEqual([
      undefined,
      ...Array(3).fill("disconnected"),
    ]);
    // Who has come back is one less of them.
    s.connect({ ...DURABLE, clientId: "b" }).disconnect();
    expect(["b", "c", "d"].map((clientId) => s.saved(clientId)?.state)).toEqual(Array(3).fill("disconnected"));
  });

  test("clients.max_topic_bytes: stored sessions stay", () => {
    const s = new Script();
    for (const clientId of ["a", "b"]) {
      s.connect({ ...DURABLE, clientId });
      s.subscribe(`topic of ${clientId}`);
      s.disconnect();
    }
    s.reload({ namesOctetsMax: 65_536 }).reload({ namesOctetsMax: 100 });
    s.connect({ ...DURABLE, clientId: "c" })
      .disconnect()
      .notNoted("client.forgotten");
    expect(s.saved("a")?.subscriptions).toHaveLength(1);
    s.connect({ clientId: "d" }).client("REGISTER", { topicName: "e", msgId: 1 }).toClient("REGACK", { returnCode: 1 });
  });

  test("T6 clients.max_topics, clients.max_subscriptions: what there is stays", () => {
    const s = new Script().connect();
    const [a, b] = [s.subscribe("a", 0, 1), s.subscribe("b", 0, 2)];
    s.reload({ topicsMax: 1, subscriptionsMax: 1 });
    for (const [topicId, topic] of [[a, "a"] as const, [b, "b"] as const]) {
      s.client("PUBLISH", { topicId }).toBroker("publish", { topic });
      s.deliver(topic).toClient("PUBLISH", { topicId });
    }
    s.client("REGISTER", { topicName: "c", msgId: 3 }).toClient("REGACK", { returnCode: 3 });
    s.client("SUBSCRIBE", { topicName: "+", msgId: 4 }).toClient("SUBACK", { returnCode: 1 });
    expect(s.subscribe("b", 1, 5)).toBe(b);
  });

  test("P4 clients.max_in_flight: what is open goes on", () => {
    const s = new Script().connect();
    const topicId = s.register("a");
    for (const msgId of [2, 3]) s.client("PUBLISH", { topicId, qos: 1, msgId }).toBroker("publish");
    s.reload({ inFlightMax: 1 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 4 }).toClient("PUBACK", { returnCode: 1 });
    for (const msgId of [2, 3]) s.broker("puback", { messageId: msgId }).toClient("PUBACK", { msgId, returnCode: 0 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 4 }).toBroker("publish");
  });

  const waiting = (s: Script, qos: 0 | 1) => {
    s.connect();
    const topicId = s.subscribe("a", qos);
    s.sleep();
    for (let messageId = 1; messageId <= 50; messageId += 1) {
      s.deliver("a", { qos, messageId: qos && messageId, payload: String(messageId) });
    }
    return topicId;
  };

  test.each([{ queuedMax: 2 }, { queuedOctetsMax: 100 }])(
    "%o: what waits for a client is delivered, in order",
    (less) => {
      const s = new Script();
      const topicId = waiting(s, 1);
      s.reload(less).client("PINGREQ", { clientId: "dev1" });
      for (let msgId = 1; msgId <= 50; msgId += 1) {
        s.toClient("PUBLISH", { data: String(msgId), msgId }).client("PUBACK", { topicId, msgId });
        s.toBroker("puback", { messageId: msgId });
      }
      s.does("probe").event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
      // Now that it is gone, the limit is what it says.
      for (const messageId of [51, 52]) s.deliver("a", { qos: 1, messageId }).nothing();
      s.deliver("a", { qos: 1, messageId: 53 }).does("pause");
    },
  );

  test("clients.max_queued: one more has the broker keep the rest, as ever, or puts the oldest of QoS 0 in its place", () => {
    const s = new Script();
    waiting(s, 1);
    s.reload({ queuedMax: 2 }).deliver("a", { qos: 1, messageId: 51 }).does("pause");
    const t = new Script();
    waiting(t, 0);
    t.reload({ queuedMax: 2 }).deliver("a", { payload: "51" }).noted("delivery.dropped").after(0);
    t.client("PINGREQ", { clientId: "dev1" });
    for (let number = 2; number <= 51; number += 1) t.toClient("PUBLISH", { data: String(number) });
    t.toClient("PINGRESP");
  });

  test("clients.max_queued: who has so much waiting while the broker owes it an answer keeps its connection", () => {
    const s = new Script().connect();
    s.subscribe("a", 1);
    s.client("SUBSCRIBE", { topicName: "b", qos: 1, msgId: 2 }).toBroker("subscribe");
    for (let messageId = 1; messageId <= 50; messageId += 1) s.deliver("new", { qos: 1, messageId });
    s.reload({ queuedMax: 1 }).deliver("new", { qos: 1, messageId: 51 }).nothing();
    s.broker("suback", { messageId: 2, granted: [1] }).toClient("SUBACK");
    expect(s.arrows()).toEqual(expect.not.arrayContaining(["close"]));
  });
});

describe("a larger limit holds at once", () => {
  test("clients.max, clients.max_topics, clients.max_in_flight", () => {
    const s = new Script({ clientsMax: 1, topicsMax: 1, inFlightMax: 1 });
    s.from("1").connect({ clientId: "a" });
    const topicId = s.register("a");
    s.reload({ clientsMax: 2, topicsMax: 2, inFlightMax: 2 });
    s.register("b", 2);
    for (const msgId of [3, 4]) s.client("PUBLISH", { topicId, qos: 1, msgId }).toBroker("publish");
    s.from("2").connect({ clientId: "b" });
  });

  test("clients.max_buffered_bytes: who waits for room goes on", () => {
    const s = new Script({ bufferedOctetsMax: 1 }).connect();
    s.subscribe("a", 1);
    s.sleep();
    s.deliver("a", { qos: 1, messageId: 1 }).does("pause");
    s.reload({ bufferedOctetsMax: 1_000_000 }).does("resume");
  });

  test("clients.max_connect_rate, clients.max_stranger_answers, clients.max_qos_minus_one_rate", () => {
    const s = new Script({ connectsPerSecond: 1, strangerAnswersPerSecond: 1, qosMinusOnePerSecond: 1 });
    s.brokerReachable()
      .toGroups("ADVERTISE")
      .reload({ predefinedTopics: [predefined(7, "p")] });
    const publish = { qos: -1, topicIdType: "predefined", topicId: 7 };
    s.from("1").client("PINGREQ").toClient("DISCONNECT");
    s.client("PUBLISH", publish).publishes("p").client("CONNECT", { clientId: "1" }).opens();
    s.from("2").client("PINGREQ").nothing();
    s.client("PUBLISH", publish).nothing().client("CONNECT", { clientId: "2" }).toClient("CONNACK", { returnCode: 1 });
    s.reload({ connectsPerSecond: 10, strangerAnswersPerSecond: 10, qosMinusOnePerSecond: 10 }).after(200);
    for (const address of ["3", "4"]) {
      s.from(address).client("PINGREQ").toClient("DISCONNECT");
      s.client("PUBLISH", publish).publishes("p").client("CONNECT", { clientId: address }).opens();
    }
  });
});

describe("who may connect", () => {
  test("clients.deny: who is connected stays until its next CONNECT", () => {
    const s = new Script().connect();
    const topicId = s.subscribe("a");
    s.reload({ clientIdsDenied: ["dev*"] })
      .client("PINGREQ")
      .toClient("PINGRESP");
    s.deliver("a").toClient("PUBLISH", { topicId });
    s.disconnect().client("CONNECT").toClient("CONNACK", { returnCode: 3 });
  });

  test("clients.allow: who was refused is let in", () => {
    const s = new Script({ clientIdsAllowed: ["x"] }).client("CONNECT").toClient("CONNACK", { returnCode: 3 });
    s.reload({ clientIdsAllowed: ["x", "dev1"] }).connect();
  });

  test("E5 forwarders.enabled: a client behind a forwarder stays until its next CONNECT, and nobody is added", () => {
    const s = new Script().behind("f1", Uint8Array.of(1)).connect();
    s.reload({ forwarders: false }).client("PINGREQ").toClient("PINGRESP");
    s.client("CONNECT", { duration: 10 }).noted("datagram.dropped").client("PINGREQ").toClient("PINGRESP");
    s.behind("f1", Uint8Array.of(2)).client("CONNECT", { clientId: "other" }).noted("datagram.dropped");
    s.client("PINGREQ").noted("datagram.dropped");
    s.reload({ forwarders: true }).connect({ clientId: "other" });
  });

  test("clients.qos_minus_one", () => {
    const s = new Script({ predefinedTopics: [predefined(7, "p")] }).brokerReachable().toGroups("ADVERTISE");
    const publish = { qos: -1, topicIdType: "predefined", topicId: 7 };
    s.reload({ qosMinusOne: false }).client("PUBLISH", publish).noted("qos-minus-one.dropped");
    s.reload({ qosMinusOne: true }).client("PUBLISH", publish).publishes("p");
  });
});

describe("what is under way", () => {
  test("C8 a client in the middle of its CONNECT goes on, although it may not begin one any more", () => {
    const s = new Script().client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.reload({ clientIdsDenied: ["*"], clientsMax: 1, setUpsMax: 1, tRetryMs: 1000 });
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "gone" }).opens().accepts().toClient("CONNACK", { returnCode: 0 });
  });

  test("R4 what is due keeps its time, and what follows has the new one", () => {
    const s = new Script().connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH", { topicId }).reload({ tRetryMs: 1000 });
    s.after(9999).nothing().after(1).toClient("PUBLISH", { dup: true });
    s.after(999).nothing().after(1).toClient("PUBLISH", { dup: true });
  });

  test("K4 a keep alive and a sleep that run keep their time", () => {
    const s = new Script({ keepAliveFactor: 2 }).connect({ duration: 60 }).reload({ keepAliveFactor: 1 });
    s.after(119_999).nothing().after(1).closes(false);
  });

  test("D4 the next ADVERTISE keeps its time, and the one after it has the new interval", () => {
    const s = new Script({ advertiseIntervalMs: 100_000 }).brokerReachable().toGroups("ADVERTISE", { duration: 100 });
    s.reload({ advertiseIntervalMs: 10_000, advertiseRadius: 2 }).after(99_999).nothing();
    s.after(1).toGroups("ADVERTISE", { duration: 10 }, { radius: 2 });
    s.after(9_999).nothing().after(1).toGroups("ADVERTISE", { duration: 10 });
  });

  test("Z8 a client that sleeps, with messages that wait, is not disturbed", () => {
    const s = new Script().connect();
    const topicId = s.subscribe("a", 1);
    s.sleep().deliver("a", { qos: 1, messageId: 1 });
    s.reload({ queuedMax: 1, awakeMessagesMax: 1, tRetryMs: 500, nRetry: 0, predefinedTopics: [predefined(7, "p")] });
    s.after(299_000).nothing().client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH", { topicId, msgId: 1 });
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback").toClient("PINGRESP");
  });

  test("P3 a QoS 2 exchange goes on as it began where broker.max_qos is lowered or raised meanwhile", () => {
    const s = new Script().connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 2 }).toBroker("publish", { qos: 2 }).reload({ brokerMaxQos: 1 });
    s.broker("pubrec", { messageId: 2 }).toClient("PUBREC").client("PUBREL", { msgId: 2 }).toBroker("pubrel");
    s.broker("pubcomp", { messageId: 2 }).toClient("PUBCOMP");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 3 }).toBroker("publish", { qos: 1 }).reload({ brokerMaxQos: 2 });
    s.broker("puback", { messageId: 3 }).toClient("PUBREC").client("PUBREL", { msgId: 3 }).toClient("PUBCOMP");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 4 }).toBroker("publish", { qos: 2 });
  });

  test("broker.retain, broker.forbidden_characters hold for what comes", () => {
    const s = new Script().connect();
    const topicId = s.register("a.b");
    s.reload({ brokerRetains: false })
      .client("PUBLISH", { topicId, retain: true })
      .toBroker("publish", { retain: false });
    s.reload({ forbiddenInTopics: "." }).client("PUBLISH", { topicId }).toClient("PUBACK", { returnCode: 3 });
  });
});

test("settings are the gateway's own: what its caller does with them later changes nothing", () => {
  const settings = { predefinedTopics: [predefined(7, "p")], clientIdsDenied: [] as string[] };
  const s = new Script().connect().reload(settings);
  s.reload(settings);
  settings.predefinedTopics.push(predefined(8, "q"));
  s.client("PUBLISH", { topicIdType: "predefined", topicId: 8, qos: 1, msgId: 1 }).toClient("PUBACK", {
    returnCode: 2,
  });
});
