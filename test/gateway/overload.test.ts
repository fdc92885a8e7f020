import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const DAY = 3600 * 18;
/** A message with it under the topic `a` counts for 1000 octets of memory. */
const PAYLOAD = "x".repeat(567);

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

/** Sleeping clients of which each has a message and is not read any more, for one had nearly all the room; that one has just left. */
function freed(clientIds: readonly string[]) {
  const { s, links } = asleep({ bufferedOctetsMax: 24_000, queuedOctetsMax: 100_000 }, "big", ...clientIds);
  as(s, "big", links[0]!)
    .deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD.repeat(45) })
    .does("pause");
  for (const [index, clientId] of clientIds.entries()) {
    as(s, clientId, links[index + 1]!).deliver("a", { qos: 1, messageId: 1, payload: "" });
    expect(s.arrows()).toEqual(["pause"]);
  }
  as(s, "big", links[0]!).client("DISCONNECT").toClient("DISCONNECT").closes(true);
  return { s, links };
}

describe("bufferedOctetsMax: what waits for all clients together", () => {
  test("Z19 QoS 0 is dropped, the oldest first, and each client keeps one message", () => {
    const { s, links } = asleep({ bufferedOctetsMax: 3000 }, "d1", "d2");
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
    const { s, links } = asleep({ bufferedOctetsMax: 2000 }, "d1", "d2");
    as(s, "d1", links[0]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).nothing();
    s.deliver("a", { qos: 2, messageId: 2, payload: PAYLOAD }).does("pause").notNoted("delivery.dropped");
    s.noted("queue.paused", { clientId: "d1", limit: "clients.max_buffered_bytes" });
    // One that has nothing gets its message all the same, and then no more.
    as(s, "d2", links[1]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).does("pause");
  });

  test("reading goes on for those that were kept waiting when another client has been given its messages", () => {
    const { s, links, topicIds } = asleep({ bufferedOctetsMax: 3000 }, "d1", "d2");
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
    const { s, links } = asleep({ bufferedOctetsMax: 3000 }, "d1", "d2");
    for (const messageId of [1, 2]) as(s, "d1", links[0]!).deliver("a", { qos: 1, messageId, payload: PAYLOAD });
    as(s, "d2", links[1]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).does("pause");
    as(s, "d1", links[0]!).client("DISCONNECT").toClient("DISCONNECT").closes(true);
    s.link = links[1]!;
    s.does("resume");
  });

  test("a client whose own room is used up waits for that, though there is room for all again", () => {
    const { s, links } = asleep({ bufferedOctetsMax: 3000, queuedMax: 1 }, "d1", "d2");
    as(s, "d1", links[0]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).nothing();
    as(s, "d2", links[1]!).deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD }).nothing();
    s.deliver("a", { qos: 1, messageId: 2, payload: PAYLOAD }).does("pause");
    s.noted("queue.paused", { limit: "clients.max_queued" });
    as(s, "d1", links[0]!).client("DISCONNECT").toClient("DISCONNECT").closes(true).nothing();
  });

  test("many that were kept waiting are called a few at a time, and all of them without anything else happening", () => {
    const clientIds = Array.from({ length: 100 }, (_, index) => `d${index}`);
    const { s, links } = freed(clientIds);
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

  test("more than a few that one event makes room for are all called without waiting for another one", () => {
    const clientIds = Array.from({ length: 40 }, (_, index) => `d${index}`);
    const { s } = freed(clientIds);
    expect(s.arrows()).toEqual(Array(16).fill("resume"));
    expect(s.gateway.deadline).toBe(s.now);
    expect(s.after(0).arrows()).toEqual(Array(24).fill("resume"));
    expect(s.gateway.deadline).toBeGreaterThan(s.now);
  });

  test("those that have gone meanwhile are not called", () => {
    const clientIds = Array.from({ length: 40 }, (_, index) => `d${index}`);
    const { s, links } = asleep({ bufferedOctetsMax: 24_000, queuedOctetsMax: 100_000 }, "big", ...clientIds);
    as(s, "big", links[0]!)
      .deliver("a", { qos: 1, messageId: 1, payload: PAYLOAD.repeat(45) })
      .does("pause");
    for (const [index, clientId] of clientIds.entries()) {
      as(s, clientId, links[index + 1]!)
        .deliver("a", { qos: 1, messageId: 1, payload: "" })
        .does("pause");
      s.client("DISCONNECT").toClient("DISCONNECT").closes(true);
    }
    as(s, "big", links[0]!).client("DISCONNECT").toClient("DISCONNECT").closes(true);
    expect(s.gateway.deadline).toBeGreaterThan(s.now);
  });

  test("reading goes on when an eighth is free, not at each message", () => {
    const { s, links, topicIds } = asleep({ bufferedOctetsMax: 3000 }, "d1", "d2");
    const small = { qos: 1, payload: "" };
    as(s, "d1", links[0]!)
      .deliver("a", { ...small, messageId: 1 })
      .deliver("a", { ...small, messageId: 2 });
    s.deliver("a", { qos: 1, messageId: 3, payload: PAYLOAD }).nothing();
    as(s, "d2", links[1]!)
      .deliver("a", { qos: 1, messageId: 1, payload: "x".repeat(767) })
      .does("pause");
    as(s, "d1", links[0]!).client("PINGREQ", { clientId: "d1" }).toClient("PUBLISH", { msgId: 1 }).does("pause");
    const [topicId] = topicIds;
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback").toClient("PUBLISH", { msgId: 2 }).nothing();
    s.client("PUBACK", { topicId, msgId: 2 }).toBroker("puback").toClient("PUBLISH", { msgId: 3 }).does("resume");
    s.link = links[1]!;
    s.does("resume");
  });

  test("what passes through to a client that listens is not kept back, and does not count for long", () => {
    const { s, links } = asleep({ bufferedOctetsMax: 1000 }, "d1");
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
    const { s, links } = asleep({ bufferedOctetsMax: 3000 }, "d1", "d2");
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
    const { s, topicId } = interrupted({ bufferedOctetsMax: 900 });
    const publish = (msgId: number) => s.client("PUBLISH", { topicId, qos: 1, msgId, data: "x".repeat(68) });
    publish(1).nothing();
    publish(2).nothing();
    publish(3).nothing().noted("message.ignored", { limit: "clients.max_buffered_bytes" });
    // An answer takes next to nothing, and may end what takes more.
    s.client("PUBREC", { msgId: 4 }).nothing().notNoted("message.ignored");
    s.after(60_000);
    expect(s.arrows()).toContain("open");
  });
});

describe("namesOctetsMax: topic names and subscriptions of all clients together", () => {
  const NAME = "x".repeat(840);
  const register = (s: Script, msgId: number) => s.client("REGISTER", { topicName: `${NAME}${msgId}`, msgId });

  test("a new name is refused as congestion beyond it, whichever client it is of; known ones are not", () => {
    const s = new Script({ namesOctetsMax: 3000 });
    s.connect();
    const topicId = s.register(`${NAME}1`, 1);
    s.register(`${NAME}2`, 2);
    s.from("c2").connect({ clientId: "dev2" }).register(`${NAME}3`, 3);
    register(s, 4)
      .toClient("REGACK", { returnCode: 1 })
      .noted("register.refused", { limit: "clients.max_topic_bytes" });
    s.client("SUBSCRIBE", { topicName: "a/#", msgId: 5 }).toClient("SUBACK", { returnCode: 1 });
    s.noted("subscribe.refused", { limit: "clients.max_topic_bytes" });
    s.from("c1");
    register(s, 1).toClient("REGACK", { topicId, returnCode: 0 });
  });

  test("subscriptions count, and what ends makes room", () => {
    const s = new Script({ namesOctetsMax: 1000 });
    s.connect();
    s.client("SUBSCRIBE", { topicName: `${"x".repeat(600)}/#`, msgId: 1 }).toBroker("subscribe");
    s.broker("suback", { messageId: 1, granted: [1] }).toClient("SUBACK");
    register(s, 2).toClient("REGACK", { returnCode: 1 });
    // To make it once more needs no room.
    s.client("SUBSCRIBE", { topicName: `${"x".repeat(600)}/#`, msgId: 3 }).toBroker("subscribe");
    s.broker("suback", { messageId: 3, granted: [1] }).toClient("SUBACK", { returnCode: 0 });
    s.client("UNSUBSCRIBE", { topicName: `${"x".repeat(600)}/#`, msgId: 4 }).toBroker("unsubscribe");
    s.broker("unsuback", { messageId: 4 }).toClient("UNSUBACK");
    register(s, 5).toClient("REGACK", { returnCode: 0 });
    register(s, 6).toClient("REGACK", { returnCode: 1 });
    // A clean session ends with its connection.
    s.disconnect().from("c2").connect({ clientId: "dev2" }).register(`${NAME}7`, 7);
  });

  test("X5 stored sessions of disconnected clients go before those that are there are refused, the oldest first", () => {
    const s = new Script({ namesOctetsMax: 4100 });
    for (const clientId of ["old", "older"].reverse()) {
      s.connect({ clientId, cleanSession: false }).register(`${NAME}${clientId}`);
      s.client("SUBSCRIBE", { topicName: "#", msgId: 9 }).toBroker("subscribe");
      s.broker("suback", { messageId: 9, granted: [0] }).toClient("SUBACK");
      s.disconnect().notNoted("client.forgotten");
    }
    s.from("c2").connect({ clientId: "third", cleanSession: false }).register(`${NAME}3`);
    s.client("DISCONNECT").toClient("DISCONNECT").closes(true).gone();
    s.noted("client.forgotten", { clientId: "third", limit: "clients.max_topic_bytes" });
    s.connect({ clientId: "fourth" }).register(`${NAME}4`);
    s.client("SUBSCRIBE", { topicName: "#", msgId: 9 }).toBroker("subscribe");
    s.broker("suback", { messageId: 9, granted: [0] }).toClient("SUBACK");
    s.client("DISCONNECT").toClient("DISCONNECT").closes(true).gone().notNoted("client.forgotten");
    s.connect({ clientId: "fifth", cleanSession: false }).register(`${NAME}5`);
    s.client("SUBSCRIBE", { topicName: "#", msgId: 9 }).toBroker("subscribe");
    s.broker("suback", { messageId: 9, granted: [0] }).toClient("SUBACK");
    s.client("DISCONNECT").toClient("DISCONNECT").closes(true).gone();
    s.noted("client.forgotten", { clientId: "older", limit: "clients.max_topic_bytes" });
    expect(s.saved("older")).toBeUndefined();
    s.client("CONNECT", { clientId: "old", cleanSession: false }).opens().accepts(true).toClient("CONNACK");
    expect(s.saved("old")?.topics).toHaveLength(1);
  });
});
