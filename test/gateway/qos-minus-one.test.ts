import { describe, expect, test } from "vitest";
import type { Settings } from "../../src/gateway/settings.ts";
import { Script } from "./script.ts";

const SHORT = { qos: -1, topicIdType: "short", topicId: 0x7474, data: "21.5" } as const;
const PREDEFINED = { qos: -1, topicIdType: "predefined", topicId: 7, data: "21.5" } as const;

const TOPICS: Partial<Settings> = {
  predefinedTopics: [
    { id: 7, topic: "all/7", clientId: undefined },
    { id: 7, topic: "dev1/7", clientId: "dev1" },
    { id: 8, topic: "dev1/8", clientId: "dev1" },
  ],
};

/** A gateway whose broker can be reached. */
function script(settings: Partial<Settings> = {}): Script {
  return new Script({ discovery: false, ...TOPICS, ...settings }).brokerReachable();
}

const NORMAL = "it has a normal topic id, which needs a connection";
const UNKNOWN = "the predefined topic id is not known: topics.predefined";
const NO_NAME = "its short topic name is no topic name";

describe("§6.8 PUBLISH with QoS −1", () => {
  test("N1, N5 from an unknown address it is published with QoS 0 by the gateway's own client", () => {
    const s = script();
    s.client("PUBLISH", SHORT).publishes("tt", { payload: "21.5", retain: false });
    s.client("PUBLISH", PREDEFINED).publishes("all/7", { payload: "21.5" });
  });

  test("N1 P8 the retain flag and an empty payload pass through", () => {
    script()
      .client("PUBLISH", { ...SHORT, retain: true, data: "" })
      .publishes("tt", { payload: "", retain: true });
  });

  test("N1 M1 a MsgId in it does not matter", () => {
    script()
      .client("PUBLISH", { ...SHORT, msgId: 9 })
      .publishes("tt");
  });

  test.each([
    ["a normal id", { ...SHORT, topicIdType: "normal", topicId: 1 }, NORMAL],
    ["a reserved type of id", { ...SHORT, topicIdType: "reserved" }, "its TopicIdType is reserved"],
    ["a predefined id that nobody knows", { ...PREDEFINED, topicId: 9 }, UNKNOWN],
    ["a predefined id of another client only", { ...PREDEFINED, topicId: 8 }, UNKNOWN],
    ["a wildcard", { ...SHORT, topicId: 0x612b }, NO_NAME],
    ["U+0000 in the short name", { ...SHORT, topicId: 0x6100 }, NO_NAME],
    ["ill-formed UTF-8 in the short name", { ...SHORT, topicId: 0xffff }, NO_NAME],
  ] as const)("N2, N3 with %s it is dropped without an answer, connected or not", (_what, fields, reason) => {
    const s = script();
    s.client("PUBLISH", fields).nothing().noted("qos-minus-one.dropped", { address: "c1", reason });
    s.connect({ clientId: "dev2" });
    s.client("PUBLISH", fields).nothing().noted("qos-minus-one.dropped");
  });

  test("N2, A-30 a full topic name behind TopicIdType 0b00 is not supported", () => {
    const s = script();
    s.client("PUBLISH", { qos: -1, topicIdType: "normal", topicId: 3, data: "a/bhi" });
    s.nothing().noted("qos-minus-one.dropped");
  });

  test("N4 it is accepted in every state, and changes none", () => {
    const s = script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("PUBLISH", SHORT).publishes("tt");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("PUBLISH", SHORT).publishes("tt");
    s.client("WILLMSG", { willMsg: "x" }).opens();
    s.client("PUBLISH", SHORT).publishes("tt");
    s.accepts().toClient("CONNACK");
    s.client("PUBLISH", SHORT).publishes("tt");
    // The CONNACK may have been lost all the same (C12, C13).
    s.client("WILLMSG", { willMsg: "x" }).toClient("CONNACK");
    const topicId = s.subscribe("a", 1);
    s.sleep().deliver("a", { qos: 1, messageId: 1 });
    s.client("PUBLISH", SHORT).publishes("tt");
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH", { topicId });
    s.client("PUBLISH", SHORT).publishes("tt");
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback").does("probe");
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
    s.disconnect();
    s.client("PUBLISH", SHORT).publishes("tt");
  });

  test("N4 it is no sign of life of the client at that address", () => {
    const s = script();
    s.connect({ duration: 10 }).after(14_000);
    s.client("PUBLISH", SHORT).publishes("tt");
    s.after(1000).closes(false).noted("client.lost");
  });

  test("N5 it does not go through the connection of a client that sends it", () => {
    const s = script();
    s.connect();
    s.client("PUBLISH", PREDEFINED).publishes("dev1/7");
  });

  test("N6, A-29 predefined ids are those of the client connected at that address, else those of all", () => {
    const s = script();
    s.client("PUBLISH", PREDEFINED).publishes("all/7");
    s.connect();
    s.client("PUBLISH", PREDEFINED).publishes("dev1/7");
    s.client("PUBLISH", { ...PREDEFINED, topicId: 8 }).publishes("dev1/8");
    s.disconnect();
    s.client("PUBLISH", PREDEFINED).publishes("all/7");
  });

  test("N8 it can be switched off, and is then dropped without an answer (N3)", () => {
    const s = script({ qosMinusOne: false });
    s.client("PUBLISH", SHORT).nothing().noted("qos-minus-one.dropped");
  });

  test("N8 one source may send so many a second, and the others are not touched by it", () => {
    const s = script({ qosMinusOnePerSourcePerSecond: 5 });
    for (let count = 0; count < 5; count += 1) s.client("PUBLISH", SHORT).publishes("tt");
    s.client("PUBLISH", SHORT)
      .nothing()
      .noted("qos-minus-one.dropped", { limit: "clients.max_qos_minus_one_source_rate" });
    s.from("c2").client("PUBLISH", SHORT).publishes("tt");
    s.from("c1").after(199).client("PUBLISH", SHORT).nothing();
    s.after(1).client("PUBLISH", SHORT).publishes("tt");
  });

  test("N8 all sources together may send so many a second", () => {
    const s = script({ qosMinusOnePerSecond: 10 });
    let published = 0;
    for (let index = 0; index < 100; index += 1)
      published += s.from(`c${index}`).client("PUBLISH", SHORT).arrows().length;
    expect(published).toBe(10);
    s.noted("qos-minus-one.dropped", { limit: "clients.max_qos_minus_one_rate" });
    s.after(1000).client("PUBLISH", SHORT).publishes("tt");
  });

  test("N3, N5 while the broker cannot be reached it is dropped without an answer", () => {
    const s = new Script({ discovery: false });
    s.client("PUBLISH", SHORT).nothing().noted("qos-minus-one.dropped");
    s.brokerReachable().client("PUBLISH", SHORT).publishes("tt");
    s.brokerReachable(false).client("PUBLISH", SHORT).nothing().noted("qos-minus-one.dropped");
  });

  test("N1, E6 it comes through a forwarder as well", () => {
    script().behind("f", Uint8Array.of(1)).client("PUBLISH", SHORT).publishes("tt");
  });
});
