import { describe, expect, test } from "vitest";
import { octets, Script } from "./script.ts";

const DURABLE = { cleanSession: false };

describe("§6.12 DISCONNECT", () => {
  test("X1, X3 DISCONNECT is answered with two octets, and MQTT DISCONNECT keeps the will from firing", () => {
    const s = new Script();
    s.connectWithWill({}, { willTopic: "w", willMsg: "gone" });
    s.client("DISCONNECT").toClient("DISCONNECT", { duration: undefined }).closes(true);
    s.noted("client.disconnected", { clientId: "dev1" });
    s.client("PUBLISH", { topicId: 1 }).toClient("DISCONNECT");
  });

  test("X2 with CleanSession=0 subscriptions, ids and will stay", () => {
    const s = new Script();
    s.connectWithWill(DURABLE, { willTopic: "w", willMsg: "gone" });
    const topicId = s.subscribe("a");
    s.disconnect();
    s.client("CONNECT", DURABLE)
      .opens({ cleanSession: false, will: { topic: "w" } })
      .accepts(false);
    s.toBroker("subscribe", { subscriptions: [{ topic: "a", qos: 0 }] });
    s.broker("suback", { messageId: 65_535, granted: [0] }).toClient("CONNACK");
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "a" });
  });

  test("X4 a DISCONNECT that nobody asked for has two octets", () => {
    const s = new Script({ outageLimitMs: 0 });
    s.connect().gone().after(0).toClient("DISCONNECT", { duration: undefined }).noted("client.disconnected");
  });

  test("X5 a disconnected client is not supervised", () => {
    const s = new Script();
    s.connect(DURABLE).disconnect();
    expect(s.gateway.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test("X6 a repeated DISCONNECT is acknowledged again", () => {
    const s = new Script();
    s.connect().disconnect();
    s.client("DISCONNECT").toClient("DISCONNECT");
    s.after(10_000).client("DISCONNECT").toClient("DISCONNECT");
    s.after(10_000).client("DISCONNECT", { duration: 60 }).toClient("DISCONNECT");
  });

  test("X6 a DISCONNECT in the middle of a CONNECT ends it", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("DISCONNECT").toClient("DISCONNECT");
    s.client("CONNECT").opens().client("DISCONNECT").toClient("DISCONNECT").closes(true);
    s.gone();
    s.client("CONNECT").opens().client("DISCONNECT", { duration: 60 }).toClient("DISCONNECT").closes(true);
    s.gone();
    s.client("PINGREQ").toClient("DISCONNECT");
  });

  test("X7 two gateways do not answer each other's DISCONNECT for ever", () => {
    const s = new Script();
    let answers = 0;
    for (let round = 0; round < 1000; round += 1) {
      s.after(1).client("DISCONNECT");
      answers += s.arrows().length;
    }
    expect(answers).toBeLessThanOrEqual(4);
    s.noted("stranger.limited");
  });

  test("X7 one address that is not answered does not silence another", () => {
    const s = new Script();
    for (let round = 0; round < 10; round += 1) s.client("DISCONNECT").arrows();
    s.client("DISCONNECT").nothing();
    s.from("c2").client("DISCONNECT").toClient("DISCONNECT");
  });

  test("X8 a Duration of 0 is none", () => {
    const s = new Script();
    s.connect().client("DISCONNECT", { duration: 0 }).toClient("DISCONNECT").closes(true);
    s.noted("client.disconnected");
  });
});

describe("2.15 messages from somebody unknown", () => {
  test.each([
    ["WILLTOPIC", { willTopic: "w" }],
    ["WILLTOPIC", { empty: true }],
    ["WILLMSG", { willMsg: "w" }],
    ["REGISTER", { topicName: "a", msgId: 1 }],
    ["REGACK", { topicId: 1, msgId: 1 }],
    ["PUBLISH", { topicId: 1 }],
    ["PUBLISH", { topicId: 1, qos: 1, msgId: 1 }],
    ["PUBACK", { topicId: 1, msgId: 1 }],
    ["PUBREC", { msgId: 1 }],
    ["PUBREL", { msgId: 1 }],
    ["PUBCOMP", { msgId: 1 }],
    ["SUBSCRIBE", { topicName: "a", msgId: 1 }],
    ["UNSUBSCRIBE", { topicName: "a", msgId: 1 }],
    ["PINGREQ", {}],
    ["PINGREQ", { clientId: "dev1" }],
    ["DISCONNECT", {}],
    ["DISCONNECT", { duration: 60 }],
    ["WILLTOPICUPD", { willTopic: "w" }],
    ["WILLMSGUPD", { willMsg: "w" }],
  ] as const)("field 7, A-39: %s %j is answered with DISCONNECT", (type, fields) => {
    const s = new Script();
    s.client(type, fields).toClient("DISCONNECT", { duration: undefined }).noted("stranger.answered");
  });

  test("field 7: after a restart every device learns at its next message that it has to connect", () => {
    const before = new Script();
    before.connect(DURABLE);
    const after = new Script();
    after.client("PUBLISH", { topicId: 1, qos: 1, msgId: 1 }).toClient("DISCONNECT");
    after.connect(DURABLE, true);
  });

  test.each([
    ["GWINFO", { gwId: 1, gwAdd: new Uint8Array(0) }],
    ["CONNACK", { returnCode: 0 }],
    ["WILLTOPICREQ", {}],
    ["WILLMSGREQ", {}],
    ["SUBACK", { qos: 0, topicId: 1, msgId: 1, returnCode: 0 }],
    ["UNSUBACK", { msgId: 1 }],
    ["WILLTOPICRESP", { returnCode: 0 }],
    ["WILLMSGRESP", { returnCode: 0 }],
  ] as const)("F7, D13 %s is for no gateway and has no answer", (type, fields) => {
    const s = new Script();
    s.client(type, fields).nothing().noted("datagram.dropped");
    s.connect();
    s.client(type, fields).nothing().noted("datagram.dropped");
  });

  test.each([[], [0], [1, 0x16], [2], [3, 0x16], [2, 0x03], [2, 0x11], [2, 0xff], [6, 0x04, 0, 1, 0], [1, 0, 3, 0x16]])(
    "field 1, F5, F7 the octets %j, %j, … are dropped without an answer",
    (...data) => {
      const s = new Script();
      s.datagram(Uint8Array.from(data)).nothing().noted("datagram.dropped");
      s.connect();
      s.datagram(Uint8Array.from(data)).nothing().noted("datagram.dropped");
      s.client("PINGREQ").toClient("PINGRESP");
    },
  );

  test("F2 a short message with a long header is a message", () => {
    const s = new Script();
    s.connect()
      .datagram(Uint8Array.of(1, 0, 4, 0x16))
      .toClient("PINGRESP");
  });

  test("F6 two messages in one datagram are none", () => {
    const s = new Script();
    s.connect()
      .datagram(Buffer.concat([octets("PINGREQ"), octets("PINGREQ")]))
      .nothing();
  });

  test("field 1: a port that another client has used belongs to the new client alone", () => {
    const s = new Script();
    s.connect({ clientId: "dev1" });
    const topicId = s.register("a");
    s.disconnect();
    s.connect({ clientId: "dev2" });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 1 }).toClient("PUBACK", { returnCode: 2 });
    s.client("PINGREQ", { clientId: "dev1" }).toClient("DISCONNECT");
    s.client("PINGREQ", { clientId: "dev2" }).toClient("PINGRESP");
  });

  test("field 13: a client id that begins like another one is another one", () => {
    const s = new Script();
    s.connect({ clientId: "sensor10" });
    s.from("c2").client("CONNECT", { clientId: "sensor1" }).opens({ clientId: "sensor1" }).accepts();
    s.toClient("CONNACK", { returnCode: 0 });
    s.from("c1").client("PINGREQ").toClient("PINGRESP");
    s.from("c2").client("PINGREQ").toClient("PINGRESP");
  });

  test("field 13: an empty client id takes nobody over", () => {
    const s = new Script();
    s.connect();
    s.from("c2").client("CONNECT", { clientId: "" }).toClient("CONNACK", { returnCode: 3 });
    s.from("c1").client("PINGREQ").toClient("PINGRESP");
  });

  test("field 6: another client id at the same address does not inherit the session", () => {
    const s = new Script();
    s.connect({ clientId: "dev1" });
    const topicId = s.register("a");
    s.client("CONNECT", { clientId: "dev2" }).closes(false).opens({ clientId: "dev2" });
    s.accepts().toClient("CONNACK");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 1 }).toClient("PUBACK", { returnCode: 2 });
  });

  test("field 14: a CONNECT repeated for want of CONNACK opens one connection and ends none", () => {
    const s = new Script();
    s.client("CONNECT").opens();
    s.client("CONNECT").nothing();
    s.accepts().toClient("CONNACK", { returnCode: 0 });
    s.client("CONNECT").toClient("CONNACK", { returnCode: 0 });
    s.client("PINGREQ").toClient("PINGRESP");
  });
});

describe("stop", () => {
  test("a gateway that stops tells who listens, wakes nobody, and no will fires", () => {
    const s = new Script();
    s.connect({ clientId: "active" });
    s.from("c2").connect({ clientId: "asleep" }).sleep();
    s.from("c3").client("CONNECT", { clientId: "new" }).opens();
    s.event({ type: "stop" });
    expect(s.arrows().sort()).toEqual(["CONNACK 1", "DISCONNECT", "close", "close", "close"]);
    s.client("CONNECT", { clientId: "late" }).nothing();
  });
});
