import { describe, expect, test } from "vitest";
import { active, asleep, back, DURABLE, reopened, WAKE } from "./reconnect-script.ts";
import { Script } from "./script.ts";

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

  test("field 8 and may come back where the next attempt was due at that very moment", () => {
    const waits = { reconnectMinMs: 1000, reconnectMaxMs: 1000, outageLimitMs: 1000 };
    const s = active(DURABLE, waits).gone().after(1000).opens().toClient("DISCONNECT").closes(true).gone();
    s.connect(DURABLE, true);
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

  test("that the broker is there, as it says again and again, costs nobody the turn that is kept for it", () => {
    const s = new Script({ reconnectsPerSecond: 10, outageLimitMs: 3_600_000 });
    const links: number[] = [];
    for (let index = 0; index < 100; index += 1) {
      s.from(`c${index}`).connect({ clientId: `dev${index}`, duration: 0 });
      links.push(s.link);
    }
    for (const link of links) s.gone(link);
    let opened = 0;
    const openAll = () => {
      for (const arrow of s.arrows()) {
        if (arrow !== "open") continue;
        opened += 1;
        s.event({ type: "link-opened", link: 100 + opened, sessionPresent: true }).nothing();
      }
    };
    for (let second = 0; second < 13; second += 1) {
      s.after(1000);
      openAll();
      s.brokerReachable();
      openAll();
    }
    // 2 s at most before the first ones try, and then ten a second.
    expect(opened).toBe(100);
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
