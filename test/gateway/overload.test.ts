import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const DAY = 3600 * 18;
/** With the topic `a` it counts for 100 octets. */
const PAYLOAD = "x".repeat(67);

/** A script with sleeping clients that have subscribed to `a`, each at an address and on a link of its own. */
function asleep(settings: object, ...clientIds: string[]): { s: Script; links: number[]; topicIds: number[] } {
  const s = new Script(settings);
  const links: number[] = [];
  const topicIds: number[] = [];
  for (const clientId of clientIds) {
    s.from(clientId).connect({ clientId, cleanSession: false, duration: DAY });
    topicIds.push(s.subscribe("a", 2));
    links.push(s.link);
    s.sleep(DAY);
  }
  return { s, links, topicIds };
}

/** From now on the script speaks for this client and its link. */
function as(s: Script, clientId: string, link: number): Script {
  s.link = link;
  return s.from(clientId);
}

describe("bufferedOctetsMax: what waits for all clients together", () => {
  test("Z19 QoS 0 is dropped, the oldest first, and each client keeps one message", () => {
    const { s, links } = asleep({ bufferedOctetsMax: 300 }, "d1", "d2");
    const sized = (data: string) => data.padEnd(PAYLOAD.length);
    for (const data of ["1", "2"]) as(s, "d1", links[0]!).deliver("a", { payload: sized(data) });
    as(s, "d2", links[1]!)
      .deliver("a", { payload: sized("1") })
      .notNoted("delivery.dropped");
    as(s, "d1", links[0]!).deliver("a", { payload: sized("3") });
    s.noted("delivery.dropped", { clientId: "d1", qos: 0, limit: "clients.max_buffered_bytes" });
    as(s, "d2", links[1]!)
      .deliver("a", { payload: sized("2") })
      .noted("delivery.dropped", { clientId: "d2" });
    as(s, "d1", links[0]!)
      .client("PINGREQ", { clientId: "d1" })
      .toClient("PUBLISH", { data: sized("3") });
    s.toClient("PINGRESP");
    as(s, "d2", links[1]!)
      .client("PINGREQ", { clientId: "d2" })
      .toClient("PUBLISH", { data: sized("2") });
    s.toClient("PINGRESP");
  });

  test("Z19 QoS 1 and 2 are never dropped: a broker connection whose client has something waiting is read no more", () => {
    const { s, links } = asleep({ bufferedOctetsMax: 200 }, "d1", "d2");
    as(s, "d1", links[0]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).nothing();
    s.deliver("a", { qos: 2, messageId: 2, payload: PAYLOAD }).does("pause").notNoted("delivery.dropped");
    s.noted("queue.paused", { clientId: "d1", limit: "clients.max_buffered_bytes" });
    // One that has nothing gets its message all the same, and then no more.
    as(s, "d2", links[1]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).does("pause");
  });

  test("reading goes on for those that were kept waiting when another client has been given its messages", () => {
    const { s, links, topicIds } = asleep({ bufferedOctetsMax: 300 }, "d1", "d2");
    as(s, "d1", links[0]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).nothing();
    s.deliver("a", { qos: 1, messageId: 2, payload: PAYLOAD }).nothing();
    as(s, "d2", links[1]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).does("pause");
    as(s, "d1", links[0]!).client("PINGREQ", { clientId: "d1" }).toClient("PUBLISH", { msgId: 1 }).does("pause");
    s.client("PUBACK", { topicId: topicIds[0], msgId: 1 }).toBroker("puback").toClient("PUBLISH", { msgId: 2 });
    s.does("resume");
    s.link = links[1]!;
    s.does("resume").noted("queue.resumed", { clientId: "d2" });
  });

  test("the room that one client makes by its end is for the others", () => {
    const { s, links } = asleep({ bufferedOctetsMax: 300 }, "d1", "d2");
    for (const messageId of [1, 2]) as(s, "d1", links[0]!).deliver("a", { qos: 1, messageId, payload: PAYLOAD });
    as(s, "d2", links[1]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).does("pause");
    as(s, "d1", links[0]!).client("DISCONNECT").toClient("DISCONNECT").closes(true);
    s.link = links[1]!;
    s.does("resume");
  });

  test("a client whose own room is used up waits for that, though there is room for all again", () => {
    const { s, links } = asleep({ bufferedOctetsMax: 300, queuedMax: 1 }, "d1", "d2");
    as(s, "d1", links[0]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).nothing();
    as(s, "d2", links[1]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).nothing();
    s.deliver("a", { qos: 1, messageId: 2, payload: PAYLOAD }).does("pause");
    s.noted("queue.paused", { limit: "clients.max_queued" });
    as(s, "d1", links[0]!).client("DISCONNECT").toClient("DISCONNECT").closes(true).nothing();
  });

  test("many that were kept waiting are called a few at a time, and all of them without anything else happening", () => {
    const clientIds = Array.from({ length: 100 }, (_, index) => `d${index}`);
    const { s, links } = asleep({ bufferedOctetsMax: 2000, queuedOctetsMax: 10_000 }, "big", ...clientIds);
    as(s, "big", links[0]!)
      .deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD.repeat(30) })
      .does("pause");
    for (const [index, clientId] of clientIds.entries()) {
      as(s, clientId, links[index + 1]!).deliver("a", { qos: 1, messageId: 1, payload: "" });
      expect(s.arrows()).toEqual(["pause"]);
    }
    as(s, "big", links[0]!).client("DISCONNECT").toClient("DISCONNECT").closes(true);
    // All the small messages together are still too many.
    expect(s.arrows()).toEqual([]);
    for (const clientId of clientIds.slice(0, 75)) {
      as(s, clientId, 0).client("DISCONNECT").toClient("DISCONNECT");
      const [, ...others] = s.arrows();
      expect(others.length).toBeLessThanOrEqual(16);
    }
    s.after(0);
    for (const resumed of s.arrows()) expect(resumed).toBe("resume");
    s.nothing();
    for (const [index, clientId] of clientIds.entries()) {
      if (index < 75) continue;
      // Each is read again: it may have a second message.
      as(s, clientId, links[index + 1]!)
        .deliver("a", { qos: 1, messageId: 2, payload: "" })
        .nothing();
    }
  });

  test("what passes through to a client that listens is not kept back, and does not count for long", () => {
    const { s, links } = asleep({ bufferedOctetsMax: 100 }, "d1");
    as(s, "d1", links[0]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).does("pause");
    s.from("d2").connect({ clientId: "d2" });
    const topicId = s.subscribe("a", 1);
    for (let messageId = 1; messageId <= 5; messageId += 1) {
      s.deliver("a", { qos: 1, messageId }).toClient("PUBLISH", { msgId: messageId }).does("pause");
      s.client("PUBACK", { topicId, msgId: messageId }).toBroker("puback").does("resume");
      s.deliver("a", { payload: "0" }).toClient("PUBLISH", { qos: 0 }).notNoted("delivery.dropped");
    }
  });

  test("what a lost client had counts no more", () => {
    const { s, links } = asleep({ bufferedOctetsMax: 300 }, "d1", "d2");
    for (const messageId of [1, 2]) as(s, "d1", links[0]!).deliver("a", { qos: 1, messageId, payload: PAYLOAD });
    s.from("d1").client("CONNECT", { clientId: "other" }).closes(false, links[0]).opens();
    as(s, "d2", links[1]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).nothing();
    s.deliver("a", { qos: 1, messageId: 2, payload: PAYLOAD }).nothing();
  });
});

describe("what a client says while its broker connection is made anew", () => {
  const interrupted = (settings: object) => {
    const s = new Script(settings);
    s.connect({ cleanSession: false, duration: DAY });
    const topicId = s.register("a");
    s.gone().nothing();
    return { s, topicId };
  };

  test("queuedOctetsMax bounds what is held of it; the client repeats the rest", () => {
    const { s, topicId } = interrupted({ queuedOctetsMax: 250 });
    const publish = (msgId: number) => s.client("PUBLISH", { topicId, qos: 1, msgId, data: "x".repeat(68) }).nothing();
    publish(1).notNoted("message.ignored");
    publish(2).notNoted("message.ignored");
    publish(3).noted("message.ignored", { limit: "clients.max_queued_bytes" });
    // A repetition of what is held takes no room.
    publish(1).notNoted("message.ignored");
  });

  test("bufferedOctetsMax holds for it too, and what has gone to the broker counts no more", () => {
    const { s, topicId } = interrupted({ bufferedOctetsMax: 150 });
    const publish = (msgId: number) => s.client("PUBLISH", { topicId, qos: 1, msgId, data: "x".repeat(68) });
    publish(1).nothing();
    publish(2).nothing();
    publish(3).nothing().noted("message.ignored", { limit: "clients.max_buffered_bytes" });
    s.after(60_000);
    expect(s.arrows()).toContain("open");
  });
});
