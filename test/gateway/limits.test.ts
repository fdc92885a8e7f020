import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const OWN_PING = { clientId: "dev1" };

describe("limits of the gateway", () => {
  test("clientsMax, O2: half-open sessions count, and CONNACK says congestion", () => {
    const s = new Script({ clientsMax: 2 });
    s.client("CONNECT", { clientId: "dev1" }).opens();
    s.from("c2").client("CONNECT", { clientId: "dev2", will: true }).toClient("WILLTOPICREQ");
    s.from("c3").client("CONNECT", { clientId: "dev3" }).toClient("CONNACK", { returnCode: 1 });
    s.noted("client.refused", { clientId: "dev3" });
  });

  test("clientsMax: a client that is connected already is not refused when it comes again", () => {
    const s = new Script({ clientsMax: 1 });
    s.connect().client("PINGREQ").toClient("PINGRESP");
    s.client("CONNECT").closes(true).gone().opens().accepts().toClient("CONNACK", { returnCode: 0 });
    s.from("c2").client("CONNECT").closes(true).gone().opens().accepts().toClient("CONNACK", { returnCode: 0 });
  });

  test("clientsMax: another client id at an address that is in use takes the place of the old one", () => {
    const s = new Script({ clientsMax: 1 });
    s.connect().client("CONNECT", { clientId: "dev2" }).closes(false).opens().accepts();
    s.toClient("CONNACK", { returnCode: 0 });
  });

  test("clientsMax, A-48: a sleeping client that may wake up elsewhere makes no room for another one at its address", () => {
    const s = new Script({ clientsMax: 1, migrateOnWake: true });
    s.connect().sleep();
    s.client("CONNECT", { clientId: "dev2" }).toClient("CONNACK", { returnCode: 1 });
    s.client("PINGREQ", OWN_PING).toClient("PINGRESP");
  });

  test.each([
    ["DISCONNECT", (s: Script) => s.disconnect()],
    ["silence", (s: Script) => s.after(90_000).closes(false).gone()],
    ["a broken connection", (s: Script) => s.gone().after(0).toClient("DISCONNECT")],
    ["a refusal", (s: Script) => s.disconnect().client("CONNECT").opens().refuses(5).toClient("CONNACK")],
  ])("field 2: a place is free again after %s", (_, leave) => {
    const s = new Script({ clientsMax: 1, outageLimitMs: 0 });
    for (let index = 0; index < 5; index += 1) {
      leave(s.connect({ clientId: `dev${index}` }));
    }
    s.from("c2").connect({ clientId: "last" });
  });

  test("X5, field 2: stored sessions of clients that left take no place from new ones, and the oldest goes first", () => {
    const s = new Script({ clientsMax: 2 });
    const will = { willTopic: "w", willMsg: "gone" };
    for (const clientId of ["dev1", "dev2"]) s.connectWithWill({ ...DURABLE, clientId }, will).disconnect();
    s.connectWithWill({ ...DURABLE, clientId: "dev3" }, will);
    s.client("DISCONNECT").toClient("DISCONNECT").closes(true).gone().noted("client.forgotten", { clientId: "dev1" });
    s.client("CONNECT", { ...DURABLE, clientId: "dev2" }).opens({ will: { topic: "w" } });
    s.accepts(true).toClient("CONNACK").disconnect();
    s.client("CONNECT", { ...DURABLE, clientId: "dev1" }).opens({ will: undefined });
    s.accepts(true).toClient("CONNACK");
  });

  test("field 2: a client that came back is no stored session any more", () => {
    const s = new Script({ clientsMax: 2 });
    s.connect({ ...DURABLE, clientId: "dev1" }).disconnect();
    s.connect({ ...DURABLE, clientId: "dev1" }, true);
    for (const clientId of ["dev2", "dev3"]) {
      s.from("c2")
        .connect({ ...DURABLE, clientId })
        .client("DISCONNECT")
        .toClient("DISCONNECT")
        .closes(true)
        .gone();
      s.notNoted("client.forgotten");
    }
    s.from("c3")
      .client("CONNECT", { ...DURABLE, clientId: "dev1" })
      .closes(true, 2);
  });

  test("clientsMax: a stored session gives no right to a place", () => {
    const s = new Script({ clientsMax: 1 });
    s.connect({ ...DURABLE, clientId: "dev1" }).disconnect();
    s.from("c2").connect({ clientId: "dev2" });
    s.from("c1")
      .client("CONNECT", { ...DURABLE, clientId: "dev1" })
      .toClient("CONNACK", { returnCode: 1 });
  });

  test("clientIdOctetsMax, field 1: a client id of that length is accepted, a longer one refused", () => {
    const s = new Script({ clientIdOctetsMax: 64 });
    s.connect({ clientId: "x".repeat(64) });
    s.from("c2")
      .client("CONNECT", { clientId: "x".repeat(65) })
      .toClient("CONNACK", { returnCode: 3 });
    s.client("CONNECT", { clientId: "ä".repeat(33) }).toClient("CONNACK", { returnCode: 3 });
  });

  test("connectTimeoutMs counts from the moment the broker is asked", () => {
    const s = new Script({ connectTimeoutMs: 5000 });
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.after(4000).client("WILLTOPIC", { empty: true }).opens();
    s.after(4999).nothing();
    s.after(1).toClient("CONNACK", { returnCode: 1 }).closes(true);
  });

  test("connectTimeoutMs: the end of an old connection does not count", () => {
    const s = new Script({ connectTimeoutMs: 5000 });
    s.connect().client("PINGREQ").toClient("PINGRESP");
    s.client("CONNECT").closes(true).after(4000).gone().opens();
    s.after(4999).nothing();
    s.after(1).toClient("CONNACK", { returnCode: 1 }).closes(true);
  });

  test("O2, connectTimeoutMs: a broker that accepts too late has no client", () => {
    const s = new Script({ connectTimeoutMs: 5000 });
    s.client("CONNECT").opens().after(5000).toClient("CONNACK", { returnCode: 1 }).closes(true);
    s.accepts().nothing();
    s.client("PINGREQ").toClient("DISCONNECT");
  });

  test("strangerAnswersPerSecond: many strangers together are answered no more often than that", () => {
    const s = new Script({ strangerAnswersPerSecond: 10 });
    let answers = 0;
    for (let index = 0; index < 100; index += 1) {
      s.from(`stranger${index}`).client("PINGREQ");
      answers += s.arrows().length;
    }
    expect(answers).toBe(10);
    s.after(1000).from("late").client("PINGREQ").toClient("DISCONNECT");
  });
});

describe("limits of a client", () => {
  test("topicsMax, T6: names beyond it are refused, known ones are not", () => {
    const s = new Script({ topicsMax: 2 });
    s.connect();
    const topicId = s.register("a", 1);
    s.register("b", 2);
    s.client("REGISTER", { topicName: "c", msgId: 3 }).toClient("REGACK", { topicId: 0, msgId: 3, returnCode: 3 });
    s.client("SUBSCRIBE", { topicName: "c", msgId: 4 }).toClient("SUBACK", { topicId: 0, msgId: 4, returnCode: 3 });
    s.client("REGISTER", { topicName: "a", msgId: 5 }).toClient("REGACK", { topicId, returnCode: 0 });
    s.subscribe("#", 1, 6);
    s.deliver("b").toClient("PUBLISH");
    // A name that gets no id cannot be delivered; the broker has to be told something all the same.
    s.deliver("c", { qos: 1, messageId: 3 }).toBroker("puback", { messageId: 3 }).noted("delivery.dropped");
  });

  test("topicsMax: each client has its own", () => {
    const s = new Script({ topicsMax: 1 });
    s.connect().register("a");
    s.from("c2").connect({ clientId: "dev2" }).register("b");
  });

  test("subscriptionsMax: SUBACK 0x01 beyond it, open requests included; a known filter may be renewed", () => {
    const s = new Script({ subscriptionsMax: 2 });
    s.connect().subscribe("a", 0, 1);
    s.client("SUBSCRIBE", { topicName: "b", msgId: 2 }).toBroker("subscribe");
    s.client("SUBSCRIBE", { topicName: "c", msgId: 3 }).toClient("SUBACK", { msgId: 3, returnCode: 1 });
    s.broker("suback", { messageId: 2, granted: [0] }).toClient("SUBACK");
    s.subscribe("a", 1, 4);
    s.client("UNSUBSCRIBE", { topicName: "a", msgId: 5 }).toBroker("unsubscribe");
    s.broker("unsuback", { messageId: 5 }).toClient("UNSUBACK");
    s.subscribe("c", 0, 6);
  });

  test("inFlightMax holds for every kind of request", () => {
    const s = new Script({ inFlightMax: 1 });
    s.connect();
    const topicId = s.register("a");
    s.client("UNSUBSCRIBE", { topicName: "x", msgId: 1 }).toBroker("unsubscribe");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toClient("PUBACK", { returnCode: 1 });
    s.client("SUBSCRIBE", { topicName: "a", msgId: 3 }).toClient("SUBACK", { returnCode: 1 });
    s.client("UNSUBSCRIBE", { topicName: "y", msgId: 4 }).nothing();
    s.client("PUBREL", { msgId: 99 }).nothing();
  });

  test("inFlightMax: no more answers than that are held for a sleeping client", () => {
    const s = new Script({ inFlightMax: 3 });
    s.connect();
    const topicId = s.register("a");
    for (let round = 0; round < 3; round += 1) {
      for (const msgId of [1, 2]) s.client("PUBLISH", { topicId, qos: 1, msgId }).toBroker("publish");
      s.sleep();
      for (const messageId of [1, 2]) s.broker("puback", { messageId }).nothing();
    }
    s.client("PINGREQ", OWN_PING);
    expect(s.arrows()).toEqual(["PUBACK 0", "PUBACK 0", "PUBACK 0", "PINGRESP"]);
  });

  test("datagramOctetsMax, G5 holds for the gateway's own answers of fixed length in any case", () => {
    const s = new Script({ datagramOctetsMax: 20 });
    s.connect().subscribe("w/#");
    s.deliver("w/x", { payload: "x".repeat(13) }).toClient("REGISTER", { topicName: "w/x" });
  });

  test("idleLimitMs, K5: a keep alive of 0 does not keep a session for ever", () => {
    const s = new Script({ idleLimitMs: 5000 });
    s.connect({ duration: 0 }).after(5000).closes(false).noted("client.lost");
  });
});

test("what a client is made to cost is bounded also where its connections are closing", () => {
  const s = new Script({ clientsMax: 1 });
  s.connect({ clientId: "a" });
  s.client("CONNECT", { clientId: "b" }).closes(false).opens();
  s.client("CONNECT", { clientId: "c" }).toClient("CONNACK", { returnCode: 1 });
  s.gone(1).accepts().toClient("CONNACK", { returnCode: 0 });
});

test("a stored session that was forgotten while its connection closed does not come back", () => {
  const s = new Script({ clientsMax: 1 });
  const durable = { cleanSession: false };
  s.from("A").connect({ ...durable, clientId: "A" });
  const closing = s.link;
  s.client("DISCONNECT").toClient("DISCONNECT").closes(true);
  s.from("B")
    .connect({ ...durable, clientId: "B" })
    .disconnect();
  s.gone(closing);
  s.from("A").connect({ ...durable, clientId: "A" });
  const link = s.link;
  s.from("A2")
    .client("CONNECT", { ...durable, clientId: "A" })
    .closes(true, link);
});

test("topicOctetsMax bounds the names that are kept for a client", () => {
  const s = new Script({ topicOctetsMax: 100 });
  s.connect();
  s.client("REGISTER", { topicName: "x".repeat(101), msgId: 1 }).toClient("REGACK", { topicId: 0, returnCode: 3 });
  s.client("SUBSCRIBE", { topicName: `${"x".repeat(99)}/#`, msgId: 2 }).toClient("SUBACK", { returnCode: 3 });
  expect(s.register("x".repeat(100), 3)).toBeGreaterThan(0);
});
