import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };

describe("§6.5 topic registration by the client", () => {
  test("T1 REGISTER gets an id, with which the client publishes to that name", () => {
    const s = new Script();
    s.connect().client("REGISTER", { topicName: "a/b/c", msgId: 7 });
    s.toClient("REGACK", { msgId: 7, returnCode: 0 });
    const topicId = s.register("a/b/c", 8);
    s.client("PUBLISH", { topicId, data: "21.5" }).toBroker("publish", { topic: "a/b/c", payload: "21.5" });
  });

  test("T1 two names have two ids", () => {
    const s = new Script();
    s.connect();
    const one = s.register("a", 1);
    const other = s.register("b", 2);
    expect(other).not.toBe(one);
    s.client("PUBLISH", { topicId: one }).toBroker("publish", { topic: "a" });
    s.client("PUBLISH", { topicId: other }).toBroker("publish", { topic: "b" });
  });

  test("T2, T6 a refused name is no reason to refuse others, or the next REGISTER of it", () => {
    const s = new Script({ topicsMax: 1 });
    s.connect().register("a");
    for (const msgId of [2, 3]) {
      s.client("REGISTER", { topicName: "b", msgId }).toClient("REGACK", { topicId: 0, msgId, returnCode: 3 });
      s.noted("register.refused");
    }
    s.register("a", 4);
  });

  test("T3 a client that does not wait for REGACK is answered each time", () => {
    const s = new Script();
    s.connect();
    const ids = Array.from({ length: 5 }, (_, index) => s.register(`topic/${index}`, index + 1));
    expect(new Set(ids).size).toBe(5);
  });

  test("T4 a known name keeps its id, whatever the MsgId", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a", 1);
    s.client("REGISTER", { topicName: "a", msgId: 1 }).toClient("REGACK", { topicId, msgId: 1, returnCode: 0 });
    s.client("REGISTER", { topicName: "a", msgId: 9 }).toClient("REGACK", { topicId, msgId: 9, returnCode: 0 });
  });

  test("T4, S2 a subscribed name has the id of its SUBACK", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.client("REGISTER", { topicName: "a", msgId: 2 }).toClient("REGACK", { topicId, returnCode: 0 });
  });

  test.each(["", "a/+", "a/#", "+", "#", "sport+", "a\0b"])("T5, I4 %j is no topic name", (topicName) => {
    const s = new Script();
    s.connect();
    s.client("REGISTER", { topicName, msgId: 5 }).toClient("REGACK", { topicId: 0, msgId: 5, returnCode: 3 });
  });

  test("T5 neither are octets that are not UTF-8", () => {
    const s = new Script();
    s.connect();
    const refusal = { topicId: 0, msgId: 5, returnCode: 3 };
    s.datagram(Uint8Array.of(8, 0x0a, 0, 0, 0, 5, 0xc3, 0x28)).toClient("REGACK", refusal);
  });

  test("T7, I4 the TopicId that a client puts into REGISTER does not matter", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a", 1);
    s.client("REGISTER", { topicId, topicName: "b", msgId: 2 });
    s.toClient("REGACK", { returnCode: 0 });
    s.client("REGISTER", { topicId: 0xffff, topicName: "a", msgId: 3 }).toClient("REGACK", { topicId, msgId: 3 });
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "a" });
  });

  test("T8 a registered name is not subscribed to, and the broker hears nothing of it", () => {
    const s = new Script();
    s.connect();
    s.client("REGISTER", { topicName: "a", msgId: 1 }).toClient("REGACK").nothing();
  });

  test("field 1: the 51st REGISTER is like the first", () => {
    const s = new Script();
    s.connect();
    for (let msgId = 1; msgId <= 200; msgId += 1) s.register(`topic/${msgId}`, msgId);
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test.each([true, false])("I2 the id of one client means nothing to another, with CleanSession=%s", (cleanSession) => {
    const s = new Script();
    s.from("c2").connect({ clientId: "dev2", cleanSession });
    s.from("c1").connect({ cleanSession });
    const topicId = s.register("secret");
    s.from("c2")
      .client("PUBLISH", { topicId, qos: 1, msgId: 1 })
      .toClient("PUBACK", { topicId, msgId: 1, returnCode: 2 });
  });

  test("I3 a predefined id, of whichever client, is never handed out as a normal one", () => {
    const predefined = [1, 2, 4].map((id) => ({ id, topic: `p/${id}`, clientId: id === 4 ? "dev9" : undefined }));
    const s = new Script({ predefinedTopics: predefined });
    s.connect();
    const ids = Array.from({ length: 3 }, (_, index) => s.register(`topic/${index}`, index + 1));
    expect(ids).toEqual([3, 5, 6]);
  });
});

describe("lifetime of normal topic ids", () => {
  test("T9, Z21, A-14 they live through sleep and through the return from it", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.sleep();
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "a" });
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PINGRESP");
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "a" });
    s.client("CONNECT").toClient("CONNACK");
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "a" });
  });

  test("T10 CONNECT with CleanSession=1 empties the table", () => {
    const s = new Script();
    s.connect(DURABLE);
    const topicId = s.register("a");
    s.disconnect().connect({ cleanSession: true });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toClient("PUBACK", { topicId, returnCode: 2 });
  });

  test("T11 after CONNECT with CleanSession=0 an old id is accepted from the client", () => {
    const s = new Script();
    s.connect(DURABLE);
    const topicId = s.register("a");
    s.disconnect().connect(DURABLE, true);
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "a" });
  });

  test("T11, G2 after CONNECT with CleanSession=0 an old id is registered before it is used towards the client", () => {
    const s = new Script();
    s.connect(DURABLE);
    const topicId = s.subscribe("a");
    s.disconnect().connect(DURABLE, true);
    s.deliver("a").toClient("REGISTER", { topicId, topicName: "a" }).nothing();
    s.client("REGACK", { topicId, msgId: 0xffff }).toClient("PUBLISH", { topicId });
    s.deliver("a").toClient("PUBLISH", { topicId });
  });

  test("T11 an id that the client got in this connection by REGACK or SUBACK is not registered again", () => {
    const s = new Script();
    s.connect(DURABLE);
    s.subscribe("a", 0, 1);
    s.subscribe("b", 0, 2);
    s.disconnect().connect(DURABLE, true);
    const a = s.register("a", 1);
    const b = s.subscribe("b", 0, 2);
    s.deliver("a").toClient("PUBLISH", { topicId: a });
    s.deliver("b").toClient("PUBLISH", { topicId: b });
  });

  test("T12 numbering goes on from connection to connection, so that a stale id is unknown", () => {
    const s = new Script();
    const handedOut = new Set<number>();
    for (let connection = 0; connection < 5; connection += 1) {
      s.connect();
      handedOut.add(s.register(`only/in/${connection}`));
      s.disconnect();
    }
    expect(handedOut.size).toBe(5);
  });

  test("T12, A-55 numbering begins elsewhere with another seed", () => {
    const first = new Script({}, 1).connect().register("a");
    const second = new Script({}, 40_000).connect().register("a");
    expect(second).not.toBe(first);
  });

  test("T13 UNSUBSCRIBE does not take the id away", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a");
    s.client("UNSUBSCRIBE", { topicName: "a", msgId: 2 }).toBroker("unsubscribe", { messageId: 2 });
    s.broker("unsuback", { messageId: 2 }).toClient("UNSUBACK", { msgId: 2 });
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "a" });
  });
});

test("T5 a name for which a broker may close the connection is refused", () => {
  const s = new Script();
  s.connect();
  for (const topicName of ["a\u0001b", "a\u007fb", "a\u0085b", "a\ufdd0b", "a\u{1ffff}b"]) {
    s.client("REGISTER", { topicName, msgId: 1 }).toClient("REGACK", { topicId: 0, returnCode: 3 });
  }
});
