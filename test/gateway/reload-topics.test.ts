import { describe, expect, test } from "vitest";
import type { PredefinedTopic } from "../../src/gateway/settings.ts";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };

const predefined = (id: number, topic: string): PredefinedTopic => ({ id, topic, clientId: undefined });

/** PUBLISH with a predefined id, and the return code of its PUBACK. */
const publishes7 = (s: Script, msgId: number) =>
  s.client("PUBLISH", { topicIdType: "predefined", topicId: 7, qos: 1, msgId });

describe("topics.predefined", () => {
  test("P6 a predefined id can be used that was not known before", () => {
    const s = new Script().connect();
    publishes7(s, 1).toClient("PUBACK", { returnCode: 2 });
    s.reload({ predefinedTopics: [predefined(7, "p")] });
    publishes7(s, 2).toBroker("publish", { topic: "p" });
  });

  test("P6 one that is gone is refused", () => {
    const s = new Script({ predefinedTopics: [predefined(7, "p")] }).connect().reload({ predefinedTopics: [] });
    publishes7(s, 1).toClient("PUBACK", { returnCode: 2 });
  });

  test("P6 one that is gone is refused, also to a message with the MsgId of another one that is open", () => {
    const s = new Script({ predefinedTopics: [predefined(7, "p")] }).connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 1 }).toBroker("publish", { topic: "a" });
    publishes7(s.reload({ predefinedTopics: [] }), 1).toClient("PUBACK", { topicId: 7, returnCode: 2 });
    s.broker("puback", { messageId: 1 }).toClient("PUBACK", { topicId, returnCode: 0 });
  });

  test("P6 one that means another name by now means that one, and that of one client goes before it", () => {
    const s = new Script({ predefinedTopics: [predefined(7, "p")] }).connect();
    s.reload({ predefinedTopics: [predefined(7, "q")] });
    publishes7(s, 1).toBroker("publish", { topic: "q" });
    s.reload({ predefinedTopics: [predefined(7, "q"), { id: 7, topic: "mine", clientId: "dev1" }] });
    publishes7(s, 2).toBroker("publish", { topic: "mine" });
  });

  test("P6 one with the client's id in it is not known to a client whose id would be several levels", () => {
    const own = { predefinedTopics: [predefined(7, `at/\${clientId}`)] };
    for (const [clientId, topic] of [
      ["dev1", "at/dev1"],
      ["+/dev2", undefined],
    ] as const) {
      const s = new Script().connect({ clientId }).reload(own);
      publishes7(s, 1);
      if (topic !== undefined) s.toBroker("publish", { topic });
      else s.toClient("PUBACK", { returnCode: 2 });
    }
  });

  test("C5 when the client's id is part of none any more it may be several levels", () => {
    const s = new Script({ predefinedTopics: [predefined(7, `at/\${clientId}`)] });
    s.client("CONNECT", { clientId: "a/b" }).toClient("CONNACK", { returnCode: 3 });
    s.reload({ predefinedTopics: [predefined(7, "at")] }).connect({ clientId: "a/b" });
  });

  test("N6 QoS −1 follows", () => {
    const s = new Script().brokerReachable().toGroups("ADVERTISE");
    s.reload({ predefinedTopics: [predefined(7, "p")] });
    s.client("PUBLISH", { qos: -1, topicIdType: "predefined", topicId: 7 }).publishes("p");
  });

  const subscribed = () => {
    const s = new Script({ predefinedTopics: [predefined(7, "p")] }).connect(DURABLE);
    s.client("SUBSCRIBE", { topicIdType: "predefined", topicId: 7, qos: 1, msgId: 1 }).toBroker("subscribe");
    return s;
  };
  const granted = (s: Script) => s.broker("suback", { messageId: 1, granted: [1] }).toClient("SUBACK", { topicId: 7 });
  const comesByNormalId = (s: Script) => {
    const topicId = s.deliver("p").toClientId("REGISTER", { topicName: "p" });
    s.client("REGACK", { topicId, msgId: 0xffff }).toClient("PUBLISH", { topicIdType: "normal", topicId });
  };

  test.each<[string, PredefinedTopic[]]>([
    ["is gone", []],
    ["means another name", [predefined(7, "q")]],
  ])("G7 a subscription stays where its predefined id %s: messages come with a normal id", (_, topics) => {
    const s = granted(subscribed()).reload({ predefinedTopics: topics });
    comesByNormalId(s);
  });

  test("G7 also where it was being made", () => {
    comesByNormalId(granted(subscribed().reload({ predefinedTopics: [] })));
  });

  test("G7 and with the predefined id again when that means the name again", () => {
    const s = granted(subscribed()).reload({ predefinedTopics: [] });
    s.reload({ predefinedTopics: [predefined(7, "p")] });
    s.deliver("p").toClient("PUBLISH", { topicIdType: "predefined", topicId: 7 });
  });

  test("R5 a message that is on its way is repeated as it was sent", () => {
    const s = granted(subscribed());
    s.deliver("p", { qos: 1, messageId: 9 }).toClient("PUBLISH", { topicIdType: "predefined", topicId: 7 });
    s.reload({ predefinedTopics: [] }).after(10_000);
    s.toClient("PUBLISH", { topicIdType: "predefined", topicId: 7, dup: true });
    s.client("PUBACK", { topicId: 7, msgId: 9 }).toBroker("puback", { messageId: 9 });
  });

  test("R7 a PUBLISH whose answer was lost is not refused when it comes again, although its id is gone", () => {
    const s = new Script({ predefinedTopics: [predefined(7, "p")] }).connect();
    const publish = { topicIdType: "predefined", topicId: 7, qos: 2, msgId: 3 };
    s.client("PUBLISH", publish).toBroker("publish", { messageId: 3 });
    s.broker("pubrec", { messageId: 3 }).toClient("PUBREC", { msgId: 3 }).reload({ predefinedTopics: [] });
    s.client("PUBLISH", { ...publish, dup: true }).toClient("PUBREC", { msgId: 3 });
    s.client("PUBREL", { msgId: 3 }).toBroker("pubrel").broker("pubcomp", { messageId: 3 }).toClient("PUBCOMP");
  });
});

describe("I3 a normal id that was handed out, and is predefined from now on", () => {
  const takes = (s: Script, ...ids: number[]) => s.reload({ predefinedTopics: ids.map((id) => predefined(id, "q")) });

  test("is not known any more; the name gets another one, and what is kept says so", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    takes(s, topicId).saves("dev1").client("PUBLISH", { topicId, qos: 1, msgId: 2 });
    s.toClient("PUBACK", { topicId, returnCode: 2 });
    const other = s.register("a", 3);
    expect(other).not.toBe(topicId);
    s.client("PUBLISH", { topicId: other }).toBroker("publish", { topic: "a" });
    expect(s.saved()!.topics).toEqual([{ id: other, name: "a", announced: true }]);
  });

  test("the other ids of the client stay", () => {
    const s = new Script().connect();
    const [a, b] = [s.register("a", 1), s.register("b", 2)];
    takes(s, a).client("PUBLISH", { topicId: b }).toBroker("publish", { topic: "b" });
  });

  test("T11 of a client that is not there as well", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    takes(s.disconnect(), topicId).saves("dev1").connect(DURABLE);
    s.client("PUBLISH", { topicId }).toClient("PUBACK", { returnCode: 2 });
  });

  test("G2 a client that is being told of it is told of another one", () => {
    const s = new Script().connect();
    s.subscribe("a/#");
    const first = s.deliver("a/b", { qos: 1, messageId: 4 }).toClientId("REGISTER", { topicName: "a/b" });
    const second = takes(s, first).toClientId("REGISTER", { topicName: "a/b" });
    expect(second).not.toBe(first);
    s.client("REGACK", { topicId: first, msgId: 0xffff });
    s.client("REGACK", { topicId: second, msgId: 0xffff }).toClient("PUBLISH", { topicId: second, msgId: 4 });
    s.client("PUBACK", { topicId: second, msgId: 4 }).toBroker("puback", { messageId: 4 });
  });

  test("a client that sleeps is told of another one when it wakes up", () => {
    const s = new Script().connect();
    s.subscribe("a/#");
    const first = s.deliver("a/b", { qos: 1, messageId: 4 }).toClientId("REGISTER", { topicName: "a/b" });
    takes(s.sleep(), first).nothing();
    const second = s.client("PINGREQ", { clientId: "dev1" }).toClientId("REGISTER", { topicName: "a/b" });
    expect(second).not.toBe(first);
  });

  test("R5 a message that is on its way under it is repeated as it was sent, and acknowledged", () => {
    const s = new Script().connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 4 }).toClient("PUBLISH", { topicId });
    takes(s, topicId).after(10_000).toClient("PUBLISH", { topicId, dup: true });
    s.client("PUBACK", { topicId, msgId: 4 }).toBroker("puback", { messageId: 4 });
    s.deliver("a").toClient("REGISTER", { topicName: "a" });
  });

  test("G4 and not lost where the client does not know it: it comes under another one", () => {
    const s = new Script().connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 4 }).toClient("PUBLISH", { topicId });
    const other = takes(s, topicId)
      .client("PUBACK", { topicId, msgId: 4, returnCode: 2 })
      .toClientId("REGISTER", { topicName: "a" });
    s.client("REGACK", { topicId: other, msgId: 0xffff }).toClient("PUBLISH", { topicId: other, msgId: 4 });
    s.client("PUBACK", { topicId: other, msgId: 4 }).toBroker("puback", { messageId: 4 });
  });

  test("S8 a SUBSCRIBE that comes again is not answered with it", () => {
    const s = new Script().connect();
    const topicId = s.subscribe("a");
    takes(s, topicId).client("SUBSCRIBE", { topicName: "a", msgId: 1, dup: true }).toBroker("subscribe");
    s.broker("suback", { messageId: 1, granted: [0] });
    s.toClient("SUBACK", { topicId: s.saved()?.topics[0]?.id ?? topicId + 1 });
  });
});
