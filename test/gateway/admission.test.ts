import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const CONGESTION = { returnCode: 1 };

describe("admission", () => {
  test("field 16: no connection to the broker before a CONNECT is complete", () => {
    const s = new Script();
    s.datagram(Uint8Array.of(1, 2, 3)).nothing();
    s.client("PINGREQ").toClient("DISCONNECT");
    s.client("PUBLISH", { qos: 1, msgId: 1, topicId: 1 }).toClient("DISCONNECT");
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.after(39_999).arrows();
    s.client("WILLMSG", { willMsg: "x" }).opens();
  });

  test("broker.own_client_id: a client with the id of the gateway's own connection is refused, for it would end that", () => {
    const s = new Script({ clientIdsReserved: ["gateway"] });
    s.client("CONNECT", { clientId: "gateway" }).toClient("CONNACK", { returnCode: 3 });
    s.noted("client.refused", {
      reason: "the client id is that of the gateway's own connection (broker.own_client_id)",
    });
    s.connect({ clientId: "gateway2" });
  });

  test("clients.max_half_open: one set-up more is refused as congestion; those under way go on", () => {
    const s = new Script({ setUpsMax: 2 });
    s.from("c1").client("CONNECT", { clientId: "a", will: true }).toClient("WILLTOPICREQ");
    s.from("c2").client("CONNECT", { clientId: "b" }).opens();
    const linkB = s.link;
    s.from("c3").client("CONNECT", { clientId: "c" }).toClient("CONNACK", CONGESTION).nothing();
    s.noted("client.refused", { clientId: "c", limit: "clients.max_half_open" });
    // A repetition is no second set-up.
    s.from("c1").client("CONNECT", { clientId: "a", will: true }).toClient("WILLTOPICREQ");
    s.from("c2").client("CONNECT", { clientId: "b" }).nothing();
    s.link = linkB;
    s.accepts().toClient("CONNACK", { returnCode: 0 }, "c2");
    s.from("c3").connect({ clientId: "c" });
  });

  test.each([
    ["abandoned", (s: Script) => s.after(40_000).arrows()],
    ["ended by DISCONNECT", (s: Script) => s.client("DISCONNECT").toClient("DISCONNECT")],
    [
      "refused for its will",
      (s: Script) => s.client("WILLTOPIC", { willTopic: "+" }).toClient("CONNACK", { returnCode: 3 }),
    ],
    [
      "replaced by another client",
      (s: Script) => s.client("CONNECT", { clientId: "z" }).opens().accepts().toClient("CONNACK"),
    ],
  ])(
    "clients.max_half_open, field 2: the place of a set-up that was %s is free again",
    (_how: string, end: (s: Script) => unknown) => {
      const s = new Script({ setUpsMax: 1, nRetry: 3 });
      s.from("c1").client("CONNECT", { clientId: "a", will: true }).toClient("WILLTOPICREQ");
      s.from("c2").client("CONNECT", { clientId: "b" }).toClient("CONNACK", CONGESTION);
      end(s.from("c1"));
      s.from("c2").connect({ clientId: "b" });
    },
  );

  test("clients.max_half_open: clients that are connected are not touched by it", () => {
    const s = new Script({ setUpsMax: 1 });
    s.from("c1").connect({ clientId: "a" });
    s.from("c2").client("CONNECT", { clientId: "b", will: true }).toClient("WILLTOPICREQ");
    s.from("c1").client("PINGREQ").toClient("PINGRESP");
    s.client("CONNECT", { clientId: "a" }).closes(true).gone().opens().accepts().toClient("CONNACK", { returnCode: 0 });
    s.sleep().client("CONNECT", { clientId: "a" }).toClient("CONNACK", { returnCode: 0 });
  });

  test("clients.max_connect_rate: so many in a second, then congestion, and none of it touches who is connected", () => {
    const s = new Script({ connectsPerSecond: 10 });
    s.from("c0").connect({ clientId: "c0" }).sleep();
    for (let index = 1; index < 10; index += 1) s.from(`c${index}`).connect({ clientId: `c${index}` });
    s.from("c10").client("CONNECT", { clientId: "c10" }).toClient("CONNACK", CONGESTION).nothing();
    s.noted("client.refused", { clientId: "c10", limit: "clients.max_connect_rate" });
    s.from("c0").client("CONNECT", { clientId: "c0" }).toClient("CONNACK", { returnCode: 0 });
    s.after(99).from("c10").client("CONNECT", { clientId: "c10" }).toClient("CONNACK", CONGESTION);
    s.after(1).connect({ clientId: "c10" });
  });

  test("clients.max_connect_rate: a client that connects again and again does not open connections faster than that", () => {
    const s = new Script({ connectsPerSecond: 2 });
    s.connect();
    s.client("PINGREQ").toClient("PINGRESP");
    s.client("CONNECT").closes(true).gone().opens().accepts().toClient("CONNACK", { returnCode: 0 });
    s.client("PINGREQ").toClient("PINGRESP");
    s.client("CONNECT").toClient("CONNACK", CONGESTION).nothing();
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("A-46, clients.max_connect_rate: where a sleeping client begins anew by CONNECT, that counts as well", () => {
    const s = new Script({ connectsPerSecond: 1, wakeByConnect: "new" });
    s.connect().sleep().client("CONNECT").toClient("CONNACK", CONGESTION).nothing();
    s.after(1000).client("CONNECT").closes(true);
  });

  test("C12, clients.max_connect_rate: a CONNECT that is repeated because CONNACK was lost does not count", () => {
    const s = new Script({ connectsPerSecond: 1 });
    s.connect().client("CONNECT").toClient("CONNACK", { returnCode: 0 });
  });

  test("clients.max, field 2: a place that is free again is used again, however it came free", () => {
    const s = new Script({ clientsMax: 1, outageLimitMs: 0 });
    s.from("c1").connect({ clientId: "a", duration: 10 });
    s.from("c2").client("CONNECT", { clientId: "b" }).toClient("CONNACK", CONGESTION);
    s.noted("client.refused", { limit: "clients.max" });
    s.after(15_000).closes(false).gone();
    s.client("CONNECT", { clientId: "b" }).opens().refuses(5).toClient("CONNACK", { returnCode: 3 });
    s.client("CONNECT", { clientId: "b" }).opens().gone().toClient("CONNACK", CONGESTION);
    s.connect({ clientId: "b" }).gone().after(0).toClient("DISCONNECT");
    s.connect({ clientId: "b" }).disconnect();
    s.from("c3").connect({ clientId: "c" });
  });

  test("clients.max_stranger_answers: one address is refused 300 times at once and then 100 times a second", () => {
    const s = new Script();
    let refused = 0;
    for (let count = 0; count < 500; count += 1) refused += s.client("CONNECT", { protocolId: 9 }).arrows().length;
    expect(refused).toBe(300);
    s.from("c2").client("CONNECT", { protocolId: 9 }).toClient("CONNACK", { returnCode: 3 });
    s.from("c1").after(10).client("CONNECT", { protocolId: 9 }).toClient("CONNACK", { returnCode: 3 });
    // Who is let in is not counted.
    s.connect();
  });

  test("a flood of half-open clients from forged addresses leaves the places of those connected alone, and passes", () => {
    const s = new Script({ setUpsMax: 100, clientsMax: 1000 });
    s.connect({ clientId: "sensor", duration: 1000 });
    const topicId = s.register("t");
    let refused = 0;
    for (let index = 0; index < 2000; index += 1) {
      s.from(`forged${index}`).client("CONNECT", { clientId: `forged${index}`, will: true });
      refused += s.arrows().filter((arrow) => arrow === "CONNACK 1").length;
    }
    // As many as strangers are answered in a second.
    expect(refused).toBe(1000);
    s.noted("stranger.limited", { message: "CONNECT", limit: "clients.max_stranger_answers" });
    s.from("c1").client("PUBLISH", { topicId, qos: 1, msgId: 9 }).toBroker("publish");
    s.broker("puback", { messageId: 9 }).toClient("PUBACK", { returnCode: 0 });
    s.after(40_000).arrows();
    s.from("late").connect({ clientId: "late" });
  });
});

describe("limits of a will", () => {
  const SMALL = { topicOctetsMax: 10, willMsgOctetsMax: 5 };

  test("clients.max_topic_length: a longer will topic is refused, at CONNECT and later", () => {
    const s = new Script(SMALL);
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w".repeat(11) })
      .toClient("CONNACK", { returnCode: 3 })
      .noted("client.refused");
    s.connectWithWill({}, { willTopic: "w".repeat(10), willMsg: "12345" });
    s.client("WILLTOPICUPD", { willTopic: "w".repeat(11) }).toClient("WILLTOPICRESP", { returnCode: 3 });
  });

  test("clients.max_will_length: a longer will message is refused, at CONNECT and later", () => {
    const s = new Script(SMALL);
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "123456" }).toClient("CONNACK", { returnCode: 3 }).noted("client.refused");
    s.connectWithWill({}, { willTopic: "w", willMsg: "12345" });
    s.client("WILLMSGUPD", { willMsg: "123456" }).toClient("WILLMSGRESP", { returnCode: 3 }).noted("will.refused");
    s.client("PINGREQ").toClient("PINGRESP");
  });
});
