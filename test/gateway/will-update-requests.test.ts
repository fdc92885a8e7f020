import { describe, test } from "vitest";
import { octets, Script } from "./script.ts";

/** What the client of these tests is granted when it comes back: its session, or none. */
const SESSIONS = [
  ["durable", true],
  ["clean", false],
] as const;

const begin = (session: "durable" | "clean", settings = {}) =>
  new Script(settings).connect({ cleanSession: session === "clean" });

const update = (s: Script) => s.client("WILLTOPICUPD", { willTopic: "w" });

/** The broker has the new will, and the client is told so. */
const renew = (s: Script, sessionPresent: boolean) =>
  s.gone().opens().accepts(sessionPresent).toClient("WILLTOPICRESP", { returnCode: 0 });

describe("W10 what the client has asked is answered before the connection ends", () => {
  test("W10 a PUBLISH of QoS 1", () => {
    const s = begin("durable");
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 5 }).toBroker("publish");
    update(s).nothing();
    s.broker("puback", { messageId: 5 }).toClient("PUBACK").closes(true);
    renew(s, true);
  });

  test("W10 a PUBLISH of QoS 2, whose PUBREL and repetitions go on", () => {
    const s = begin("durable");
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 5 }).toBroker("publish");
    update(s).nothing();
    s.broker("pubrec", { messageId: 5 }).toClient("PUBREC");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 5, dup: true }).toClient("PUBREC");
    s.client("PUBREL", { msgId: 5 }).toBroker("pubrel");
    s.broker("pubcomp", { messageId: 5 }).toClient("PUBCOMP").closes(true);
    renew(s, true);
  });

  test("W10 SUBSCRIBE and UNSUBSCRIBE, and their repetitions are no new ones", () => {
    const s = begin("durable");
    s.client("SUBSCRIBE", { topicName: "a", msgId: 5 }).toBroker("subscribe");
    s.client("UNSUBSCRIBE", { topicName: "b", msgId: 6 }).toBroker("unsubscribe");
    update(s).nothing();
    s.client("SUBSCRIBE", { topicName: "a", msgId: 5, dup: true }).nothing();
    s.client("UNSUBSCRIBE", { topicName: "b", msgId: 6 }).nothing();
    s.broker("suback", { messageId: 5, granted: [0] }).toClient("SUBACK");
    s.broker("unsuback", { messageId: 6 }).toClient("UNSUBACK").closes(true);
    renew(s, true).nothing();
  });

  test("W10 what it asks after the update waits, and does not put it off", () => {
    const s = begin("durable");
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 5 }).toBroker("publish");
    update(s).client("PUBLISH", { topicId, qos: 1, msgId: 6 }).nothing();
    s.broker("puback", { messageId: 5 }).toClient("PUBACK").closes(true);
    renew(s, true).toBroker("publish", { messageId: 6 });
  });

  test("W10 a PUBLISH of QoS 0 goes through as long as there is a connection, and not before what waits", () => {
    const s = begin("durable");
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 5 }).toBroker("publish");
    update(s).client("PUBLISH", { topicId, data: "0" }).toBroker("publish", { payload: "0" });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 6, data: "1" }).nothing();
    s.client("PUBLISH", { topicId, data: "2" }).nothing();
    s.broker("puback", { messageId: 5 }).toClient("PUBACK").closes(true);
    renew(s, true).toBroker("publish", { payload: "1" }).toBroker("publish", { payload: "2" });
  });

  test("W10 with a clean session the broker is not left while it keeps messages back", () => {
    const s = begin("clean", { queuedMax: 1 });
    s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.deliver("a", { qos: 1, messageId: 2 }).does("pause");
    update(s).nothing();
    s.client("PUBACK", { topicId: 1, msgId: 1 }).toBroker("puback").toClient("PUBLISH");
    s.client("PUBACK", { topicId: 1, msgId: 2 }).toBroker("puback").does("resume").does("probe");
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.event({ type: "link-probed", link: s.link }).closes(true);
  });

  test("W10 with a durable session the broker has what it keeps back also afterwards", () => {
    const s = begin("durable", { queuedMax: 1 });
    s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.deliver("a", { qos: 1, messageId: 2 }).does("pause");
    update(s).closes(true);
  });

  test("W10 with a clean session it is given up where the broker has to keep messages back for too long", () => {
    const s = begin("clean", { queuedMax: 1, tRetryMs: 60_000 });
    s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.deliver("a", { qos: 1, messageId: 2 }).does("pause");
    update(s).after(9_999).nothing();
    s.after(1).toClient("WILLTOPICRESP", { returnCode: 1 });
  });
});

describe("W10 what the client says while there is no connection is looked at when there is one", () => {
  test.each(SESSIONS)("W10 every PUBLISH, in its order, with a session that is %s", (session, sessionPresent) => {
    const s = begin(session);
    const topicId = s.register("a");
    update(s).closes(true);
    s.client("PUBLISH", { topicId, data: "0" }).client("PUBLISH", { topicId, data: "0" });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 5, data: "1" });
    s.gone().opens();
    s.client("PUBLISH", { topicId, qos: 2, msgId: 6, data: "2", retain: true }).nothing();
    s.accepts(sessionPresent).toClient("WILLTOPICRESP", { returnCode: 0 });
    s.toBroker("publish", { payload: "0", qos: 0 }).toBroker("publish", { payload: "0", qos: 0 });
    s.toBroker("publish", { payload: "1", qos: 1, messageId: 5 });
    s.toBroker("publish", { payload: "2", qos: 2, messageId: 6, retain: true });
    s.broker("puback", { messageId: 5 }).toClient("PUBACK", { topicId, msgId: 5, returnCode: 0 });
    s.broker("pubrec", { messageId: 6 }).toClient("PUBREC", { msgId: 6 });
  });

  test("W10 SUBSCRIBE, UNSUBSCRIBE and PUBREL", () => {
    const s = begin("durable");
    update(s).closes(true);
    s.client("SUBSCRIBE", { topicName: "a", msgId: 5 }).client("UNSUBSCRIBE", { topicName: "b", msgId: 6 });
    s.client("PUBREL", { msgId: 7 }).nothing();
    renew(s, true).toBroker("subscribe", { messageId: 5 }).toBroker("unsubscribe", { messageId: 6 });
    s.toBroker("pubrel", { messageId: 7 });
  });

  test("W10, T8 REGISTER needs no broker and is answered at once", () => {
    const s = begin("durable");
    update(s).closes(true);
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId }).nothing();
    renew(s, true).toBroker("publish", { topic: "a" });
  });

  test("R7 a repetition of what waits is not done twice, and takes no room", () => {
    const s = begin("durable", { inFlightMax: 2 });
    const topicId = s.register("a");
    update(s).closes(true);
    for (const dup of [false, true, true]) s.client("PUBLISH", { topicId, qos: 2, msgId: 5, dup }).nothing();
    s.client("SUBSCRIBE", { topicName: "b", msgId: 5 }).notNoted("message.ignored");
    renew(s, true).toBroker("publish", { messageId: 5 }).toBroker("subscribe");
  });

  test("M1 the MsgId of a PUBLISH of QoS 0 means nothing: two are two", () => {
    const s = begin("durable");
    const topicId = s.register("a");
    update(s).closes(true);
    s.client("PUBLISH", { topicId, msgId: 3 }).client("PUBLISH", { topicId, msgId: 3 }).nothing();
    renew(s, true).toBroker("publish").toBroker("publish");
  });

  test("W10 beyond clients.max_in_flight nothing more waits, and the client repeats it", () => {
    const s = begin("durable", { inFlightMax: 2 });
    const topicId = s.register("a");
    update(s).closes(true);
    for (const msgId of [5, 6]) s.client("PUBLISH", { topicId, qos: 1, msgId }).nothing();
    s.client("PUBLISH", { topicId, qos: 1, msgId: 7 }).noted("message.ignored", { limit: "clients.max_in_flight" });
    s.client("PUBLISH", { topicId }).noted("message.ignored", { limit: "clients.max_in_flight" });
    renew(s, true).toBroker("publish", { messageId: 5 }).toBroker("publish", { messageId: 6 });
  });

  test("W10 the message is kept, not the datagram it came in", () => {
    const s = begin("durable");
    const topicId = s.register("a");
    update(s).closes(true);
    const datagram = octets("PUBLISH", { topicId, data: "kept" });
    s.datagram(datagram);
    datagram.fill(0x21);
    renew(s, true).toBroker("publish", { payload: "kept" });
  });

  test("W10 what the broker answers is the client's answer, and an unknown topic id is refused as ever", () => {
    const s = begin("durable");
    update(s).closes(true);
    s.client("PUBLISH", { topicId: 0x999, qos: 1, msgId: 5 }).nothing();
    renew(s, true).toClient("PUBACK", { topicId: 0x999, msgId: 5, returnCode: 2 });
  });
});

describe("W10 the client does not notice", () => {
  test.each(SESSIONS)("T9 its topic ids stay, both ways, with a session that is %s", (session, sessionPresent) => {
    const s = begin(session);
    const topicId = s.subscribe("a", 0);
    update(s).closes(true).gone().opens().accepts(sessionPresent);
    if (!sessionPresent)
      s.toBroker("subscribe", { messageId: 65535 }).broker("suback", { messageId: 65535, granted: [0] });
    s.toClient("WILLTOPICRESP", { returnCode: 0 });
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "a" });
    s.deliver("a").toClient("PUBLISH", { topicId });
  });

  test("S11 what the broker has forgotten is subscribed to again before the update is accepted", () => {
    const s = begin("clean");
    s.subscribe("a", 2, 1);
    s.subscribe("b/#", 1, 2);
    update(s).closes(true).gone().opens({ cleanSession: true }).accepts();
    const subscriptions = [
      { topic: "a", qos: 2 },
      { topic: "b/#", qos: 1 },
    ];
    s.toBroker("subscribe", { subscriptions });
    s.client("PUBLISH", { topicIdType: "short", topicId: 0x7878 }).nothing();
    s.broker("suback", { messageId: 65535, granted: [2, 1] }).toClient("WILLTOPICRESP", { returnCode: 0 });
    s.toBroker("publish", { topic: "xx" });
  });

  test("S11 a durable session that the broker has lost is subscribed to again as well", () => {
    const s = begin("durable");
    s.subscribe("a", 2, 1);
    update(s).closes(true).gone().opens({ cleanSession: false }).accepts(false);
    s.toBroker("subscribe", { subscriptions: [{ topic: "a", qos: 2 }] });
    s.broker("suback", { messageId: 65535, granted: [2] }).toClient("WILLTOPICRESP", { returnCode: 0 });
  });

  test("6c a clean session is a new one, whatever the broker says of it", () => {
    const s = begin("clean");
    s.subscribe("a", 2, 1);
    update(s).closes(true).gone().opens().accepts(true).toBroker("subscribe");
  });

  test("W10 the broker does not confirm what was subscribed to: the update fails", () => {
    const s = begin("clean");
    s.subscribe("a", 2, 1);
    update(s).closes(true).gone().opens().accepts().toBroker("subscribe");
    s.after(10_000).toClient("WILLTOPICRESP", { returnCode: 1 }).closes(true).gone();
  });

  test.each(SESSIONS)(
    "P10 a late copy of a QoS 2 PUBLISH is known as one, with a session that is %s",
    (session, sessionPresent) => {
      const s = begin(session);
      const topicId = s.register("a");
      s.client("PUBLISH", { topicId, qos: 2, msgId: 5 }).toBroker("publish");
      s.broker("pubrec", { messageId: 5 }).toClient("PUBREC");
      s.client("PUBREL", { msgId: 5 }).toBroker("pubrel");
      s.broker("pubcomp", { messageId: 5 }).toClient("PUBCOMP");
      update(s).closes(true);
      s.client("PUBLISH", { topicId, qos: 2, msgId: 5, dup: true });
      s.client("PUBREL", { msgId: 5 }).nothing();
      renew(s, sessionPresent).toClient("PUBCOMP", { msgId: 5 });
      s.client("PUBLISH", { topicId, qos: 2, msgId: 5, dup: true }).noted("publish.repeated", { completed: true });
    },
  );

  test.each(SESSIONS)(
    "S7 a repeated SUBSCRIBE has its SUBACK again, with a session that is %s",
    (session, sessionPresent) => {
      const s = begin(session);
      const topicId = s.subscribe("a", 1, 5);
      update(s).closes(true);
      s.client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 5, dup: true }).nothing();
      s.gone().opens().accepts(sessionPresent);
      if (!sessionPresent)
        s.toBroker("subscribe", { messageId: 65535 }).broker("suback", { messageId: 65535, granted: [1] });
      s.toClient("WILLTOPICRESP", { returnCode: 0 }).toClient("SUBACK", { topicId, msgId: 5, qos: 1 });
      s.client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 5, dup: true }).toClient("SUBACK", { topicId });
    },
  );
});
