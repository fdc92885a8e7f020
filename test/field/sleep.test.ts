import { describe, expect, test } from "vitest";
import { Script } from "../gateway/script.ts";

const OWN_PING = { clientId: "dev1" };

/** A client that sleeps, with a subscription to "a". */
function sleeper(qos: 0 | 1 | 2 = 1): { s: Script; topicId: number } {
  const s = new Script();
  s.connect({ duration: 60 });
  const topicId = s.subscribe("a", qos);
  s.sleep(3600);
  return { s, topicId };
}

/** The gateway has asked the broker whether there is more, and there is not: PINGRESP. */
function endsWithPingResp(s: Script): void {
  s.does("probe");
  s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP").nothing();
}

describe("a client that wakes up", () => {
  test("field 3 a woken client does not wait for PINGRESP in vain when there is nothing for it", () => {
    const { s } = sleeper();
    for (let period = 0; period < 5; period += 1) s.client("PINGREQ", OWN_PING).toClient("PINGRESP").nothing();
  });

  test("field 3 a woken client does not get PINGRESP before its QoS 1 message is acknowledged", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 1 }).client("PINGREQ", OWN_PING).toClient("PUBLISH").nothing();
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback");
    endsWithPingResp(s);
  });

  test("field 3 a woken client does not get PINGRESP in the middle of its QoS 2 message", () => {
    const { s } = sleeper(2);
    s.deliver("a", { qos: 2, messageId: 1 }).client("PINGREQ", OWN_PING).toClient("PUBLISH").nothing();
    s.client("PUBREC", { msgId: 1 }).toBroker("pubrec").nothing();
    s.broker("pubrel", { messageId: 1 }).toClient("PUBREL").nothing();
    s.client("PUBCOMP", { msgId: 1 }).toBroker("pubcomp");
    endsWithPingResp(s);
  });

  test("field 3 a woken client gets PINGRESP in the end, also when it refuses its message", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 1 }).client("PINGREQ", OWN_PING).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 3 }).toBroker("puback");
    endsWithPingResp(s);
  });

  test("field 3 a woken client gets PINGRESP in the end, also when its acknowledgements were lost in the period before", () => {
    const { s, topicId } = sleeper();
    s.deliver("a", { qos: 1, messageId: 1 }).client("PINGREQ", OWN_PING).toClient("PUBLISH", { dup: false });
    s.after(300_000);
    expect(s.arrows()).not.toContain("PINGRESP");
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { dup: true, msgId: 1 }).nothing();
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback");
    endsWithPingResp(s);
  });
});

describe("a client that sleeps longer than its keep alive", () => {
  test.each([
    [1, 65_535],
    [60, 3600],
    [10, 11],
  ])("field 4 keep alive %i s, sleep %i s: its session at the broker is not killed", (keepAlive, sleep) => {
    const s = new Script();
    s.connect({ duration: keepAlive }).sleep(sleep);
    for (let period = 0; period < 3; period += 1) {
      s.after(sleep * 1000).nothing();
      s.client("PINGREQ", OWN_PING).toClient("PINGRESP");
    }
    s.client("CONNECT", { duration: keepAlive }).toClient("CONNACK", { returnCode: 0 });
  });

  test("field 4 the will does not fire while its client sleeps, and does when it oversleeps", () => {
    const s = new Script();
    s.connectWithWill({ duration: 1 }, { willTopic: "w", willMsg: "gone" });
    s.sleep(1000).after(1_099_999).nothing().after(1).closes(false).noted("client.lost");
  });
});

describe("messages for a sleeping client", () => {
  test("field 15 a PINGREQ does not bring again what was acknowledged", () => {
    const { s, topicId } = sleeper();
    for (let period = 1; period <= 100; period += 1) {
      s.deliver("a", { qos: 1, messageId: period, payload: `${period}` });
      s.client("PINGREQ", OWN_PING)
        .toClient("PUBLISH", { data: `${period}`, dup: false })
        .nothing();
      s.client("PUBACK", { topicId, msgId: period }).toBroker("puback", { messageId: period });
      endsWithPingResp(s);
      // Its PINGRESP was lost.
      s.client("PINGREQ", OWN_PING).toClient("PINGRESP").nothing();
    }
  });

  test("field 15 a PINGREQ that is repeated brings one message once more, not all of them", () => {
    const { s } = sleeper();
    for (let messageId = 1; messageId <= 50; messageId += 1) s.deliver("a", { qos: 1, messageId });
    s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 1, dup: false }).nothing();
    for (let time = 0; time < 10; time += 1) {
      s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 1, dup: true }).nothing();
    }
  });

  test("field 15 what the broker sends again to a sleeping client is not kept twice", () => {
    const { s, topicId } = sleeper();
    const messages = [1, 2, 3, 4, 5];
    for (const messageId of messages) s.deliver("a", { qos: 1, messageId });
    for (const messageId of messages) s.deliver("a", { qos: 1, messageId, dup: true });
    s.client("PINGREQ", OWN_PING);
    for (const msgId of messages)
      s.toClient("PUBLISH", { msgId }).client("PUBACK", { topicId, msgId }).toBroker("puback");
    endsWithPingResp(s);
  });

  test("field 15 retransmissions do not pile up over periods in which it does not answer", () => {
    const { s, topicId } = sleeper();
    for (const messageId of [1, 2, 3]) s.deliver("a", { qos: 1, messageId });
    for (let period = 0; period < 5; period += 1) {
      s.client("PINGREQ", OWN_PING).toClient("PUBLISH", { msgId: 1 }).after(300_000);
      // Nretry
      expect(s.arrows()).toEqual(["PUBLISH", "PUBLISH", "PUBLISH"]);
      s.after(600_000).nothing();
    }
    s.client("PINGREQ", OWN_PING);
    for (const msgId of [1, 2, 3])
      s.toClient("PUBLISH", { msgId }).client("PUBACK", { topicId, msgId }).toBroker("puback");
    endsWithPingResp(s);
  });

  test("field 15 10,000 messages in periods of 50 arrive once each, in their order", () => {
    const { s, topicId } = sleeper();
    let arrived = 0;
    for (let period = 0; period < 200; period += 1) {
      for (let index = 0; index < 50; index += 1) {
        s.deliver("a", {
          qos: 1,
          messageId: (period * 50 + index) % 0xffff || 0xffff,
          payload: `${period * 50 + index}`,
        });
      }
      s.client("PINGREQ", OWN_PING);
      for (let index = 0; index < 50; index += 1) {
        const msgId = arrived % 0xffff || 0xffff;
        s.toClient("PUBLISH", { data: `${arrived}`, dup: false, msgId });
        s.client("PUBACK", { topicId, msgId }).toBroker("puback", { messageId: msgId });
        arrived += 1;
      }
      endsWithPingResp(s);
    }
  });
});
