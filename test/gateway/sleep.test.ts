import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";
import { endsAwake, OWN_PING, sleeper } from "./sleep-script.ts";

const DURABLE = { cleanSession: false };

describe("§6.14 going to sleep", () => {
  test("Z1 DISCONNECT with a Duration is answered without one, and the connection stays", () => {
    const s = new Script();
    s.connect().client("DISCONNECT", { duration: 300 });
    s.toClient("DISCONNECT", { duration: undefined }).nothing().noted("client.asleep", { duration: 300 });
  });

  test("Z2 a client that sleeps longer than it said is lost, and its will fires", () => {
    const { s } = sleeper();
    s.after(330_000 - 1).nothing();
    s.after(1).closes(false).nothing().noted("client.lost");
    s.client("PINGREQ", OWN_PING).toClient("DISCONNECT");
  });

  test("Z2 the tolerance of a short sleep is that of a short keep alive", () => {
    const s = new Script();
    s.connect().sleep(10).after(14_999).nothing();
    s.after(1).closes(false);
  });

  test("Z20, field 4: a sleep longer than the keep alive keeps the session", () => {
    const s = new Script();
    s.connect({ duration: 10 }).sleep(65_535).after(65_535_000).nothing();
    s.client("PINGREQ", OWN_PING).toClient("PINGRESP");
  });

  test("Z20 the keep alive counts again after the return", () => {
    const s = new Script();
    s.connect({ duration: 10 }).sleep(3600).after(1_000_000).client("CONNECT", { duration: 10 }).toClient("CONNACK");
    s.after(14_999).nothing();
    s.after(1).closes(false);
  });

  test("Z3, Z18 while a client sleeps nothing is sent to it, and nothing acknowledged for it", () => {
    const { s } = sleeper();
    s.deliver("a", { payload: "1" }).nothing();
    s.deliver("a", { qos: 1, messageId: 3 }).nothing();
    s.deliver("w/x", { qos: 2, messageId: 4 }).nothing();
    s.after(200_000).nothing();
  });

  test("Z3 what is buffered is the message, not the octets that the connection read it from", () => {
    const { s } = sleeper();
    const payload = Buffer.from("21.5");
    s.deliver("a", { payload });
    payload.fill(0);
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { data: "21.5" }).toClient("PINGRESP");
  });

  test("Z3 an exchange in flight stands still during sleep, and goes on with one copy", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { dup: false });
    s.sleep().after(200_000).nothing();
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { dup: true, msgId: 3 }).nothing();
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback", { messageId: 3 });
    endsAwake(s);
  });

  test("Z3 the answer to a request of before the sleep waits until the client wakes", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 5 }).toBroker("publish").sleep();
    s.broker("puback", { messageId: 5 }).nothing();
    s.client("PINGREQ", OWN_PING).toClient("PUBACK", { msgId: 5 }).toClient("PINGRESP");
    s.client("PINGREQ", OWN_PING).toClient("PINGRESP");
  });

  test("Z3 an answer that was held outlives the connection that it came from, for the broker has the message", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 5 }).toBroker("publish").sleep();
    s.broker("puback", { messageId: 5 }).gone().nothing();
    s.connect().toClient("PUBACK", { msgId: 5, returnCode: 0 });
    s.sleep().client("PINGREQ", OWN_PING).toClient("PINGRESP");
  });
});

describe("§6.14 leaving sleep", () => {
  test("Z12 CONNECT: active with the session as it was, whatever the flags say, and the buffer follows", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { payload: "1" }).deliver("a", { qos: 1, messageId: 3 });
    s.client("CONNECT", { cleanSession: true, will: true, duration: 20 });
    s.toClient("CONNACK", { returnCode: 0 }).noted("client.resumed");
    s.toClient("PUBLISH", { topicId, data: "1" }).toClient("PUBLISH", { topicId, msgId: 3 });
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback").nothing();
    // Subscriptions and ids are there, and the new Duration is the keep alive.
    s.deliver("a").toClient("PUBLISH", { topicId });
    s.after(29_999).nothing();
    s.after(1).closes(false);
  });

  test("Z12 what was in flight before the sleep is sent again after CONNACK", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH").sleep();
    s.client("CONNECT").toClient("CONNACK").toClient("PUBLISH", { msgId: 3, dup: true });
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback");
  });

  test("Z12, R6 a CONNECT while awake gives the client its time to answer anew: it is not lost for what it left open before", () => {
    const s = new Script({ tRetryMs: 1000, nRetry: 1 });
    s.connect().subscribe("a", 1);
    s.sleep(300).deliver("a", { qos: 1, messageId: 3 }).nothing();
    s.client("PINGREQ").toClient("PUBLISH", { msgId: 3 });
    s.client("PINGREQ").toClient("PUBLISH", { msgId: 3, dup: true });
    s.after(900).client("CONNECT").toClient("CONNACK");
    s.after(1000).toClient("PUBLISH", { msgId: 3, dup: true });
    s.after(1000).toClient("DISCONNECT").closes(false);
  });

  test("C14, Z12 CONNECT while awake: active, the message in flight stays in flight", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 }).deliver("a", { qos: 1, messageId: 4 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 3 });
    s.client("CONNECT").toClient("CONNACK", { returnCode: 0 }).nothing();
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback").toClient("PUBLISH", { msgId: 4 });
    s.client("PUBACK", { topicId, msgId: 4 }).toBroker("puback").nothing();
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("Z12 CONNECT while the broker is asked whether there is more: no PINGRESP follows", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback").does("probe");
    s.client("CONNECT").toClient("CONNACK");
    s.event({ type: "link-probed", link: s.link }).nothing();
    s.after(10_000).nothing();
  });

  test("Z12, Z8 the limit of an awake period does not hold for an active client", () => {
    const { s } = sleeper({ awakeMessagesMax: 1 });
    for (const payload of ["1", "2", "3"]) s.deliver("a", { payload });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { data: "1" }).toClient("PINGRESP");
    s.client("CONNECT").toClient("CONNACK").toClient("PUBLISH", { data: "2" }).toClient("PUBLISH", { data: "3" });
  });

  test("Z12, C12 the CONNECT repeated: CONNACK again; with Will=1 a set-up anew (A-46)", () => {
    const { s } = sleeper();
    s.client("CONNECT").toClient("CONNACK");
    s.client("CONNECT").toClient("CONNACK").nothing();
    s.sleep();
    s.client("CONNECT", { will: true }).toClient("CONNACK");
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
  });

  test("C14, Z12, A-13 CONNECT from another address resumes there", () => {
    const { s, topicId } = sleeper();
    s.deliver("a");
    s.from("c2").client("CONNECT").toClient("CONNACK").toClient("PUBLISH", { topicId });
    s.from("c1").client("PINGREQ", OWN_PING).toClient("DISCONNECT");
    s.from("c2").client("PINGREQ").toClient("PINGRESP");
  });

  test.each(["asleep", "awake"])(
    "Z13 DISCONNECT without Duration while %s: disconnected, without the will",
    (state) => {
      const { s } = sleeper();
      s.deliver("a", { qos: 1, messageId: 3 });
      if (state === "awake") s.client("PINGREQ", OWN_PING).toClient("PUBLISH");
      s.client("DISCONNECT").toClient("DISCONNECT").closes(true).noted("client.disconnected");
      s.client("PINGREQ", OWN_PING).toClient("DISCONNECT");
    },
  );

  test("Z14 DISCONNECT with a Duration while asleep: a new sleep time from now on", () => {
    const { s } = sleeper();
    s.after(100_000).sleep(1000).after(1_099_999).nothing();
    s.after(1).closes(false);
  });

  test("Z14 DISCONNECT with a Duration while awake: asleep again, what was not acknowledged waits", () => {
    const { s } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH");
    s.sleep(1000).after(500_000).nothing();
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 3, dup: true });
  });

  test("Z14 DISCONNECT while the broker is asked whether there is more: the next period begins anew", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 }).client("PINGREQ", OWN_PING).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback").does("probe");
    s.sleep(300).deliver("a").nothing();
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH").toClient("PINGRESP");
  });

  test("Z14 the new Duration holds for the periods that follow", () => {
    const { s } = sleeper();
    s.sleep(1000).client("PINGREQ", OWN_PING).toClient("PINGRESP").after(1_099_999).nothing();
    s.after(1).closes(false);
  });
});

describe("§6.14 other messages of a sleeping client", () => {
  test("Z15 PUBLISH, REGISTER, SUBSCRIBE, UNSUBSCRIBE are answered, and the client sleeps on", () => {
    const { s } = sleeper();
    s.deliver("a").nothing();
    const topicId = s.register("b", 5);
    s.client("PUBLISH", { topicId, qos: 1, msgId: 6 }).toBroker("publish", { topic: "b" });
    s.broker("puback", { messageId: 6 }).toClient("PUBACK", { topicId, msgId: 6 });
    s.subscribe("c", 1, 7);
    s.client("UNSUBSCRIBE", { topicName: "c", msgId: 8 }).toBroker("unsubscribe");
    s.broker("unsuback", { messageId: 8 }).toClient("UNSUBACK");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 9 }).toBroker("publish");
    s.broker("pubrec", { messageId: 9 }).toClient("PUBREC");
    s.client("PUBREL", { msgId: 9 }).toBroker("pubrel");
    s.broker("pubcomp", { messageId: 9 }).toClient("PUBCOMP");
    s.deliver("a").nothing();
  });

  test("Z15, Z3 a request of before the sleep that is repeated in it is answered in it", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    const requests = [
      ["PUBLISH", { topicId, qos: 1, msgId: 5 }, "puback", "PUBACK 0"],
      ["PUBLISH", { topicId, qos: 2, msgId: 6 }, "pubrec", "PUBREC"],
      ["PUBREL", { msgId: 6 }, "pubcomp", "PUBCOMP"],
      ["SUBSCRIBE", { topicName: "b", msgId: 7 }, "suback", "SUBACK 0"],
      ["UNSUBSCRIBE", { topicName: "c", msgId: 8 }, "unsuback", "UNSUBACK"],
    ] as const;
    for (const [type, fields, cmd, answer] of requests) {
      expect(s.client(type, fields).arrows()).toHaveLength(1);
      s.sleep().client(type, fields).nothing();
      s.broker(cmd, { messageId: fields.msgId, granted: [0] });
      expect(s.arrows()).toEqual([answer]);
      s.client("CONNECT").toClient("CONNACK").nothing();
    }
  });

  test("Z3 a late PUBREC of a sleeping client is not answered before it wakes", () => {
    const { s } = sleeper();
    s.deliver("a", { qos: 2, messageId: 3 }).client("PINGREQ", OWN_PING).toClient("PUBLISH");
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec").broker("pubrel", { messageId: 3 }).toClient("PUBREL");
    s.sleep().client("PUBREC", { msgId: 3 }).nothing();
    s.client("PINGREQ", OWN_PING).toClient("PUBREL", { msgId: 3 });
  });

  test("Z15 while awake: answered as well, and the messages go on", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 3 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 6 }).toBroker("publish");
    s.broker("puback", { messageId: 6 }).toClient("PUBACK", { msgId: 6 });
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback");
    endsAwake(s);
  });

  test.each([
    ["PUBLISH", { topicId: 0x999 }],
    ["REGISTER", { topicName: "a", msgId: 1 }],
    ["PUBACK", { topicId: 1, msgId: 1 }],
    ["REGACK", { topicId: 1, msgId: 1 }],
  ] as const)("Z16 %s of a sleeping client restarts its supervision", (type, fields) => {
    const { s } = sleeper();
    s.after(329_999).client(type, fields).arrows();
    s.after(329_999).nothing();
    s.after(1).closes(false);
  });

  test("Z17 PINGREQ without a client id wakes the client at that address", () => {
    const { s } = sleeper();
    s.deliver("a").client("PINGREQ").toClient("PUBLISH").toClient("PINGRESP");
  });

  test.each(["dev2", "dev", "dev10", "DEV1"])("Z17 PINGREQ of %j wakes nobody else: DISCONNECT", (clientId) => {
    const { s } = sleeper();
    s.deliver("a").client("PINGREQ", { clientId }).toClient("DISCONNECT").nothing();
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH").toClient("PINGRESP");
  });

  test("Z17 a PINGREQ of somebody else is no sign of life", () => {
    const { s } = sleeper();
    s.after(329_999).client("PINGREQ", { clientId: "dev2" }).toClient("DISCONNECT");
    s.after(1).closes(false);
  });

  test("Z17, A-48, field 6: PINGREQ of a sleeping client from a new address takes nothing over: DISCONNECT", () => {
    const { s } = sleeper();
    s.deliver("a");
    s.from("c2").client("PINGREQ", OWN_PING).toClient("DISCONNECT").nothing();
    s.from("c1").client("PINGREQ", OWN_PING).toClient("PUBLISH").toClient("PINGRESP");
  });
});

describe("the broker and a sleeping client", () => {
  test("Z18 the connection stays up over a long sleep", () => {
    const s = new Script();
    s.connect().sleep(65_535).after(72_000_000).nothing();
  });

  test("Z18, field 5: what was buffered when the connection broke was never acknowledged", () => {
    const { s, topicId } = sleeper({}, DURABLE);
    s.deliver("a", { qos: 1, messageId: 3 }).gone().nothing().noted("link.closed");
    s.client("CONNECT", DURABLE).opens({ cleanSession: false }).accepts(true).toClient("CONNACK");
    // Z21
    s.deliver("a", { qos: 1, messageId: 3, dup: true }).toClient("PUBLISH", { topicId, msgId: 3 });
  });

  test("a client that sleeps on without a connection is lost in its time", () => {
    const { s } = sleeper({ reconnectMinMs: 1_000_000, reconnectMaxMs: 1_000_000 });
    s.gone().nothing();
    s.after(330_000).nothing().noted("client.lost");
  });
});
