import { describe, expect, test } from "vitest";
import { octets, Script } from "./script.ts";

describe("§6.2 connection set-up", () => {
  test("C1, C3 CONNACK comes when the broker has accepted, not before", () => {
    const s = new Script();
    s.client("CONNECT").opens({ clientId: "dev1", cleanSession: true, will: undefined }).nothing();
    s.accepts().toClient("CONNACK", { returnCode: 0 }).noted("client.connected", { clientId: "dev1" });
  });

  test("C1 with Will=1 the will is asked for first", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w/dev1", qos: 1, retain: true }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "gone" });
    s.opens({ will: { topic: "w/dev1", payload: "gone", qos: 1, retain: true } });
    s.accepts().toClient("CONNACK", { returnCode: 0 });
  });

  test.each([
    [1, 3],
    [2, 3],
    [3, 1],
    [4, 3],
    [5, 3],
  ])("C2, 6c a refusal %i of the broker becomes CONNACK %i", (brokerCode, returnCode) => {
    const s = new Script();
    s.client("CONNECT").opens().refuses(brokerCode).toClient("CONNACK", { returnCode });
    s.client("PINGREQ").toClient("DISCONNECT");
  });

  test("C2, O2 a broker that cannot be reached is congestion", () => {
    const s = new Script();
    s.client("CONNECT").opens().gone().toClient("CONNACK", { returnCode: 1 });
  });

  test("O2 a broker that does not answer is congestion after the connect timeout", () => {
    const s = new Script({ connectTimeoutMs: 5000 });
    s.client("CONNECT").opens().after(4999).nothing();
    s.after(1).toClient("CONNACK", { returnCode: 1 }).closes(true);
  });

  test("C5 another ProtocolId is refused", () => {
    const s = new Script();
    s.client("CONNECT", { protocolId: 2 }).toClient("CONNACK", { returnCode: 3 });
  });

  test("C6 an empty client id is refused, one of more than 23 characters is not", () => {
    const s = new Script();
    s.client("CONNECT", { clientId: "" }).toClient("CONNACK", { returnCode: 3 });
    s.connect({ clientId: "x".repeat(200) });
    s.address = "c2";
    s.client("CONNECT", { clientId: "x".repeat(257) }).toClient("CONNACK", { returnCode: 3 });
  });

  test("C6 a client id with U+0000, or one that is not UTF-8, is refused: no broker takes it", () => {
    const s = new Script();
    s.client("CONNECT", { clientId: "a\0b" }).toClient("CONNACK", { returnCode: 3 });
    s.datagram(Uint8Array.of(8, 0x04, 0x04, 1, 0, 60, 0xc3, 0x28)).toClient("CONNACK", { returnCode: 3 });
  });

  test("C7 of the flags of CONNECT only Will and CleanSession mean anything", () => {
    const s = new Script();
    const connect = octets("CONNECT");
    connect[2]! |= 0b1111_0011;
    s.datagram(connect).opens({ cleanSession: true, will: undefined }).accepts().toClient("CONNACK", { returnCode: 0 });
    // Without them it is the same CONNECT (C12).
    s.client("CONNECT").toClient("CONNACK", { returnCode: 0 });
  });

  test("C8 nothing else is processed while the CONNECT is under way", () => {
    const s = new Script();
    s.client("CONNECT").opens();
    s.client("REGISTER", { msgId: 1, topicName: "a" }).nothing();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 2 }).nothing();
    s.client("PINGREQ").nothing();
    s.accepts().toClient("CONNACK", { returnCode: 0 });
  });

  test("a full gateway refuses with congestion and takes another when a place is free", () => {
    const s = new Script({ clientsMax: 1 });
    s.connect();
    s.address = "c2";
    s.client("CONNECT", { clientId: "dev2" }).toClient("CONNACK", { returnCode: 1 });
    s.address = "c1";
    s.client("DISCONNECT").toClient("DISCONNECT").closes(true);
    s.address = "c2";
    s.connect({ clientId: "dev2" });
  });
});

describe("duplicated CONNECT", () => {
  test("C9 the outstanding prompt is repeated", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("CONNECT", { will: true }).toClient("WILLMSGREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "" })
      .opens({ will: { topic: "w" } })
      .accepts()
      .toClient("CONNACK");
  });

  test("C10 another CONNECT starts over", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("CONNECT", { will: true, duration: 10 }).toClient("WILLTOPICREQ");
    s.client("CONNECT", { will: false }).opens({ will: undefined }).accepts().toClient("CONNACK");
  });

  test.each([
    ["duration", { will: true, duration: 10 }, "WILLTOPICREQ"],
    ["CleanSession", { will: true, cleanSession: false }, "WILLTOPICREQ"],
    ["Will", { will: false }, "open"],
  ])("C10 another %s is another CONNECT, whichever part of the will is awaited", (_, fields, arrows) => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    expect(s.client("CONNECT", fields).arrows()).toEqual([arrows]);
    const later = new Script();
    later.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    later.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    expect(later.client("CONNECT", fields).arrows()).toEqual([arrows]);
  });

  test("C10 what was said of the will before counts for nothing", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "old", qos: 2, retain: true }).toClient("WILLMSGREQ");
    s.client("CONNECT", { will: true, duration: 10 }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { empty: true }).opens({ will: undefined }).accepts().toClient("CONNACK");
  });

  test("C11 while the broker is asked a repeated CONNECT opens no second connection", () => {
    const s = new Script();
    s.client("CONNECT").opens();
    s.client("CONNECT").nothing();
    s.accepts().toClient("CONNACK", { returnCode: 0 });
  });

  test("C12 the same CONNECT and nothing in between: CONNACK again", () => {
    const s = new Script();
    s.connect();
    s.client("CONNECT").toClient("CONNACK", { returnCode: 0 });
    s.client("CONNECT").toClient("CONNACK", { returnCode: 0 });
  });

  test("C12 a repeated WILLMSG is answered with CONNACK until something else came", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "x" }).opens().accepts().toClient("CONNACK");
    s.client("WILLMSG", { willMsg: "x" }).toClient("CONNACK", { returnCode: 0 });
    s.client("PINGREQ").toClient("PINGRESP");
    s.client("WILLMSG", { willMsg: "x" }).nothing();
  });

  test("C13 after anything else the device has rebooted: a new session, without the will of the old one", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    const old = s.link;
    s.client("CONNECT").closes(true).nothing();
    // The broker must see the end of the old connection before the new one.
    s.gone(old).opens({ cleanSession: true }).accepts().toClient("CONNACK", { returnCode: 0 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 5 }).toClient("PUBACK", { topicId, msgId: 5, returnCode: 2 });
  });

  test("C13 with Will=1 the set-up is made again even if nothing else came, and the CONNECT is the same", () => {
    const s = new Script();
    s.connectWithWill({}, { willTopic: "w", willMsg: "x" });
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "x" }).closes(true);
    s.gone()
      .opens({ will: { topic: "w" } })
      .accepts()
      .toClient("CONNACK");
  });

  test("C13, 6.3 of a CleanSession=1 session nothing is left for the CleanSession=0 one that follows it", () => {
    const s = new Script();
    s.connectWithWill({}, { willTopic: "w", willMsg: "gone" });
    const topicId = s.subscribe("a");
    s.client("CONNECT", { cleanSession: false }).closes(true);
    s.gone().opens({ cleanSession: false, will: undefined }).accepts(false).toClient("CONNACK");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 5 }).toClient("PUBACK", { returnCode: 2 });
  });

  test("C13, C8 what the broker answers to the old session is not told in the new set-up", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.client("PUBLISH", { topicId, qos: 1, msgId: 5 }).toBroker("publish");
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.broker("puback", { messageId: 5 }).nothing();
    s.deliver("a").nothing();
  });

  test("C13 what was in flight to the client is not repeated during its new set-up", () => {
    const s = new Script({ tRetryMs: 10_000, nRetry: 3 });
    s.connect().subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ").after(10_000).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { empty: true }).closes(true).gone().opens().accepts().toClient("CONNACK");
    s.after(50_000).nothing();
  });

  test("C13 the new connection begins with an empty queue, and what it brings is delivered", () => {
    const s = new Script();
    s.connect().subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH").deliver("a").nothing();
    s.client("CONNECT").closes(true).gone().opens().accepts().toClient("CONNACK").nothing();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { payload: "new" }).toClient("PUBLISH", { topicId, data: "new" }).nothing();
  });

  test("C13 a connection that was stalled says nothing about the next one", () => {
    const s = new Script();
    s.connect().event({ type: "link-stalled", link: s.link });
    s.client("PINGREQ").toClient("PINGRESP");
    s.client("CONNECT").closes(true).gone().opens().accepts().toClient("CONNACK");
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId }).toBroker("publish");
  });

  test("C13 a client that does not finish its second set-up is lost, and its old will fires", () => {
    const s = new Script({ tRetryMs: 1000, nRetry: 1 });
    s.connect();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.after(1000).toClient("WILLTOPICREQ");
    s.after(1000).closes(false).noted("client.lost");
  });

  test("C15 the same client id from another address takes the session over", () => {
    const s = new Script();
    s.connect();
    s.address = "c2";
    s.client("CONNECT").closes(true);
    s.gone().opens().accepts().toClient("CONNACK", { returnCode: 0 });
    s.address = "c1";
    s.client("PINGREQ").toClient("DISCONNECT");
    s.address = "c2";
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("C15, C9 in the middle of a set-up the prompt goes to the newer address", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.from("c2").client("CONNECT", { will: true }).toClient("WILLTOPICREQ", {}, "c2");
    s.from("c1").client("WILLTOPIC", { willTopic: "w" }).toClient("DISCONNECT");
    s.from("c2").client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
  });

  test("C15, C11 while the broker is asked CONNACK goes to the newer address, and there is one connection", () => {
    const s = new Script();
    s.client("CONNECT").opens();
    s.from("c2").client("CONNECT").nothing();
    s.accepts().toClient("CONNACK", { returnCode: 0 }, "c2");
  });

  test("C16 another client id on the same address: the old client is lost and its will fires", () => {
    const s = new Script();
    s.connect({ clientId: "dev1" });
    s.client("CONNECT", { clientId: "dev10" });
    s.closes(false).opens({ clientId: "dev10" }).noted("client.lost", { clientId: "dev1" });
    s.accepts().toClient("CONNACK", { returnCode: 0 });
    s.gone(1);
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("C16 a client that was connected is lost also in the middle of its second set-up", () => {
    const s = new Script();
    s.connect({ clientId: "dev1" });
    s.client("CONNECT", { clientId: "dev1", will: true }).toClient("WILLTOPICREQ");
    s.client("CONNECT", { clientId: "dev2" }).closes(false).opens({ clientId: "dev2" });
  });

  test("C16 a CONNECT that is refused harms nobody", () => {
    const s = new Script();
    s.connect({ clientId: "dev1" });
    s.client("CONNECT", { clientId: "dev2", protocolId: 9 }).toClient("CONNACK", { returnCode: 3 });
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("a client that comes back at once is connected after its old connection is gone", () => {
    const s = new Script();
    s.connect();
    const old = s.link;
    s.client("DISCONNECT").toClient("DISCONNECT").closes(true);
    s.client("CONNECT").nothing();
    s.gone(old).opens().accepts().toClient("CONNACK", { returnCode: 0 });
    expect(s.link).not.toBe(old);
  });
});
