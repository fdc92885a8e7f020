import { describe, test } from "vitest";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const MIGRATE = { migrateOnWake: true };
const pingOf = (clientId: string) => ["PINGREQ", { clientId }] as const;

describe("A-48 a sleeping client wakes up at another address", () => {
  test("A-48, field 6: by default it is told to connect, and is not moved", () => {
    const s = new Script();
    s.connect({ clientId: "a" }).sleep();
    s.from("c2").client(...pingOf("a"));
    s.toClient("DISCONNECT").notNoted("client.moved");
    s.from("c1").client(...pingOf("a"));
    s.toClient("PINGRESP");
  });

  test("A-48 clients.migrate_on_wake: it is moved there with its session, and its messages follow", () => {
    const s = new Script(MIGRATE);
    s.connect({ clientId: "a" });
    const topicId = s.subscribe("t", 1);
    s.sleep().deliver("t", { qos: 1, messageId: 1 });
    s.from("c2").client(...pingOf("a"));
    s.noted("client.moved", { clientId: "a", address: "c2" }).toClient("PUBLISH", { topicId, msgId: 1 });
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback").does("probe");
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
    s.from("c1").client("PINGREQ").toClient("DISCONNECT");
    s.from("c2").client("DISCONNECT").toClient("DISCONNECT").closes(true);
  });

  test("A-48 only a sleeping client: one that is active or awake stays where it is", () => {
    const s = new Script(MIGRATE);
    s.connect({ clientId: "a" });
    s.from("c2").client(...pingOf("a"));
    s.toClient("DISCONNECT");
    s.from("c1").client("PINGREQ").toClient("PINGRESP");
    const topicId = s.subscribe("t", 1);
    s.sleep().deliver("t", { qos: 1, messageId: 1 });
    s.client("PINGREQ").toClient("PUBLISH", { topicId });
    s.from("c2").client(...pingOf("a"));
    s.toClient("DISCONNECT");
  });

  test.each(["", "a1", "A", "nobody"])("A-48, field 13: ids are compared whole: %j moves nobody", (clientId) => {
    const s = new Script(MIGRATE);
    s.connect({ clientId: "a" }).sleep();
    s.from("c2").client("PINGREQ", { clientId }).toClient("DISCONNECT");
  });

  test("A-48 not onto the address of a client that is there", () => {
    const s = new Script(MIGRATE);
    s.connect({ clientId: "a" }).sleep();
    s.from("c2").connect({ clientId: "b" });
    s.client(...pingOf("a")).toClient("DISCONNECT");
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("A-48 two sleeping clients behind a NAT that has given each the address of the other", () => {
    const s = new Script(MIGRATE);
    s.from("c1").connect({ clientId: "a" }).sleep();
    s.from("c2").connect({ clientId: "b" }).sleep();
    s.from("c2").client(...pingOf("a"));
    s.toClient("PINGRESP").noted("client.moved", { clientId: "a" });
    s.from("c1").client(...pingOf("b"));
    s.toClient("PINGRESP").noted("client.moved", { clientId: "b" });
    s.from("c2").client(...pingOf("a"));
    s.toClient("PINGRESP").notNoted("client.moved");
  });

  test("A-48, C16: a client that connects from the address of a sleeping one does not end it, for it may be elsewhere by now", () => {
    const s = new Script(MIGRATE);
    s.connect({ clientId: "a" }).sleep(300);
    const linkA = s.link;
    s.connect({ clientId: "b", duration: 1000 });
    s.after(100_000)
      .from("c3")
      .client(...pingOf("a"));
    s.toClient("PINGRESP");
    s.from("c1").client("PINGREQ").toClient("PINGRESP");
    s.after(330_000).closes(false, linkA).noted("client.lost", { clientId: "a" });
  });

  test("A-48, Z2: one that was displaced and never heard of again is lost as any sleeper, and its place is free again", () => {
    const s = new Script({ ...MIGRATE, clientsMax: 2 });
    s.connect({ clientId: "a" }).sleep(300);
    const linkA = s.link;
    s.connect({ clientId: "b", duration: 10_000 });
    s.from("c2").client("CONNECT", { clientId: "c" }).toClient("CONNACK", { returnCode: 1 });
    s.after(330_000).closes(false, linkA).gone(linkA);
    s.connect({ clientId: "c" });
  });

  test("A-48 through a forwarder: a node that wakes up behind another one", () => {
    const s = new Script(MIGRATE).behind("f", Uint8Array.of(1));
    s.connect({ clientId: "a" }).sleep();
    s.behind("g", Uint8Array.of(1)).client(...pingOf("a"));
    s.toEnvelope({}).toClient("PINGRESP");
  });

  test("Z12, A-48 a CONNECT moves it in any case, and what was buffered follows to the new address", () => {
    const s = new Script();
    s.connect({ clientId: "a" });
    const topicId = s.subscribe("t");
    s.sleep().deliver("t");
    s.from("c2").client("CONNECT", { clientId: "a" }).toClient("CONNACK").toClient("PUBLISH", { topicId });
  });
});

describe("addresses and client ids", () => {
  test("field 1: a port that another client has just left is used at once", () => {
    const s = new Script();
    s.connect({ clientId: "a" }).disconnect();
    s.connect({ clientId: "b" });
    const idB = s.register("x");
    s.client("PUBLISH", { topicId: idB }).toBroker("publish", { topic: "x" });
  });

  test("C16, field 6: on a port taken over without a DISCONNECT nothing of the old client is left", () => {
    const s = new Script();
    s.connect({ ...DURABLE, clientId: "a" });
    const idA = s.register("secret");
    s.client("CONNECT", { clientId: "b" }).closes(false).opens({ clientId: "b" }).accepts().toClient("CONNACK");
    s.client("PUBLISH", { topicId: idA, qos: 1, msgId: 1 }).toClient("PUBACK", { returnCode: 2 });
  });

  test.each([
    ["sensor1", "sensor10"],
    ["sensor10", "sensor1"],
    ["a", "A"],
    ["a", "a "],
    ["ä", "a\u0308"],
  ])("field 13: %j and %j are two clients", (one, other) => {
    const s = new Script();
    s.from("c1").connect({ clientId: one });
    s.from("c2").connect({ clientId: other });
    s.from("c1").client("PINGREQ").toClient("PINGRESP");
    s.from("c2").client("PINGREQ").toClient("PINGRESP");
  });

  test("C6, field 13: an empty client id is refused and takes nobody over", () => {
    const s = new Script();
    s.connect({ clientId: "a" });
    s.from("c2").client("CONNECT", { clientId: "" }).toClient("CONNACK", { returnCode: 3 }).nothing();
    s.from("c1").client("PINGREQ").toClient("PINGRESP");
  });

  test.each([
    [23, 0],
    [64, 0],
    [65, 0],
    [256, 0],
    [257, 3],
    [60_000, 3],
  ])("C6, field 1: a client id of %i characters: return code %i", (length, returnCode) => {
    const s = new Script();
    s.client("CONNECT", { clientId: "x".repeat(length) });
    if (returnCode === 0) s.opens({ clientId: "x".repeat(length) }).accepts();
    s.toClient("CONNACK", { returnCode });
  });
});

describe("clients.allow and clients.deny", () => {
  test.each([
    [[], [], "any", true],
    [["sensor-*"], [], "sensor-1", true],
    [["sensor-*"], [], "sensor-", true],
    [["sensor-*"], [], "Sensor-1", false],
    [["sensor-*"], [], "my-sensor-1", false],
    [["*-sensor"], [], "my-sensor", true],
    [["a*b*c"], [], "a1b2c", true],
    [["a*b*c"], [], "abc", true],
    [["a*b*c"], [], "acb", false],
    [["ab*ba"], [], "aba", false],
    [["a*bc*cd"], [], "abcd", false],
    [["a*bc*cd"], [], "abccd", true],
    [["a.c"], [], "abc", false],
    [["exact"], [], "exactly", false],
    [["*"], ["bad*"], "bad1", false],
    [["bad1"], ["bad*"], "bad1", false],
    [[], ["bad*"], "good", true],
    [["x", "y*"], [], "yes", true],
    [["\ud83d\ude00*"], [], "\ud83d\ude00!", true],
  ])("allow %j, deny %j: %j may connect: %j", (clientIdsAllowed, clientIdsDenied, clientId, may) => {
    const s = new Script({ clientIdsAllowed, clientIdsDenied });
    s.client("CONNECT", { clientId });
    if (may) s.opens({ clientId }).accepts().toClient("CONNACK", { returnCode: 0 });
    else s.toClient("CONNACK", { returnCode: 3 }).nothing().noted("client.refused", { clientId });
  });

  test("who is refused harms nobody at its address, and may not wake up there either", () => {
    const s = new Script({ clientIdsDenied: ["bad"] });
    s.connect({ clientId: "good" });
    s.client("CONNECT", { clientId: "bad" }).toClient("CONNACK", { returnCode: 3 });
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("a pattern with many stars takes no longer than the id is long", () => {
    const s = new Script({ clientIdsAllowed: [`${"*a".repeat(60)}b`] });
    s.client("CONNECT", { clientId: "a".repeat(250) }).toClient("CONNACK", { returnCode: 3 });
  });
});

describe("stored sessions", () => {
  test("field 2: of more than clients.max the ones without subscriptions and will are forgotten first", () => {
    const s = new Script({ clientsMax: 2 });
    s.connectWithWill({ ...DURABLE, clientId: "with a will" }, { willTopic: "w", willMsg: "gone" }).disconnect();
    for (const clientId of ["x1", "x2", "x3", "x4"])
      s.from("c2")
        .connect({ ...DURABLE, clientId })
        .disconnect();
    s.from("c1")
      .client("CONNECT", { ...DURABLE, clientId: "with a will" })
      .opens({ will: { topic: "w" } });
  });

  test("field 2: and of those with something the one that ended first", () => {
    const s = new Script({ clientsMax: 1 });
    for (const clientId of ["x1", "x2"]) {
      s.connectWithWill({ ...DURABLE, clientId }, { willTopic: "w", willMsg: "gone" }).disconnect();
    }
    s.client("CONNECT", { ...DURABLE, clientId: "x1" })
      .opens({ will: undefined })
      .gone()
      .toClient("CONNACK");
    s.client("CONNECT", { ...DURABLE, clientId: "x2" }).opens({ will: { topic: "w" } });
  });
});
