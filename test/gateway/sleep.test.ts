import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const OWN_PING = { clientId: "dev1" };

/** A client that sleeps for 300 s at a time and has subscribed to "a" and "w/#"; the id of "a" is returned as well. */
function sleeper(settings = {}, connect = {}): { s: Script; topicId: number } {
  const s = new Script({ tRetryMs: 10_000, nRetry: 3, ...settings });
  s.connect(connect);
  const topicId = s.subscribe("a", 2, 1);
  s.subscribe("w/#", 2, 2);
  s.sleep(300);
  return { s, topicId };
}

/** The broker has shown that nothing more comes: the awake period ends. */
function endsAwake(s: Script): void {
  s.does("probe").nothing();
  s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
}

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

describe("§6.14 waking up", () => {
  test("Z6 nothing buffered: PINGRESP at once, and the sleep timer starts anew", () => {
    const { s } = sleeper();
    s.after(300_000).client("PINGREQ", OWN_PING).toClient("PINGRESP");
    s.after(329_999).nothing();
    s.after(1).closes(false);
  });

  test("Z4, Z5 the buffered messages in their order, then PINGRESP, then asleep again with the same Duration", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { payload: "1" }).deliver("a", { payload: "2" }).after(100_000);
    s.client("PINGREQ", OWN_PING).noted("client.awake", { waiting: 2 });
    s.toClient("PUBLISH", { topicId, data: "1" }).toClient("PUBLISH", { topicId, data: "2" }).toClient("PINGRESP");
    s.deliver("a").nothing();
    s.after(329_999).nothing();
    s.after(1).closes(false);
  });

  test("Z4 the sleep timer does not run while the client is awake", () => {
    const s = new Script({ tRetryMs: 10_000, nRetry: 3 });
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.sleep(10).deliver("a", { qos: 1, messageId: 3 }).after(14_999);
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH");
    s.after(10_000).toClient("PUBLISH").after(9999);
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback");
    endsAwake(s);
    s.after(14_999).nothing();
    s.after(1).closes(false);
  });

  test("Z5, A-57, field 9: REGISTER, REGACK, PUBLISH, PUBACK, the next message, and only then PINGRESP", () => {
    const { s } = sleeper();
    s.deliver("w/x", { qos: 1, messageId: 3 }).deliver("w/y", { payload: "y" });
    s.client("PINGREQ", OWN_PING);
    const x = s.toClientId("REGISTER", { topicName: "w/x", msgId: 0xffff });
    s.nothing().client("REGACK", { topicId: x, msgId: 0xffff }).toClient("PUBLISH", { topicId: x, msgId: 3 }).nothing();
    s.client("PUBACK", { topicId: x, msgId: 3 }).toBroker("puback");
    const y = s.toClientId("REGISTER", { topicName: "w/y", msgId: 0xffff });
    s.nothing().client("REGACK", { topicId: y, msgId: 0xffff }).toClient("PUBLISH", { data: "y" });
    endsAwake(s);
  });

  test("Z7, field 3: PINGRESP comes after the last PUBACK and PUBCOMP, and it does come", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 }).deliver("a", { qos: 2, messageId: 4 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 3 }).nothing();
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback").toClient("PUBLISH", { msgId: 4 }).nothing();
    s.client("PUBREC", { msgId: 4 }).toBroker("pubrec").nothing();
    s.broker("pubrel", { messageId: 4 }).toClient("PUBREL", { msgId: 4 }).nothing();
    s.client("PUBCOMP", { msgId: 4 }).toBroker("pubcomp");
    endsAwake(s);
  });

  test("Z7 what the broker sends for want of an acknowledgement still belongs to the period", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 3 });
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback").does("probe");
    s.deliver("a", { qos: 1, messageId: 4 }).toClient("PUBLISH", { msgId: 4 });
    s.event({ type: "link-probed", link: s.link }).nothing();
    s.client("PUBACK", { topicId, msgId: 4 }).toBroker("puback");
    endsAwake(s);
  });

  test("Z7 a broker that does not answer keeps no device awake for more than two seconds", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback").does("probe");
    s.after(1999).nothing();
    s.after(1).toClient("PINGRESP");
    s.event({ type: "link-probed", link: s.link }).nothing();
  });

  test("Z8 what arrives during the period joins it", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 3 });
    s.deliver("a", { payload: "new" }).nothing();
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback").toClient("PUBLISH", { data: "new" });
    endsAwake(s);
  });

  test("Z8 a busy topic cannot keep the device awake: the rest waits for the next period", () => {
    const { s, topicId } = sleeper({ awakeMessagesMax: 2 });
    for (const messageId of [3, 4, 5]) s.deliver("a", { qos: 1, messageId });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 3 });
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback").toClient("PUBLISH", { msgId: 4 });
    s.client("PUBACK", { topicId, msgId: 4 }).toBroker("puback").toClient("PINGRESP");
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 5, dup: false });
    s.client("PUBACK", { topicId, msgId: 5 }).toBroker("puback");
    endsAwake(s);
  });

  test("Z8 QoS 0 messages count as well", () => {
    const { s } = sleeper({ awakeMessagesMax: 2 });
    for (const payload of ["1", "2", "3"]) s.deliver("a", { payload });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { data: "1" }).toClient("PUBLISH", { data: "2" });
    s.toClient("PINGRESP");
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { data: "3" }).toClient("PINGRESP");
  });

  test("Z10, field 15: a repeated PINGREQ repeats the message in flight and nothing else", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { payload: "0" }).deliver("a", { qos: 1, messageId: 3 }).deliver("a", { qos: 1, messageId: 4 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { data: "0" }).toClient("PUBLISH", { msgId: 3, dup: false });
    for (let round = 0; round < 5; round += 1) {
      s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 3, dup: true }).nothing();
    }
    s.client("PUBACK", { topicId, msgId: 3 })
      .toBroker("puback")
      .toClient("PUBLISH", { msgId: 4, dup: false })
      .nothing();
    s.client("PUBACK", { topicId, msgId: 4 }).toBroker("puback");
    endsAwake(s);
  });

  test("Z10 who asks again and again gets the message in flight ten times before its own repetition, and no more", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 1 }).client("PINGREQ", OWN_PING).toClient("PUBLISH", { topicId });
    let repeated = 0;
    for (let count = 0; count < 100; count += 1) repeated += s.client("PINGREQ", OWN_PING).arrows().length;
    expect(repeated).toBe(10);
    // The next period has as many.
    s.client("DISCONNECT", { duration: 300 }).toClient("DISCONNECT");
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH").client("PINGREQ", OWN_PING).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback");
    endsAwake(s);
  });

  test("Z10 a REGISTER in flight, a PUBREL in flight: the same", () => {
    const { s } = sleeper();
    s.deliver("w/x", { qos: 2, messageId: 3 });
    s.client("PINGREQ", OWN_PING);
    const topicId = s.toClientId("REGISTER", { msgId: 0xffff });
    s.client("PINGREQ", OWN_PING).toClient("REGISTER", { topicId, msgId: 0xffff, topicName: "w/x" });
    s.client("REGACK", { topicId, msgId: 0xffff }).toClient("PUBLISH", { msgId: 3 });
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec");
    s.client("PINGREQ", OWN_PING).nothing();
    s.broker("pubrel", { messageId: 3 }).toClient("PUBREL");
    s.client("PINGREQ", OWN_PING).toClient("PUBREL", { msgId: 3 });
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp");
    endsAwake(s);
  });

  test("Z10 while the broker is asked whether there is more, PINGREQ waits with it", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback").does("probe");
    s.client("PINGREQ", OWN_PING).nothing();
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
  });

  test("Z11 without an acknowledgement: retransmissions, no PINGRESP, asleep again, and DUP in the next period", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 3, dup: false });
    for (let round = 0; round < 3; round += 1) s.after(10_000).toClient("PUBLISH", { msgId: 3, dup: true });
    s.after(10_000).nothing();
    s.deliver("a", { qos: 1, messageId: 4 }).nothing();
    s.after(300_000).nothing();
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 3, dup: true }).nothing();
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback").toClient("PUBLISH", { msgId: 4, dup: false });
    s.client("PUBACK", { topicId, msgId: 4 }).toBroker("puback");
    endsAwake(s);
  });

  test("Z11 the sleep timer starts when the awake period has failed", () => {
    const { s } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH");
    s.after(40_000).arrows();
    s.after(329_999).nothing();
    s.after(1).closes(false).noted("client.lost");
  });

  test("Z11 a client that goes silent while the broker's PUBREL is awaited falls asleep, and goes on from there", () => {
    const { s } = sleeper();
    s.deliver("a", { qos: 2, messageId: 3 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH");
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec");
    s.after(40_000).nothing();
    s.broker("pubrel", { messageId: 3 }).nothing();
    s.client("PINGREQ", OWN_PING).toClient("PUBREL", { msgId: 3 });
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp");
    endsAwake(s);
  });

  test("Z11, R6, field 3: a QoS 0 message whose REGISTER has no answer does not hold up the next period", () => {
    const { s, topicId } = sleeper();
    s.deliver("w/x").deliver("a").client("PINGREQ", OWN_PING).toClient("REGISTER");
    s.after(39_999);
    expect(s.arrows()).toEqual(["REGISTER", "REGISTER", "REGISTER"]);
    s.after(1).nothing().noted("delivery.dropped", { topic: "w/x" });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { topicId }).toClient("PINGRESP");
  });

  test("Z11, R6, field 3: one of QoS 1 is tried in four periods", () => {
    const { s, topicId } = sleeper();
    s.deliver("w/x", { qos: 1, messageId: 3 }).deliver("a");
    for (let period = 0; period < 3; period += 1) {
      s.client("PINGREQ", OWN_PING).toClient("REGISTER", { topicName: "w/x" }).after(40_000);
      expect(s.arrows()).toEqual(["REGISTER", "REGISTER", "REGISTER"]);
      s.noted("delivery.postponed").after(200_000).nothing();
    }
    s.client("PINGREQ", OWN_PING).toClient("REGISTER").after(39_999).arrows();
    s.after(1).toBroker("puback", { messageId: 3 }).noted("topic.suppressed").noted("delivery.dropped");
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { topicId }).toClient("PINGRESP");
  });

  test("Z11, R6, field 3: a client that asks again and again but does not answer REGISTER gets the rest, and PINGRESP", () => {
    const { s, topicId } = sleeper();
    s.deliver("w/x").deliver("a").client("PINGREQ", OWN_PING).toClient("REGISTER");
    for (let round = 0; round < 3; round += 1) s.after(9000).client("PINGREQ", OWN_PING).toClient("REGISTER");
    s.after(10_000).noted("delivery.dropped", { topic: "w/x" });
    s.toClient("PUBLISH", { topicId }).toClient("PINGRESP");
  });

  test("a late answer of a client that is asleep again belongs to the message in flight", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 3 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH").after(40_000).arrows();
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback", { messageId: 3 }).nothing();
    s.client("PINGREQ", OWN_PING).toClient("PINGRESP");
  });

  test("field 15: over many periods every message is sent once and acknowledged once", () => {
    const { s, topicId } = sleeper();
    for (let period = 0; period < 20; period += 1) {
      for (let index = 0; index < 3; index += 1)
        s.deliver("a", { qos: 1, messageId: period * 3 + index + 1 }).nothing();
      s.after(250_000).client("PINGREQ", OWN_PING);
      for (let index = 0; index < 3; index += 1) {
        const msgId = period * 3 + index + 1;
        s.toClient("PUBLISH", { msgId, dup: false }).nothing();
        s.client("PUBACK", { topicId, msgId }).toBroker("puback", { messageId: msgId });
      }
      endsAwake(s);
    }
  });

  test("field 15: retransmissions before the sleep do not pile up in it", () => {
    const s = new Script({ tRetryMs: 10_000, nRetry: 3 });
    s.connect({ duration: 3600 });
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.after(30_000);
    expect(s.arrows()).toEqual(["PUBLISH", "PUBLISH", "PUBLISH"]);
    s.sleep().after(300_000).nothing();
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { dup: true }).nothing();
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback");
    endsAwake(s);
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

test("Z7 a late answer to the probe of an earlier period does not end this one", () => {
  const s = new Script();
  s.connect().subscribe("a", 1);
  const period = (messageId: number) => {
    s.client("PINGREQ", { clientId: "dev1" });
    const topicId = s.toClientId("PUBLISH", { msgId: messageId });
    s.client("PUBACK", { topicId, msgId: messageId }).toBroker("puback", { messageId }).does("probe");
  };
  s.sleep(600);
  s.broker("publish", { topic: "a", qos: 1, messageId: 1 });
  period(1);
  // The broker is slow: the client is not kept waiting for it.
  s.after(2000).toClient("PINGRESP");
  s.broker("publish", { topic: "a", qos: 1, messageId: 2 });
  period(2);
  s.event({ type: "link-probed", link: s.link }).nothing();
  s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
});
