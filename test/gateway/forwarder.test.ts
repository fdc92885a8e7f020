import { describe, expect, test } from "vitest";
import { octets, Script } from "./script.ts";

const NODE_A = Uint8Array.of(0x00, 0x2a);
const NODE_B = Uint8Array.of(0x00, 0x2b);
const NODE_IDS = [
  new Uint8Array(0),
  Uint8Array.of(1),
  NODE_A,
  Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  new Uint8Array(252).fill(7),
];

const DURABLE = { cleanSession: false };

describe("§5.5 a client behind a forwarder", () => {
  test.each(NODE_IDS.map((nodeId) => ({ nodeId })))(
    "E1, E5, field 11: it is answered in envelopes at its forwarder, with its node id (%#)",
    ({ nodeId }) => {
      const s = new Script().behind("f", nodeId);
      s.client("CONNECT").opens().accepts();
      s.toEnvelope({ radius: 0 }).toClient("CONNACK", { returnCode: 0 });
    },
  );

  test("E1 the envelope's Length counts its header only, and the inner message follows with its own", () => {
    const s = new Script();
    s.event({ type: "datagram", from: "f", data: Uint8Array.from([5, 0xfe, 0, 0, 0x2a, ...octets("CONNECT")]) });
    s.opens();
    const effects = s.gateway.handle({ type: "link-opened", link: s.link, sessionPresent: false }, s.now);
    const [connack] = effects.filter((effect) => effect.type === "send");
    expect(connack).toMatchObject({ to: "f", data: Buffer.from([5, 0xfe, 0, 0, 0x2a, 3, 5, 0]) });
  });

  test("E2 a long inner message goes both ways whole", () => {
    const s = new Script().behind("f", NODE_A);
    s.connect();
    const id = s.subscribe("a");
    const data = "x".repeat(600);
    s.client("PUBLISH", { topicId: id, data }).toBroker("publish", { topic: "a", payload: data });
    s.deliver("a", { payload: data }).toClient("PUBLISH", { topicId: id, data });
  });

  test.each(["03", "fc", "ff"])("E3 the bits of Ctrl do not matter in what a forwarder sends: %s", (ctrl) => {
    const data = Uint8Array.from([4, 0xfe, Number.parseInt(ctrl, 16), 9, ...octets("CONNECT")]);
    new Script().event({ type: "datagram", from: "f", data }).opens();
  });

  test("E5, field 11: several nodes of one forwarder are several clients, each with topic ids and state of its own", () => {
    const s = new Script();
    s.behind("f", NODE_A).connect({ clientId: "a" });
    const linkA = s.link;
    const idA = s.register("x");
    s.behind("f", NODE_B).connect({ clientId: "b" });
    const linkB = s.link;
    s.client("PUBLISH", { topicId: idA, qos: 1, msgId: 1 }).toClient("PUBACK", { returnCode: 2 });
    s.sleep();
    s.behind("f", NODE_A).client("PINGREQ").toClient("PINGRESP");
    s.link = linkA;
    s.client("PUBLISH", { topicId: idA, qos: 1, msgId: 1 }).toBroker("publish", { topic: "x" });
    s.broker("puback", { messageId: 1 }).toClient("PUBACK", { returnCode: 0 });
    s.client("DISCONNECT").toClient("DISCONNECT").closes(true);
    s.link = linkB;
    s.behind("f", NODE_B).client("PINGREQ", { clientId: "b" }).toClient("PINGRESP");
  });

  test("E5 the same node id behind another forwarder is another client", () => {
    const s = new Script();
    s.behind("f", NODE_A).connect({ clientId: "a" });
    s.behind("g", NODE_A).client("PINGREQ").toClient("DISCONNECT");
    s.connect({ clientId: "b" }).client("PINGREQ").toClient("PINGRESP");
    s.behind("f", NODE_A).client("PINGREQ").toClient("PINGRESP");
  });

  test("E5 the forwarder itself may be a client too", () => {
    const s = new Script();
    s.behind("f", NODE_A).connect({ clientId: "a" });
    s.from("f").client("PINGREQ").toClient("DISCONNECT");
    s.connect({ clientId: "forwarder" }).client("PINGREQ").toClient("PINGRESP");
    s.disconnect();
    s.behind("f", NODE_A).client("PINGREQ").toClient("PINGRESP");
  });

  test("E6, field 11: every procedure works through it", () => {
    const s = new Script().behind("f", NODE_A);
    s.connectWithWill({ ...DURABLE, duration: 60 }, { willTopic: "w", willMsg: "gone", qos: 1, retain: true });
    const idR = s.register("r", 1);
    const idS = s.subscribe("s/1", 2, 2);
    s.client("SUBSCRIBE", { topicName: "s/#", qos: 1, msgId: 3 }).toBroker("subscribe");
    s.broker("suback", { messageId: 3, granted: [1] }).toClient("SUBACK", { topicId: 0, qos: 1 });
    s.client("PUBLISH", { topicId: idR, qos: 2, msgId: 4 }).toBroker("publish", { messageId: 4 });
    s.broker("pubrec", { messageId: 4 }).toClient("PUBREC", { msgId: 4 });
    s.client("PUBREL", { msgId: 4 }).toBroker("pubrel");
    s.broker("pubcomp", { messageId: 4 }).toClient("PUBCOMP", { msgId: 4 });
    const idW = s.deliver("s/2", { qos: 1, messageId: 1 }).toClientId("REGISTER", { topicName: "s/2" });
    s.client("REGACK", { topicId: idW, msgId: 65_535 }).toClient("PUBLISH", { topicId: idW, msgId: 1 });
    s.after(10_000).toClient("PUBLISH", { topicId: idW, dup: true });
    s.client("PUBACK", { topicId: idW, msgId: 1 }).toBroker("puback");
    s.sleep(300).deliver("s/1", { qos: 2, messageId: 2 }).nothing();
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH", { topicId: idS, qos: 2, msgId: 2 });
    s.client("PUBREC", { msgId: 2 }).toBroker("pubrec");
    s.broker("pubrel", { messageId: 2 }).toClient("PUBREL", { msgId: 2 });
    s.client("PUBCOMP", { msgId: 2 }).toBroker("pubcomp").does("probe");
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
    s.client("CONNECT", DURABLE).toClient("CONNACK");
    s.client("UNSUBSCRIBE", { topicName: "s/1", msgId: 5 }).toBroker("unsubscribe");
    s.broker("unsuback", { messageId: 5 }).toClient("UNSUBACK", { msgId: 5 });
    s.client("PINGREQ").toClient("PINGRESP");
    s.after(90_000).closes(false).noted("client.lost", { clientId: "dev1", address: "f/002a" });
  });

  test("C15, E5: a client that moves to another forwarder, or out of one, keeps its session and is answered there", () => {
    const s = new Script().behind("f", NODE_A);
    s.connect({ duration: 1000 }).sleep();
    s.behind("g", NODE_B).client("CONNECT").toClient("CONNACK", { returnCode: 0 });
    s.sleep();
    s.from("c1").client("CONNECT").toClient("CONNACK", { returnCode: 0 });
    s.deliver("tt", { topic: "tt" }).arrows();
    s.behind("f", NODE_A).client("PINGREQ").toClient("DISCONNECT");
    s.behind("g", NODE_B).client("PINGREQ").toClient("DISCONNECT");
    s.from("c1").client("PINGREQ").toClient("PINGRESP");
  });

  test("C16 another client id from the same node replaces the client; from another node it does not", () => {
    const s = new Script().behind("f", NODE_A);
    s.connect({ clientId: "a" });
    const linkA = s.link;
    s.behind("f", NODE_B).connect({ clientId: "b" });
    s.behind("f", NODE_A).client("CONNECT", { clientId: "c" }).closes(false, linkA).opens({ clientId: "c" });
  });
});

describe("§5.5 what is no envelope", () => {
  test.each([
    ["E7 an envelope in an envelope", [4, 0xfe, 0, 1, 4, 0xfe, 0, 1, 2, 0x16]],
    ["E7 a Length below 3", [2, 0xfe, 0, 1, 2, 0x16]],
    ["E7 a Length as large as the datagram", [6, 0xfe, 0, 1, 2, 0x16]],
    ["E7 a Length larger than the datagram", [200, 0xfe, 0, 1, 2, 0x16]],
    ["E2 an inner Length that is not that of the rest", [4, 0xfe, 0, 1, 3, 0x16]],
    ["E1 a long header", [1, 0, 8, 0xfe, 0, 1, 2, 0x16]],
    ["E8 the header of version 1.1", [0, 4, 1, 2, 3, 4, 2, 0x16]],
    ["F7 a message inside that only a gateway sends", [4, 0xfe, 0, 1, 3, 0x05, 0]],
    ["F7 a reserved message inside", [4, 0xfe, 0, 1, 2, 0x03]],
  ])("%s is dropped without an answer", (_what, data) => {
    const s = new Script().behind("f", Uint8Array.of(1)).connect().from("f");
    s.datagram(Uint8Array.from(data)).nothing().noted("datagram.dropped");
  });

  test("E6 what a node without a session says is answered with DISCONNECT, to that node", () => {
    const s = new Script().behind("f", NODE_A);
    s.client("PINGREQ").toEnvelope({ radius: 0 });
    s.toClient("DISCONNECT").noted("stranger.answered", { address: "f/002a" });
  });

  test("X7 the nodes of one forwarder are answered each at its own rate", () => {
    const s = new Script().behind("f", NODE_A);
    for (let count = 0; count < 3; count += 1) s.client("PINGREQ").toClient("DISCONNECT");
    s.client("PINGREQ").nothing();
    s.behind("f", NODE_B).client("PINGREQ").toClient("DISCONNECT");
  });

  test("forwarders.enabled: switched off, envelopes are dropped without an answer", () => {
    const s = new Script({ forwarders: false }).behind("f", NODE_A);
    s.client("CONNECT").nothing().noted("datagram.dropped", { address: "f" });
    s.from("f").connect();
  });

  test("E5 the node id outlives the datagram that it came in", () => {
    const s = new Script();
    s.behind("f", NODE_A);
    const datagram = octets("ENCAPSULATED", { radius: 0, wirelessNodeId: NODE_A, data: octets("CONNECT") });
    s.event({ type: "datagram", from: "f", data: datagram });
    datagram.fill(0);
    s.opens().accepts().toEnvelope({ radius: 0 }).toClient("CONNACK", { returnCode: 0 });
  });

  test("E4 the octets of a node id may be anything; equal ones are one node", () => {
    const nodeId = Uint8Array.from({ length: 252 }, (_, index) => index);
    const s = new Script().behind("f", nodeId);
    s.connect();
    s.behind("f", nodeId.slice()).client("PINGREQ").toClient("PINGRESP");
    s.behind("f", nodeId.subarray(0, 251)).client("PINGREQ").toClient("DISCONNECT");
    // Neither of them is UTF-8.
    s.behind("f", Uint8Array.of(0xfe)).connect({ clientId: "fe" });
    s.behind("f", Uint8Array.of(0xff)).client("PINGREQ").toClient("DISCONNECT");
  });
});
