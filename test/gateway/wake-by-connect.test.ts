import { describe, expect, test } from "vitest";
import type { Settings } from "../../src/gateway/settings.ts";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const WILL = { willTopic: "w", willMsg: "gone" };

/** A client that has gone to sleep with a will and a subscription, and a message that waits for it. */
function sleeper(settings: Partial<Settings> = {}, connect = {}): { s: Script; topicId: number } {
  const s = new Script(settings);
  s.connectWithWill(connect, WILL);
  const topicId = s.subscribe("a", 1);
  s.sleep(300).deliver("a", { qos: 1, messageId: 1 }).nothing();
  return { s, topicId };
}

describe("A-46 a sleeping client wakes up by CONNECT with Will=1", () => {
  test("Z12 it is active at once, with what was buffered, and with the will of before", () => {
    const { s, topicId } = sleeper();
    s.client("CONNECT", { will: true, duration: 10 }).toClient("CONNACK").toClient("PUBLISH", { topicId });
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback");
    s.after(15_000).closes(false);
  });

  test("A-46 one that insists on being asked for its will is asked, and keeps its session all the same", () => {
    const { s, topicId } = sleeper();
    s.client("CONNECT", { will: true }).toClient("CONNACK").toClient("PUBLISH", { topicId });
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback");
    s.after(10_000).client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.deliver("a", { qos: 1, messageId: 2 }).nothing();
    s.client("WILLMSG", { willMsg: "gone" }).toClient("CONNACK").toClient("PUBLISH", { topicId, msgId: 2 });
    s.client("PUBACK", { topicId, msgId: 2 }).toBroker("puback");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 9 }).toBroker("publish", { topic: "a" });
  });

  test("C13 but when it has asked for something since, it has begun anew", () => {
    const { s, topicId } = sleeper();
    s.client("CONNECT", { will: true }).toClient("CONNACK").toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback");
    s.client("PINGREQ").toClient("PINGRESP");
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "gone" }).closes(true).gone().opens({ cleanSession: true }).accepts();
    s.toClient("CONNACK").client("PUBLISH", { topicId, qos: 1, msgId: 9 }).toClient("PUBACK", { returnCode: 2 });
  });

  test("C12, C13 with Will=0 the same CONNECT after an answer of the client is one of a device that has begun anew", () => {
    const { s, topicId } = sleeper();
    s.client("CONNECT").toClient("CONNACK").toClient("PUBLISH", { topicId });
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback");
    s.client("CONNECT").closes(true).gone().opens({ cleanSession: true, will: undefined }).accepts();
    s.toClient("CONNACK");
  });
});

describe("clients.wake_by_connect: prompt", () => {
  const PROMPT = { wakeByConnect: "prompt" } as const;

  test("A-46 with the same will nothing but the prompts lies between sleep and the session as it was", () => {
    const { s, topicId } = sleeper(PROMPT);
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "gone" }).toClient("CONNACK").toClient("PUBLISH", { topicId, msgId: 1 });
    s.noted("client.resumed");
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback");
  });

  test.each([[{}], [DURABLE]])(
    "W6, A-46 another will takes effect, and nothing of the session is lost: %j",
    (connect) => {
      const { s, topicId } = sleeper(PROMPT, connect);
      const isDurable = connect === DURABLE;
      s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
      s.client("WILLTOPIC", { willTopic: "w2", qos: 1 }).toClient("WILLMSGREQ");
      s.client("WILLMSG", { willMsg: "new" }).closes(true).gone();
      s.opens({ cleanSession: !isDurable, will: { topic: "w2", payload: "new", qos: 1, retain: false } });
      s.accepts(isDurable);
      if (!isDurable) s.toBroker("subscribe").broker("suback", { messageId: 65_535, granted: [1] });
      s.toClient("CONNACK");
      // The broker sends again what it knows of; what it has forgotten is delivered all the same.
      if (isDurable) s.nothing().deliver("a", { qos: 1, messageId: 1, dup: true });
      s.toClient("PUBLISH", { topicId, msgId: 1 });
      s.client("PUBACK", { topicId, msgId: 1 });
      if (isDurable) s.toBroker("puback");
      s.client("PUBLISH", { topicId, qos: 1, msgId: 9 }).toBroker("publish", { topic: "a" });
    },
  );

  test("W2 an empty WILLTOPIC deletes the will", () => {
    const { s } = sleeper(PROMPT);
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { empty: true }).closes(true).gone().opens({ will: undefined });
    s.accepts().toBroker("subscribe");
    s.broker("suback", { messageId: 65_535, granted: [1] });
    expect(s.arrows()).toEqual(["CONNACK 0", "PUBLISH"]);
  });

  test("Z12 with Will=0 it is active at once", () => {
    const { s, topicId } = sleeper(PROMPT);
    s.client("CONNECT").toClient("CONNACK").toClient("PUBLISH", { topicId });
  });

  test("R6 one that does not answer the prompts is lost, and its will fires", () => {
    const { s } = sleeper({ ...PROMPT, nRetry: 1 });
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.after(10_000).toClient("WILLTOPICREQ").after(10_000).closes(false).noted("client.lost");
  });

  test("an awake client is prompted too, and its message in flight comes again", () => {
    const { s, topicId } = sleeper(PROMPT);
    s.client("PINGREQ").toClient("PUBLISH", { topicId });
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "gone" }).toClient("CONNACK").toClient("PUBLISH", { topicId, dup: true });
  });
});

describe("clients.wake_by_connect: new", () => {
  test("A-46 the strict reading: the flags are obeyed as those of any CONNECT", () => {
    const { s, topicId } = sleeper({ wakeByConnect: "new" });
    s.client("CONNECT").closes(true).gone().opens({ cleanSession: true, will: undefined }).accepts();
    s.toClient("CONNACK");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 9 }).toClient("PUBACK", { returnCode: 2 });
  });

  test("C13, Z3 an answer that waited for the client is one to nothing any more", () => {
    const s = new Script({ wakeByConnect: "new" }).connect();
    s.client("SUBSCRIBE", { topicName: "a", msgId: 5 }).toBroker("subscribe");
    s.sleep()
      .broker("suback", { messageId: 5, granted: [0] })
      .nothing();
    s.client("CONNECT").closes(true).gone().opens().accepts().toClient("CONNACK");
    s.sleep().client("PINGREQ").toClient("PINGRESP");
  });
});

describe("Z12, A-34 a client whose broker connection broke while it slept wakes up by CONNECT", () => {
  test("with CleanSession=1: its subscriptions are made again, its topic ids and its will are kept", () => {
    const { s, topicId } = sleeper();
    s.gone().nothing();
    s.client("CONNECT", { cleanSession: true }).opens({ cleanSession: true, will: { topic: "w", payload: "gone" } });
    s.accepts().toBroker("subscribe", { subscriptions: [{ topic: "a", qos: 1 }] });
    s.broker("suback", { messageId: 65_535, granted: [1] }).toClient("CONNACK", { returnCode: 0 });
    // What the gateway held for it does not go with the session.
    s.toClient("PUBLISH", { topicId, msgId: 1 }).client("PUBACK", { topicId, msgId: 1 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 9 }).toBroker("publish", { topic: "a" });
  });

  test("with a durable session that the broker has kept: nothing but the connection is new", () => {
    const { s, topicId } = sleeper({}, DURABLE);
    s.gone().nothing();
    s.client("CONNECT", { cleanSession: true }).opens({ cleanSession: false }).accepts(true).toClient("CONNACK");
    s.deliver("a", { qos: 1, messageId: 1, dup: true }).toClient("PUBLISH", { topicId, msgId: 1 });
  });

  test("with Will=1: at once, and one that insists is prompted", () => {
    const { s } = sleeper();
    s.gone().client("CONNECT", { will: true }).opens().accepts().toBroker("subscribe");
    s.broker("suback", { messageId: 65_535, granted: [1] })
      .toClient("CONNACK")
      .toClient("PUBLISH");
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "gone" }).toClient("CONNACK").toClient("PUBLISH", { dup: true });
  });

  test("and the broker cannot be reached: CONNACK congestion, and a place that is free again", () => {
    const { s } = sleeper({ clientsMax: 1 });
    s.gone().client("CONNECT").opens().gone().toClient("CONNACK", { returnCode: 1 });
    s.from("c2").connect({ clientId: "dev2" });
  });
});
