import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";
import { endsAwake, OWN_PING, sleeper } from "./sleep-script.ts";

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

  test("Z8 so do those that come while nothing waits, before the broker has shown that nothing more comes", () => {
    const { s, topicId } = sleeper({ awakeMessagesMax: 2 });
    s.deliver("a", { qos: 1, messageId: 3 });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 3 });
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback").does("probe");
    s.deliver("a", { payload: "1" }).toClient("PUBLISH", { data: "1" });
    s.deliver("a", { payload: "2" }).nothing();
    s.deliver("a", { payload: "3" }).nothing();
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { data: "2" }).toClient("PUBLISH", { data: "3" });
    s.toClient("PINGRESP");
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
