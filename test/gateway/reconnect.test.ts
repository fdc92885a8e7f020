import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const WAKE = { clientId: "dev1" };

/** An active client, subscribed to "a" with topic id 1 at QoS 2. */
function active(fields: Record<string, unknown> = DURABLE, settings = {}): Script {
  const s = new Script({ discovery: false, ...settings }).connect({ duration: 3600, ...fields });
  expect(s.subscribe("a", 2)).toBe(1);
  return s;
}

function asleep(fields: Record<string, unknown> = DURABLE, settings = {}): Script {
  return active(fields, settings).sleep(3600);
}

/** The connection breaks, and the next attempt begins. */
function reopened(s: Script, fields: Record<string, unknown> = { cleanSession: false }): Script {
  return s.gone().nothing().after(2000).opens(fields);
}

/** The broker still has the session. */
function back(s: Script): Script {
  return reopened(s).accepts(true);
}

/** The broker has lost the session, and gets its subscription again. */
function backWithout(s: Script, fields = { cleanSession: false }): Script {
  reopened(s, fields).accepts(false);
  s.toBroker("subscribe", { messageId: 65_535, subscriptions: [{ topic: "a", qos: 2 }] });
  return s.broker("suback", { messageId: 65_535, granted: [2] });
}

const probed = (s: Script) => s.event({ type: "link-probed", link: s.link });

describe("the broker connection of an active client breaks", () => {
  test("field 8 it is made anew with the session and the will of before, and the client notices nothing", () => {
    const s = new Script().connectWithWill(DURABLE, { willTopic: "w", willMsg: "gone" });
    s.gone().nothing().noted("link.closed");
    s.after(2000).opens({ clientId: "dev1", cleanSession: false, will: { topic: "w", payload: "gone" } });
    s.accepts(true).nothing().noted("link.restored");
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("T11 topic ids go on meaning what they meant, both ways, without a REGISTER", () => {
    const s = back(active());
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).toBroker("publish", { topic: "a", messageId: 7 });
    s.deliver("a").toClient("PUBLISH", { topicId: 1 });
  });

  test("A-54 a session that the broker has lost gets its subscriptions again", () => {
    const s = backWithout(active()).nothing().noted("link.restored");
    s.deliver("a").toClient("PUBLISH", { topicId: 1 });
  });

  test("A-54 a subscription that the broker refused is not held against the client that has begun anew", () => {
    const s = reopened(active()).accepts(false).toBroker("subscribe", { messageId: 65_535 });
    const { link } = s;
    s.broker("suback", { messageId: 65_535, granted: [0x80] }).toClient("DISCONNECT").closes(true).gone(link);
    back(s.connect(DURABLE, true)).nothing();
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("R5 what the client was sent is sent with DUP also where the next connection breaks before it comes", () => {
    const s = active();
    s.deliver("a", { qos: 1, messageId: 5 }).toClient("PUBLISH", { dup: false, msgId: 5 });
    back(back(s)).deliver("a", { qos: 1, messageId: 5, dup: true }).toClient("PUBLISH", { dup: true, msgId: 5 });
  });

  test("R5 and where a message that was sent before waits behind it", () => {
    const s = active();
    s.deliver("a", { qos: 1, messageId: 5 }).toClient("PUBLISH", { msgId: 5 });
    s.client("PUBACK", { topicId: 1, msgId: 5 }).toBroker("puback", { messageId: 5 });
    s.deliver("a", { qos: 1, messageId: 6 }).toClient("PUBLISH", { msgId: 6 });
    // The broker has not heard the PUBACK.
    back(s).deliver("a", { qos: 1, messageId: 5, dup: true }).toClient("PUBLISH", { msgId: 5 });
    s.deliver("a", { qos: 1, messageId: 6, dup: true }).nothing();
    back(s).deliver("a", { qos: 1, messageId: 5, dup: true }).toClient("PUBLISH", { dup: true, msgId: 5 });
  });

  test("and what the client has acknowledged since is not sent once more", () => {
    const s = active();
    s.deliver("a", { qos: 1, messageId: 5 }).toClient("PUBLISH", { msgId: 5 });
    s.gone().client("PUBACK", { topicId: 1, msgId: 5 }).after(2000).opens().accepts(true);
    back(s).deliver("a", { qos: 1, messageId: 5, dup: true }).toBroker("puback", { messageId: 5 });
  });

  test("P9 a second PUBACK is not taken for that of a new message under the same packet identifier", () => {
    const s = active();
    s.deliver("a", { qos: 1, messageId: 5 }).toClient("PUBLISH", { msgId: 5 });
    back(s).deliver("a", { qos: 1, messageId: 5, dup: true }).toClient("PUBLISH", { dup: true, msgId: 5 });
    s.client("PUBACK", { topicId: 1, msgId: 5 }).toBroker("puback", { messageId: 5 });
    s.client("PUBACK", { topicId: 1, msgId: 5 });
    s.deliver("a", { qos: 1, messageId: 5 }).toClient("PUBLISH", { dup: false, msgId: 5 });
    s.client("PUBACK", { topicId: 1, msgId: 5, returnCode: 2 }).toClient("REGISTER", { topicId: 1 });
  });

  test("A-54 a clean session likewise, for a client that does not know of a new one would not ask", () => {
    const s = reopened(active({}), { cleanSession: true }).accepts(false).toBroker("subscribe", { messageId: 65_535 });
    s.broker("suback", { messageId: 65_535, granted: [1] }).noted("link.restored");
  });

  test("K1 a PINGREQ meanwhile is answered", () => {
    active().gone().client("PINGREQ").toClient("PINGRESP");
  });

  test("P9 what the client publishes meanwhile waits, and is acknowledged when the broker has it", () => {
    const s = active().gone();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).nothing();
    s.client("PUBLISH", { topicId: 1, qos: 0 }).nothing();
    s.after(2000).opens().accepts(true).toBroker("publish", { messageId: 7 }).toBroker("publish", { qos: 0 });
    s.broker("puback", { messageId: 7 }).toClient("PUBACK", { msgId: 7, returnCode: 0 });
  });

  test("R7 a repetition of what waits does not make it two", () => {
    const s = active().gone();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).client("PUBLISH", {
      topicId: 1,
      qos: 1,
      msgId: 7,
      dup: true,
    });
    s.after(2000).opens().accepts(true).toBroker("publish", { messageId: 7 });
  });

  test("P9 a PUBLISH that the broker had not answered is not acknowledged, and goes to the broker once more when it is repeated", () => {
    const s = active();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).toBroker("publish", { messageId: 7 });
    back(s).client("PUBLISH", { topicId: 1, qos: 1, msgId: 7, dup: true });
    s.toBroker("publish", { messageId: 7, dup: true });
    s.broker("puback", { messageId: 7 }).toClient("PUBACK", { msgId: 7 });
  });

  test("S7 a SUBSCRIBE that the broker had not answered is asked again when it is repeated", () => {
    const s = active();
    s.client("SUBSCRIBE", { topicName: "b", msgId: 9 }).toBroker("subscribe", { messageId: 9 });
    back(s).client("SUBSCRIBE", { topicName: "b", msgId: 9, dup: true }).toBroker("subscribe", { messageId: 9 });
    s.broker("suback", { messageId: 9, granted: [0] }).toClient("SUBACK", { msgId: 9 });
  });

  test("an answer over the connection of before answers nothing over the new one", () => {
    const s = active();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).toBroker("publish", { messageId: 7 });
    const before = s.link;
    back(s)
      .event({ type: "packet", link: before, packet: { cmd: "puback", messageId: 7 } })
      .nothing();
  });

  test("R7 more than there is room for is not answered, and the client repeats it", () => {
    const s = active(DURABLE, { inFlightMax: 2 }).gone();
    for (const msgId of [7, 8]) s.client("PUBLISH", { topicId: 1, qos: 1, msgId }).nothing();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 9 }).noted("message.ignored", { limit: "clients.max_in_flight" });
    s.after(2000).opens().accepts(true).toBroker("publish", { messageId: 7 }).toBroker("publish", { messageId: 8 });
  });
});

describe("a QoS 2 message of the client is under way when the connection breaks", () => {
  const received = () => {
    const s = active();
    s.client("PUBLISH", { topicId: 1, qos: 2, msgId: 7 }).toBroker("publish", { messageId: 7 });
    return s.broker("pubrec", { messageId: 7 }).toClient("PUBREC", { msgId: 7 });
  };
  const completed = (s: Script) => s.broker("pubcomp", { messageId: 7 }).toClient("PUBCOMP", { msgId: 7 });

  test("P10 before PUBREC it is the broker that knows whether it has it", () => {
    const s = active();
    s.client("PUBLISH", { topicId: 1, qos: 2, msgId: 7 }).toBroker("publish", { messageId: 7 });
    back(s)
      .client("PUBLISH", { topicId: 1, qos: 2, msgId: 7, dup: true })
      .toBroker("publish", { messageId: 7, dup: true });
    s.broker("pubrec", { messageId: 7 }).toClient("PUBREC").client("PUBREL", { msgId: 7 }).toBroker("pubrel");
    completed(s);
  });

  test("P10 after PUBREC the client's PUBREL releases it over the new connection", () => {
    completed(back(received()).client("PUBREL", { msgId: 7 }).toBroker("pubrel", { messageId: 7 }));
  });

  test("P10 after PUBREL too, for that may not have arrived", () => {
    const s = received().client("PUBREL", { msgId: 7 }).toBroker("pubrel", { messageId: 7 });
    back(s).client("PUBREL", { msgId: 7 }).toBroker("pubrel", { messageId: 7 });
    completed(s.client("PUBREL", { msgId: 7 }).nothing());
  });

  test("R7 a copy of its PUBLISH is not another message", () => {
    const s = back(received()).client("PUBLISH", { topicId: 1, qos: 2, msgId: 7, dup: true });
    s.toClient("PUBREC", { msgId: 7 }).nothing();
    back(s.client("PUBREL", { msgId: 7 }).toBroker("pubrel")).client("PUBLISH", { topicId: 1, qos: 2, msgId: 7 });
    s.nothing();
  });

  test("R7 a copy that comes after its end, and has to wait, is a copy still when it is looked at", () => {
    const s = completed(received().client("PUBREL", { msgId: 7 }).toBroker("pubrel"))
      .gone()
      .after(500);
    s.client("PUBLISH", { topicId: 1, qos: 2, msgId: 7 }).nothing().noted("publish.repeated");
    s.after(2000).opens().after(8000).accepts(true).nothing();
  });

  test("P2 where MsgId 0 stands for it, its PUBREL still finds it", () => {
    const s = active();
    s.client("PUBLISH", { topicId: 1, qos: 2, msgId: 0 }).toBroker("publish", { messageId: 0xffff });
    s.broker("pubrec", { messageId: 0xffff }).toClient("PUBREC", { msgId: 0 });
    back(s).client("PUBREL", { msgId: 0 }).toBroker("pubrel", { messageId: 0xffff });
  });

  test("P10 when the broker has lost the session the message is lost: the client is told, not that it is complete", () => {
    const s = backWithout(received()).toClient("DISCONNECT").closes(true);
    s.noted("client.disconnected");
  });

  test("P10 so it is with a clean session", () => {
    const s = active({});
    s.client("PUBLISH", { topicId: 1, qos: 2, msgId: 7 }).toBroker("publish", { messageId: 7 });
    s.broker("pubrec", { messageId: 7 }).toClient("PUBREC", { msgId: 7 });
    backWithout(s, { cleanSession: true }).toClient("DISCONNECT").closes(true);
  });

  test("Z3 a client that sleeps meanwhile is told at its next message", () => {
    const s = received().sleep();
    backWithout(s).closes(true).gone();
    s.client("PINGREQ", WAKE).toClient("DISCONNECT");
  });

  test("Z12 a client that wakes up by CONNECT is refused", () => {
    const s = received().sleep();
    s.gone().client("CONNECT", DURABLE).opens().accepts(false).toBroker("subscribe", { messageId: 65_535 });
    s.broker("suback", { messageId: 65_535, granted: [2] })
      .toClient("CONNACK", { returnCode: 1 })
      .closes(true);
  });

  test("Z12 a client that wakes up by CONNECT releases it where the broker has the session", () => {
    const s = received().sleep();
    s.gone().client("CONNECT", DURABLE).opens().accepts(true).toClient("CONNACK", { returnCode: 0 });
    completed(s.client("PUBREL", { msgId: 7 }).toBroker("pubrel", { messageId: 7 }));
  });
});

describe("a message for the client is under way when the connection breaks", () => {
  test("G8 QoS 1: the broker sends it again, and so does the gateway, with DUP", () => {
    const s = active().deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3, dup: false });
    back(s).deliver("a", { qos: 1, messageId: 3, dup: true }).toClient("PUBLISH", { msgId: 3, dup: true });
    s.client("PUBACK", { topicId: 1, msgId: 3 }).toBroker("puback", { messageId: 3 });
  });

  test("A-27 QoS 1: what the client has acknowledged meanwhile it does not get again", () => {
    const s = active().deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.gone().client("PUBACK", { topicId: 1, msgId: 3 }).nothing().after(2000).opens().accepts(true).nothing();
    s.deliver("a", { qos: 1, messageId: 3, dup: true }).toBroker("puback", { messageId: 3 }).nothing();
    s.deliver("a", { qos: 1, messageId: 4 }).toClient("PUBLISH", { msgId: 4, dup: false });
  });

  test("A-27 QoS 1: nothing is acknowledged that the client has refused meanwhile", () => {
    const s = active().deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.gone().client("PUBACK", { topicId: 1, msgId: 3, returnCode: 3 }).after(2000).opens().accepts(true).nothing();
    s.deliver("a", { qos: 1, messageId: 3, dup: true }).toClient("PUBLISH", { msgId: 3 });
  });

  test("G6 QoS 1: so it is where the broker is quicker than what is restored, and the next message follows", () => {
    const s = active().deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.gone().client("PUBACK", { topicId: 1, msgId: 3 }).nothing().after(2000).opens();
    s.event({ type: "link-closed", link: s.link, reason: "reset" }).after(4000).opens().accepts(true);
    s.toBroker("subscribe").deliver("a", { qos: 1, messageId: 3, dup: true }).deliver("a", { qos: 1, messageId: 4 });
    s.nothing().broker("suback", { messageId: 65_535, granted: [2] });
    s.toBroker("puback", { messageId: 3 }).toClient("PUBLISH", { msgId: 4, dup: false });
  });

  test("A-27 QoS 2: the exchange goes on where the broker takes it up", () => {
    const s = active().deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec", { messageId: 3 });
    back(s).broker("pubrel", { messageId: 3 }).toClient("PUBREL", { msgId: 3 });
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp", { messageId: 3 });
  });

  test("A-34 a broker that has lost the session has lost the message: the client gets what is here, and nobody is told", () => {
    const s = active().deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.deliver("a", { qos: 1, messageId: 4 });
    backWithout(s).client("PUBACK", { topicId: 1, msgId: 3 }).toClient("PUBLISH", { msgId: 4 });
    s.client("PUBACK", { topicId: 1, msgId: 4 }).nothing();
  });

  test("R2 nothing is repeated to the client while there is no connection", () => {
    const s = active(DURABLE, { reconnectMinMs: 29_000 }).deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.gone().after(28_000).nothing();
  });
});

describe("the outage lasts", () => {
  test("field 8 an active client is told after broker.outage_limit, and connects again", () => {
    const s = active(DURABLE, { outageLimitMs: 5000, reconnectMinMs: 60_000 }).gone();
    s.after(4999).nothing().after(1).toClient("DISCONNECT").noted("client.disconnected");
    s.client("PINGREQ").toClient("DISCONNECT");
    s.connect(DURABLE, true).deliver("a", { qos: 1, messageId: 1 });
    // A new connection: the client is told of the id before it is used.
    s.toClient("REGISTER", { topicName: "a", topicId: 1 });
  });

  test("field 8 so it is when attempts are under way", () => {
    const s = active(DURABLE, { outageLimitMs: 5000 });
    reopened(s).after(5000).toClient("DISCONNECT").closes(true).gone().nothing();
  });

  test("what the client has said meanwhile is forgotten with that", () => {
    const s = active(DURABLE, { outageLimitMs: 5000, reconnectMinMs: 60_000 }).gone();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).after(5000).toClient("DISCONNECT");
    s.connect(DURABLE, true).nothing();
  });

  test("attempts follow each other after longer and longer waits, up to broker.reconnect_max", () => {
    const s = asleep(DURABLE, { reconnectMinMs: 1000, reconnectMaxMs: 8000 }).gone();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const since = s.now;
      while (s.gateway.deadline - since < 20_000 && s.now < s.gateway.deadline) {
        s.after(s.gateway.deadline - s.now);
        if (s.arrows().includes("open")) break;
      }
      waits.push(s.now - since);
      s.link += 1;
      s.gone();
    }
    for (const [attempt, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(1000);
      expect(wait).toBeLessThanOrEqual(Math.min(8000, 1000 * 2 ** (attempt + 1)));
    }
    expect(Math.max(...waits)).toBeGreaterThan(4000);
    expect(new Set(waits).size).toBeGreaterThan(8);
  });

  test("an attempt that has no answer within broker.connect_timeout is given up, and the next one waits for its end", () => {
    const s = reopened(asleep(DURABLE, { connectTimeoutMs: 3000 }))
      .after(3000)
      .closes(true)
      .noted("link.retried");
    s.after(60_000).nothing();
    s.gone().opens().accepts(true).noted("link.restored");
  });

  test("A-54 where the broker has not confirmed the subscriptions, they are made over the next connection too", () => {
    const s = reopened(asleep(DURABLE, { connectTimeoutMs: 3000 }))
      .accepts(false)
      .toBroker("subscribe");
    // The broker has a session by now, and perhaps nothing in it.
    s.after(3000).closes(true).gone().after(4000).opens().accepts(true).toBroker("subscribe", { messageId: 65_535 });
    back(s.broker("suback", { messageId: 65_535, granted: [2] }).noted("link.restored")).nothing();
  });

  test("A-54 a session may be one of an attempt whose end was not seen: the broker is told of the subscriptions again", () => {
    const s = reopened(asleep()).event({ type: "link-closed", link: 2, reason: "reset" }).after(4000);
    s.opens().accepts(true).toBroker("subscribe", { messageId: 65_535 });
    back(s.broker("suback", { messageId: 65_535, granted: [2] })).nothing();
  });

  test("A-54 so it is where the attempt was given up, and where the client connects then", () => {
    const s = reopened(asleep(DURABLE, { connectTimeoutMs: 3000 }))
      .after(3000)
      .closes(true);
    s.event({ type: "link-closed", link: s.link, reason: "cut" });
    s.client("CONNECT", DURABLE).opens().accepts(true).toBroker("subscribe", { messageId: 65_535 });
    s.broker("suback", { messageId: 65_535, granted: [2] }).toClient("CONNACK", { returnCode: 0 });
  });

  test("A-54 an attempt that was refused, or reached nobody, leaves no doubt", () => {
    const s = reopened(asleep()).refuses(3).after(4000).opens().gone().after(8000).opens().accepts(true).nothing();
    s.noted("link.restored");
  });

  test("A-54 so it is when the client connects anew", () => {
    const s = reopened(asleep()).accepts(false).toBroker("subscribe").client("CONNECT", DURABLE).closes(true).gone();
    s.opens()
      .accepts(true)
      .toBroker("subscribe", { subscriptions: [{ topic: "a", qos: 2 }] });
    s.broker("suback", { messageId: 65_535, granted: [2] }).toClient("CONNACK", { returnCode: 0 });
  });

  test("a broker that has no time, code 3, is asked again", () => {
    const s = reopened(active()).refuses(3).nothing().after(4000).opens().accepts(true).noted("link.restored");
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test.each([1, 2, 4, 5])("a broker that will not have the client, code %i: an active one is told at once", (code) => {
    reopened(active()).refuses(code).toClient("DISCONNECT").noted("client.disconnected");
  });

  test.each([3, 5])("a broker that refuses with code %i does not wake up a sleeping client", (code) => {
    const s = reopened(asleep()).refuses(code).nothing().after(4000).opens().accepts(true).nothing();
    s.client("PINGREQ", WAKE).does("probe");
  });

  test("K3 a client that is silent for too long in the middle of an attempt is lost", () => {
    const s = active({ cleanSession: false, duration: 10 }, { connectTimeoutMs: 1_000_000 });
    reopened(s).after(13_000).closes(false).noted("client.lost");
  });

  test("what has failed before one outage does not count in the next", () => {
    const s = reopened(asleep()).gone().noted("link.retried").notNoted("link.closed").after(4000).opens().accepts(true);
    s.gone().noted("link.closed").client("PINGREQ", WAKE).nothing();
    s.after(2000).opens();
  });

  test("when the gateway's own connection is back, nobody waits any longer", () => {
    const s = asleep(DURABLE, { reconnectMinMs: 1000, reconnectMaxMs: 3_600_000 }).gone();
    for (let attempt = 0; attempt < 8; attempt += 1) {
      while (
        !s
          .after(s.gateway.deadline - s.now)
          .arrows()
          .includes("open")
      );
      s.link += 1;
      s.gone();
    }
    s.after(1000).nothing();
    s.brokerReachable().after(1000);
    expect(s.arrows()).toEqual(["open"]);
  });
});

describe("many connections break", () => {
  test("no more than broker.max_reconnect_rate are made anew in a second, and all of them are", () => {
    const s = new Script({ reconnectsPerSecond: 10, outageLimitMs: 3_600_000 });
    const links: number[] = [];
    for (let index = 0; index < 100; index += 1) {
      s.from(`c${index}`).connect({ clientId: `dev${index}`, duration: 0 });
      links.push(s.link);
    }
    for (const link of links) s.gone(link);
    const opened: number[] = [];
    while (opened.length < 100 && s.now < 60_000) {
      s.after(100);
      for (const arrow of s.arrows()) {
        if (arrow !== "open") continue;
        opened.push(s.now);
        s.event({ type: "link-opened", link: 100 + opened.length, sessionPresent: true }).nothing();
      }
    }
    expect(opened.length).toBe(100);
    for (const at of opened) {
      expect(opened.filter((other) => other > at - 1000 && other <= at).length).toBeLessThanOrEqual(11);
    }
  });

  test("a client that wakes up does not wait for the others", () => {
    const s = new Script({ reconnectsPerSecond: 1 });
    const links: number[] = [];
    for (let index = 0; index < 50; index += 1) {
      s.from(`c${index}`)
        .connect({ clientId: `dev${index}` })
        .sleep(3600);
      links.push(s.link);
    }
    for (const link of links) s.gone(link);
    s.after(2000).arrows();
    s.from("c49").client("PINGREQ", { clientId: "dev49" }).after(0).opens({ clientId: "dev49" });
  });
});

describe("the broker connection of a sleeping client breaks", () => {
  test("Z18 it is made anew, and nothing is sent to the client", () => {
    back(asleep()).nothing().noted("link.restored");
  });

  test("Z5, Z7 when it wakes up it gets what the broker has for it, before PINGRESP", () => {
    const s = back(asleep()).deliver("a", { qos: 1, messageId: 3 }).nothing();
    s.client("PINGREQ", WAKE).toClient("PUBLISH", { topicId: 1, msgId: 3 });
    probed(s.client("PUBACK", { topicId: 1, msgId: 3 }).toBroker("puback").does("probe")).toClient("PINGRESP");
  });

  test("Z7 what comes behind the new connection's first sign of life comes before PINGRESP", () => {
    const s = back(asleep()).client("PINGREQ", WAKE).does("probe");
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    probed(s).nothing();
    probed(s.client("PUBACK", { topicId: 1, msgId: 3 }).toBroker("puback").does("probe")).toClient("PINGRESP");
  });

  test("Z6 a PINGREQ just after the break is answered when the connection is there", () => {
    const s = asleep().gone().client("PINGREQ", WAKE).nothing();
    s.after(1000).opens().accepts(true).does("probe");
    probed(s).toClient("PINGRESP");
  });

  test("Z6 a PINGREQ is answered without messages when an attempt fails, so that the client can sleep", () => {
    const s = asleep().gone().client("PINGREQ", WAKE).nothing().after(1000).opens();
    s.gone().toClient("PINGRESP").noted("link.retried");
    s.client("PINGREQ", WAKE).toClient("PINGRESP");
    s.after(4000).opens().accepts(true).nothing();
  });

  test("Z2 and its sleep is counted from there", () => {
    const s = asleep(DURABLE, { reconnectMinMs: 10_000_000 }).gone().after(3_000_000).client("PINGREQ", WAKE).nothing();
    s.after(3_900_000).nothing().notNoted("client.lost");
    s.after(100_000).nothing().noted("client.lost");
  });

  test("Z3 the end of broker.outage_limit means nothing to a sleeping client", () => {
    asleep(DURABLE, { outageLimitMs: 0, reconnectMinMs: 60_000 }).gone().after(59_000).nothing();
  });

  test("Z15 what it publishes asleep goes to the broker when it can", () => {
    const s = asleep().gone().client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).nothing();
    s.after(2000).opens().accepts(true).toBroker("publish", { messageId: 7 });
    s.broker("puback", { messageId: 7 }).toClient("PUBACK", { msgId: 7 });
  });

  test("Z12 a CONNECT has its connection made at once", () => {
    const s = asleep().gone().client("CONNECT", DURABLE).opens({ cleanSession: false }).accepts(true);
    s.toClient("CONNACK", { returnCode: 0 }).noted("client.resumed");
    s.after(60_000).nothing();
  });

  test("Z12 a CONNECT in the middle of an attempt waits for the end of that one", () => {
    const s = reopened(asleep()).client("CONNECT", DURABLE).closes(true).nothing();
    s.gone().opens().accepts(true).toClient("CONNACK", { returnCode: 0 });
  });

  test("Z13 a DISCONNECT ends it, and no attempt follows", () => {
    asleep().gone().client("DISCONNECT").toClient("DISCONNECT").noted("client.disconnected").after(60_000).nothing();
  });
});

describe("the broker connection of an awake client breaks", () => {
  const awake = (settings = {}) => {
    const s = asleep(DURABLE, settings).deliver("a", { qos: 1, messageId: 3 });
    return s.client("PINGREQ", WAKE).toClient("PUBLISH", { msgId: 3 });
  };

  test("Z7 the period goes on over the new connection, and ends when all has been delivered", () => {
    const s = awake();
    reopened(s).accepts(true).does("probe");
    s.deliver("a", { qos: 1, messageId: 3, dup: true }).toClient("PUBLISH", { msgId: 3, dup: true });
    probed(s).nothing();
    probed(s.client("PUBACK", { topicId: 1, msgId: 3 }).toBroker("puback").does("probe")).toClient("PINGRESP");
  });

  test("Z7 there is no PINGRESP as long as a message is under way, though attempts fail", () => {
    const s = awake();
    reopened(s).gone().nothing().noted("link.retried");
  });

  test("Z7 one that has got everything goes back to sleep when an attempt fails", () => {
    const s = back(asleep()).client("PINGREQ", WAKE).does("probe");
    reopened(s).gone().toClient("PINGRESP");
    s.after(4000).opens().accepts(true).nothing();
  });

  test("Z11 when that does not come, the client goes back to sleep and is not told", () => {
    const s = awake({ outageLimitMs: 5000, reconnectMinMs: 1_000_000 }).gone().after(60_000).nothing();
    s.client("PINGREQ", WAKE).nothing();
  });
});

describe("the broker closes the connection of one client alone", () => {
  const closedByBroker = (s: Script) => s.event({ type: "link-closed", link: s.link, reason: "end", byBroker: true });

  test("C14 the client is elsewhere: its session ends without a word, and no connection is made", () => {
    const s = closedByBroker(active().brokerReachable()).nothing().after(60_000).nothing();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).toClient("DISCONNECT");
    s.connect(DURABLE, true);
  });

  test("C14 what is stored of it stays", () => {
    const s = closedByBroker(active().brokerReachable()).after(2000).noted("client.taken-over");
    s.client("CONNECT", DURABLE).opens().accepts(true).toClient("CONNACK");
    s.client("PUBLISH", { topicId: 1 }).toBroker("publish", { topic: "a" });
  });

  test("Z18 so it is with a sleeping client", () => {
    const s = closedByBroker(asleep().brokerReachable()).after(60_000).nothing();
    s.client("PINGREQ", WAKE).toClient("DISCONNECT");
  });

  test("not so where the broker is gone for the gateway's own connection too", () => {
    const s = closedByBroker(active().brokerReachable()).brokerReachable(false).after(2000);
    s.opens().accepts(true).noted("link.restored");
  });

  test("not so where that was gone a moment before", () => {
    const s = active().brokerReachable().brokerReachable(false).brokerReachable().after(500);
    closedByBroker(s).after(2000).opens();
  });

  test("not so where others were closed with it", () => {
    const s = active().brokerReachable();
    const { link } = s;
    s.from("c2").connect({ clientId: "dev2" });
    closedByBroker(s);
    s.event({ type: "link-closed", link, reason: "end", byBroker: true }).after(2000);
    expect(s.arrows()).toEqual(["open", "open"]);
  });

  test("C14 so it is with several of many, as when they walk over to another gateway", () => {
    const s = new Script({ discovery: false }).brokerReachable();
    const links: number[] = [];
    for (let index = 0; index < 40; index += 1) {
      s.from(`c${index}`).connect({ clientId: `dev${index}`, duration: 0 });
      links.push(s.link);
    }
    for (const link of links.slice(0, 9))
      s.event({ type: "link-closed", link, reason: "end", byBroker: true }).after(10);
    s.after(60_000).nothing();
    for (const link of links.slice(10, 20)) s.event({ type: "link-closed", link, reason: "end", byBroker: true });
    s.after(60_000);
    expect(s.arrows().filter((arrow) => arrow === "open").length).toBeGreaterThanOrEqual(10);
  });

  test("not so where one other was closed a moment before", () => {
    const s = active().brokerReachable();
    const { link } = s;
    s.from("c2").connect({ clientId: "dev2", duration: 0 }).gone().after(500);
    s.event({ type: "link-closed", link, reason: "end", byBroker: true }).after(2000);
    expect(s.arrows()).toEqual(["open", "open"]);
  });

  test("not so where the gateway's own connection has never been there", () => {
    closedByBroker(active()).after(2000).opens();
  });

  test("but once more after it was made anew, and two gateways that are not let in do not take it from each other", () => {
    const s = closedByBroker(active()).after(2000).opens().accepts(true);
    closedByBroker(s).after(60_000).nothing();
  });

  test("not so where the gateway's own connection has been there once, and is not", () => {
    const s = closedByBroker(active().brokerReachable().brokerReachable(false)).after(2000).opens().accepts(true);
    closedByBroker(s).after(4000).opens();
  });

  test("not so where the network has broken it", () => {
    active().brokerReachable().gone().after(2000).opens();
  });

  test("not so where the broker had closed it, and the network breaks what was made anew", () => {
    const s = active().brokerReachable().brokerReachable(false).brokerReachable().after(500);
    closedByBroker(s).after(2000).opens().accepts(true);
    s.after(1000).gone().after(2000).opens();
  });

  test("what was made anew and is closed again at once is another's", () => {
    const s = active().brokerReachable();
    const { link } = s;
    s.from("c2").connect({ clientId: "dev2" });
    closedByBroker(s);
    s.event({ type: "link-closed", link, reason: "end", byBroker: true }).after(2000);
    expect(s.arrows()).toEqual(["open", "open"]);
    for (const made of [3, 4]) s.event({ type: "link-opened", link: made, sessionPresent: true });
    s.arrows();
    for (const made of [3, 4]) s.event({ type: "link-closed", link: made, reason: "end", byBroker: true });
    s.after(60_000).nothing();
  });

  test("so it is where the other gateway takes it back only after twice broker.reconnect_min", () => {
    const s = active(DURABLE, { reconnectMinMs: 10_000 }).brokerReachable();
    const { link } = s;
    s.from("c2").connect({ clientId: "dev2", duration: 0 });
    closedByBroker(s);
    s.event({ type: "link-closed", link, reason: "end", byBroker: true }).after(20_000);
    expect(s.arrows()).toEqual(["open", "open"]);
    for (const made of [3, 4]) s.event({ type: "link-opened", link: made, sessionPresent: true });
    s.after(20_000).arrows();
    for (const made of [3, 4]) s.event({ type: "link-closed", link: made, reason: "end", byBroker: true });
    s.after(60_000).nothing();
  });
});
