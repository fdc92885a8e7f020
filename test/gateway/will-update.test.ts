import { describe, test } from "vitest";
import { octets, Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const WILL = { willTopic: "w/dev1", willMsg: "gone" };

/** A client with a will at a broker that keeps its session. */
const durable = () => new Script().connectWithWill(DURABLE, WILL);

describe("§6.4 an update of the will takes effect", () => {
  test("W6, W8, W10 the broker has the new topic before the client is told so, and the old will does not fire", () => {
    const s = durable();
    s.client("WILLTOPICUPD", { willTopic: "w/new", qos: 2, retain: true }).closes(true);
    s.gone().opens({ clientId: "dev1", cleanSession: false });
    s.accepts(true).toClient("WILLTOPICRESP", { returnCode: 0 });
    s.noted("will.updated", { topic: "w/new" });
  });

  test("W6 topic and message change independently of each other", () => {
    const s = durable();
    s.client("WILLTOPICUPD", { willTopic: "w/new", qos: 2, retain: true }).closes(true);
    s.gone().opens({ will: { topic: "w/new", payload: "gone", qos: 2, retain: true } });
    s.accepts(true).toClient("WILLTOPICRESP", { returnCode: 0 });
    s.client("WILLMSGUPD", { willMsg: "bye" }).closes(true);
    s.gone().opens({ will: { topic: "w/new", payload: "bye", qos: 2, retain: true } });
    s.accepts(true).toClient("WILLMSGRESP", { returnCode: 0 });
  });

  test("W6 QoS and Retain alone are a change", () => {
    const s = durable();
    s.client("WILLTOPICUPD", { willTopic: "w/dev1", qos: 1 }).closes(true);
    s.gone()
      .opens({ will: { qos: 1, retain: false } })
      .accepts(true)
      .toClient("WILLTOPICRESP", { returnCode: 0 });
    s.client("WILLTOPICUPD", { willTopic: "w/dev1", qos: 1, retain: true }).closes(true);
    s.gone()
      .opens({ will: { qos: 1, retain: true } })
      .accepts(true)
      .toClient("WILLTOPICRESP", { returnCode: 0 });
  });

  test("W7 the empty WILLTOPICUPD deletes topic and message", () => {
    const s = durable();
    s.client("WILLTOPICUPD", { empty: true }).closes(true);
    s.gone().opens({ will: undefined }).accepts(true).toClient("WILLTOPICRESP", { returnCode: 0 });
    s.noted("will.updated", { topic: undefined });
    s.client("WILLMSGUPD", { willMsg: "bye" }).toClient("WILLMSGRESP", { returnCode: 3 });
  });

  test("W9 a WILLTOPICUPD where there is no message has an empty one", () => {
    const s = new Script().connect();
    s.client("WILLTOPICUPD", { willTopic: "w" }).closes(true);
    s.gone()
      .opens({ cleanSession: true, will: { topic: "w", payload: "" } })
      .accepts();
    s.toClient("WILLTOPICRESP", { returnCode: 0 });
    s.client("WILLMSGUPD", { willMsg: "bye" }).closes(true);
    s.gone().opens({ will: { topic: "w", payload: "bye" } });
    s.accepts().toClient("WILLMSGRESP", { returnCode: 0 });
  });

  test("W10, G2 a REGACK that comes meanwhile is heard: the client is not asked to register the name again", () => {
    const s = durable();
    s.subscribe("w/#", 1);
    const topicId = s.deliver("w/1", { qos: 1, messageId: 3 }).toClientId("REGISTER", { topicName: "w/1" });
    s.client("WILLMSGUPD", { willMsg: "bye" }).closes(true);
    s.client("REGACK", { topicId, msgId: 0xffff, returnCode: 0 });
    s.gone().opens().accepts(true).toClient("WILLMSGRESP", { returnCode: 0 });
    s.deliver("w/1", { qos: 1, messageId: 3, dup: true }).toClient("PUBLISH", { topicId, msgId: 3 });
  });

  test("W3 the updated will comes back with the next CONNECT", () => {
    const s = durable();
    s.client("WILLMSGUPD", { willMsg: "bye" }).closes(true).gone().opens().accepts(true).toClient("WILLMSGRESP");
    s.disconnect();
    s.client("CONNECT", DURABLE).opens({ will: { topic: "w/dev1", payload: "bye" } });
    s.accepts(true).toClient("CONNACK");
  });

  test("W3, W7 a deleted will does not come back with the next CONNECT", () => {
    const s = durable();
    s.client("WILLTOPICUPD", { empty: true }).closes(true).gone().opens().accepts(true).toClient("WILLTOPICRESP");
    s.disconnect();
    s.client("CONNECT", DURABLE).opens({ will: undefined });
    s.accepts(true).toClient("CONNACK");
  });

  test("W6 the new will message is kept, not the datagram it came in", () => {
    const s = durable();
    const datagram = octets("WILLMSGUPD", { willMsg: "bye" });
    s.datagram(datagram).closes(true);
    datagram.fill(0x21);
    s.gone().opens({ will: { payload: "bye" } });
  });

  test("W6 a will message may become empty", () => {
    const s = durable();
    s.datagram(Uint8Array.of(2, 0x1c)).closes(true);
    s.gone()
      .opens({ will: { topic: "w/dev1", payload: "" } })
      .accepts(true);
    s.toClient("WILLMSGRESP", { returnCode: 0 });
  });

  test("K3 after the update it is the new connection that ends without DISCONNECT", () => {
    const s = durable();
    s.client("WILLMSGUPD", { willMsg: "bye" }).closes(true).gone().opens().accepts(true).toClient("WILLMSGRESP");
    s.after(90_000).closes(false).noted("client.lost");
  });

  test("C12 a CONNECT after an update is one of a client that has started anew", () => {
    const s = new Script().connect();
    s.client("WILLTOPICUPD", { empty: true }).toClient("WILLTOPICRESP", { returnCode: 0 });
    s.client("CONNECT").closes(true);
  });
});

describe("what is no update of the will", () => {
  test("W9 a WILLMSGUPD without a will topic is refused, and nothing is stored", () => {
    const s = new Script().connect(DURABLE);
    s.client("WILLMSGUPD", { willMsg: "bye" }).toClient("WILLMSGRESP", { returnCode: 3 });
    s.noted("will.refused", { returnCode: 3 });
    s.client("WILLTOPICUPD", { willTopic: "w" }).closes(true);
    s.gone().opens({ will: { topic: "w", payload: "" } });
  });

  test.each(["a/#", "+", "a\0b"])("W4 %j is no will topic: refused, and the will stays", (willTopic) => {
    const s = durable();
    s.client("WILLTOPICUPD", { willTopic }).toClient("WILLTOPICRESP", { returnCode: 3 }).noted("will.refused");
    s.disconnect();
    s.client("CONNECT", DURABLE).opens({ will: { topic: "w/dev1", payload: "gone" } });
  });

  test("W4, N7 a will of QoS −1 is refused", () => {
    durable().client("WILLTOPICUPD", { willTopic: "w", qos: -1 }).toClient("WILLTOPICRESP", { returnCode: 3 });
  });

  test("W5 a WILLTOPICUPD of flags without a topic is neither form: refused", () => {
    durable()
      .datagram(Uint8Array.of(3, 0x1a, 0x00))
      .toClient("WILLTOPICRESP", { returnCode: 3 });
  });

  test("R7 the same value again is accepted at once", () => {
    const s = durable();
    s.client("WILLTOPICUPD", { willTopic: "w/dev1" }).toClient("WILLTOPICRESP", { returnCode: 0 });
    s.client("WILLMSGUPD", { willMsg: "gone" }).toClient("WILLMSGRESP", { returnCode: 0 });
    s.notNoted("will.updated");
  });

  test("R7, W7 to delete a will that there is not is accepted at once", () => {
    new Script().connect().client("WILLTOPICUPD", { empty: true }).toClient("WILLTOPICRESP", { returnCode: 0 });
  });
});

describe("one update after the other", () => {
  test("R7 the repetition of an update that is under way is no second one", () => {
    const s = durable();
    s.client("WILLMSGUPD", { willMsg: "bye" }).closes(true);
    s.client("WILLMSGUPD", { willMsg: "bye" }).nothing();
    s.gone().opens();
    s.client("WILLMSGUPD", { willMsg: "bye" }).nothing();
    s.accepts(true).toClient("WILLMSGRESP", { returnCode: 0 });
  });

  test("W6 another update that comes meanwhile is made after it", () => {
    const s = durable();
    s.client("WILLTOPICUPD", { willTopic: "w/new" }).closes(true);
    s.client("WILLMSGUPD", { willMsg: "bye" }).nothing();
    s.gone().opens({ will: { topic: "w/new", payload: "gone" } });
    s.accepts(true).toClient("WILLTOPICRESP", { returnCode: 0 }).closes(true);
    s.gone().opens({ will: { topic: "w/new", payload: "bye" } });
    s.accepts(true).toClient("WILLMSGRESP", { returnCode: 0 });
  });

  test("W6 back to the value under way after another one is an update of its own", () => {
    const s = durable();
    s.client("WILLMSGUPD", { willMsg: "one" }).closes(true);
    s.client("WILLMSGUPD", { willMsg: "two" }).client("WILLMSGUPD", { willMsg: "one" });
    s.gone().opens().accepts(true).toClient("WILLMSGRESP").closes(true);
    s.gone().opens({ will: { payload: "two" } });
    s.accepts(true).toClient("WILLMSGRESP").closes(true);
    s.gone().opens({ will: { payload: "one" } });
    s.accepts(true).toClient("WILLMSGRESP", { returnCode: 0 });
  });
});

describe("a connection that cannot be made anew", () => {
  const updating = () => durable().client("WILLMSGUPD", { willMsg: "bye" }).closes(true).gone().opens();

  /** Nothing has changed for the client but its connection. */
  const againWithOld = (s: Script) => {
    s.after(2000).opens({ will: { topic: "w/dev1", payload: "gone" } });
    s.accepts(true).nothing().noted("link.restored");
    s.client("PINGREQ").toClient("PINGRESP");
  };

  const stored = (s: Script) => s.client("CONNECT", DURABLE).opens({ will: { topic: "w/dev1", payload: "gone" } });

  test("W10 the broker refuses it with 3: the answer is 1, and the connection is made with the old will", () => {
    const s = updating().refuses(3).toClient("WILLMSGRESP", { returnCode: 1 });
    s.noted("link.refused", { brokerReturnCode: 3 }).noted("will.refused", { returnCode: 1 });
    againWithOld(s);
  });

  test.each([
    [2, 3],
    [5, 3],
  ])(
    "W10 the broker refuses it with %i: the answer is %i, then DISCONNECT; the old will stays",
    (brokerCode, returnCode) => {
      const s = updating().refuses(brokerCode);
      s.toClient("WILLMSGRESP", { returnCode }).toClient("DISCONNECT");
      s.noted("link.refused", { brokerReturnCode: brokerCode }).noted("will.refused", { returnCode });
      s.client("PINGREQ").toClient("DISCONNECT");
      stored(s);
    },
  );

  test("W10 it breaks before the broker has accepted: the answer is 0x01, and it is made with the old will", () => {
    againWithOld(updating().gone().toClient("WILLMSGRESP", { returnCode: 1 }));
  });

  test("W10 the broker does not answer: the answer is 0x01, and the connection is made with the old will", () => {
    againWithOld(updating().after(10_000).toClient("WILLMSGRESP", { returnCode: 1 }).closes(true).gone());
  });

  test("W10 the end of the old connection does not come: the answer is 0x01, and a new one waits for it", () => {
    const s = durable().client("WILLMSGUPD", { willMsg: "bye" }).closes(true);
    s.after(10_000).toClient("WILLMSGRESP", { returnCode: 1 });
    s.after(2000).nothing();
    s.gone().opens({ will: { topic: "w/dev1", payload: "gone" } });
  });

  test("W10 the old connection breaks while requests are open: the answer is 0x01, and it is made with the old will", () => {
    const s = durable();
    s.client("SUBSCRIBE", { topicName: "a", msgId: 7 }).toBroker("subscribe");
    s.client("WILLMSGUPD", { willMsg: "bye" }).nothing();
    againWithOld(s.gone().toClient("WILLMSGRESP", { returnCode: 1 }));
  });

  test("W10 requests stay open for too long: the answer is 0x01, and the connection stays", () => {
    const s = durable();
    const topicId = s.register("a");
    s.client("SUBSCRIBE", { topicName: "b", msgId: 7 }).toBroker("subscribe");
    s.client("WILLMSGUPD", { willMsg: "bye" }).nothing();
    s.client("PUBLISH", { topicId, qos: 1, msgId: 8 }).nothing();
    s.after(9_999).nothing();
    s.after(1).toClient("WILLMSGRESP", { returnCode: 1 }).toBroker("publish", { messageId: 8 });
    s.broker("suback", { messageId: 7, granted: [0] }).toClient("SUBACK");
    s.broker("puback", { messageId: 8 }).toClient("PUBACK");
    s.disconnect();
    stored(s);
  });

  test("W10 after it has failed the client connects as usual", () => {
    const s = updating().refuses(5).toClient("WILLMSGRESP").toClient("DISCONNECT");
    stored(s).accepts(true).toClient("CONNACK", { returnCode: 0 });
    s.client("WILLMSGUPD", { willMsg: "bye" })
      .closes(true)
      .gone()
      .opens({ will: { payload: "bye" } });
    s.accepts(true).toClient("WILLMSGRESP", { returnCode: 0 });
  });
});

describe("the client goes meanwhile", () => {
  /** The steps of an update, and whether there is a connection to end. */
  const STEPS: [step: string, begin: (s: Script) => Script, hasLink: boolean][] = [
    ["the old connection ends", (s) => s, false],
    ["the new connection is made", (s) => s.gone().opens(), true],
    ["what it subscribed to is restored", (s) => s.gone().opens().accepts().toBroker("subscribe"), true],
  ];
  const updating = (begin: (s: Script) => Script) => {
    const s = durable();
    s.subscribe("a", 1);
    return begin(s.client("WILLMSGUPD", { willMsg: "bye" }).closes(true));
  };

  /** The broker accepts. It has a session, in which there may be nothing where it has not confirmed what was restored. */
  const restored = (s: Script, step: string) => {
    s.accepts(true);
    if (step !== "what it subscribed to is restored") return s;
    return s.toBroker("subscribe").broker("suback", { messageId: 65_535, granted: [1] });
  };

  test.each(STEPS)("X1 DISCONNECT while %s ends the client without its will", (_, begin, hasLink) => {
    const s = updating(begin).client("DISCONNECT").toClient("DISCONNECT").noted("client.disconnected");
    if (hasLink) s.closes(true);
    s.gone().nothing();
    s.client("PINGREQ").toClient("DISCONNECT");
    s.client("CONNECT", DURABLE).opens({ will: { payload: "gone" } });
  });

  /** One whose client has been silent for too long, in the middle of the update. */
  const silent = (step: number) => {
    const s = new Script({ connectTimeoutMs: 1_000_000 }).connectWithWill(DURABLE, WILL);
    s.subscribe("a", 1);
    return STEPS[step]![1](s.client("WILLMSGUPD", { willMsg: "bye" }).closes(true)).after(90_000);
  };

  test("K3 silence while the old connection ends loses the client when the new one has its will, which fires", () => {
    const s = silent(0)
      .nothing()
      .gone()
      .opens({ will: { payload: "bye" } })
      .nothing()
      .accepts(true);
    s.toClient("WILLMSGRESP").after(0).closes(false).noted("client.lost");
  });

  test("K3 silence while the new connection is made loses the client when it is there", () => {
    silent(1).nothing().accepts(true).toClient("WILLMSGRESP").after(0).closes(false).noted("client.lost");
  });

  test("K3 where it cannot be made, the client is lost all the same", () => {
    silent(1).gone().toClient("WILLMSGRESP", { returnCode: 1 }).after(0).nothing().noted("client.lost");
  });

  test("K3 silence while what it subscribed to is restored loses the client, and the new will fires", () => {
    silent(2).closes(false).noted("client.lost").gone().nothing();
  });

  test.each(STEPS)("C13 CONNECT while %s begins anew", (step, begin, hasLink) => {
    const s = updating(begin).client("CONNECT", { ...DURABLE, duration: 61 });
    if (hasLink) s.closes(true);
    s.gone().opens({ will: { payload: "gone" } });
    restored(s, step).toClient("CONNACK", { returnCode: 0 });
    s.after(20_000).nothing();
    s.deliver("a").toClient("REGISTER");
  });

  test.each(STEPS)("C13 CONNECT with Will=1 while %s asks for the will and begins anew", (step, begin, hasLink) => {
    const s = updating(begin).client("CONNECT", { ...DURABLE, will: true });
    // The will of the connection that was made for the update is nobody's any more.
    if (hasLink) s.closes(true);
    s.toClient("WILLTOPICREQ").gone().nothing();
    s.client("WILLTOPIC", { willTopic: "w/again" }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "again" }).opens({ will: { topic: "w/again", payload: "again" } });
    restored(s, step).toClient("CONNACK", { returnCode: 0 });
  });

  test.each(STEPS)("A-34 the gateway stops while %s: the client is told, and no will fires", (_, begin, hasLink) => {
    const s = updating(begin).event({ type: "stop" }).toClient("DISCONNECT");
    if (hasLink) s.closes(true);
  });

  test.each(STEPS)("W8 an update that %s for has no answer in the connection that follows", (step, begin, hasLink) => {
    const s = updating(begin).client("CONNECT", { ...DURABLE, duration: 61 });
    if (hasLink) s.closes(true);
    restored(s.gone().opens(), step)
      .toClient("CONNACK")
      .gone()
      .nothing()
      .after(2000)
      .opens({ will: { payload: "gone" } });
    s.accepts(true).nothing();
  });

  test("X1 nothing of what it had said meanwhile is left for its next connection", () => {
    const s = updating((each) => each);
    s.client("PUBLISH", { topicIdType: "short", topicId: 0x7878, qos: 1, msgId: 9 }).nothing();
    s.client("DISCONNECT").toClient("DISCONNECT");
    s.gone().client("CONNECT", DURABLE).opens().accepts(true).toClient("CONNACK");
    s.client("WILLMSGUPD", { willMsg: "bye" }).closes(true).gone().opens().accepts(true).toClient("WILLMSGRESP");
  });

  test.each(STEPS)("K1 a PINGREQ while %s is answered at once", (_, begin) => {
    updating(begin).client("PINGREQ").toClient("PINGRESP");
  });
});
