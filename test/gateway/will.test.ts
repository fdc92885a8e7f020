import { describe, test } from "vitest";
import { octets, Script } from "./script.ts";

const DURABLE = { cleanSession: false };
const WILL = { willTopic: "w/dev1", willMsg: "gone" };

describe("§6.3 clean session and will", () => {
  test("W1, W3 with CleanSession=0 the will survives a DISCONNECT and is in the next MQTT CONNECT", () => {
    const s = new Script();
    s.connectWithWill(DURABLE, { ...WILL, qos: 2, retain: true }).disconnect();
    s.client("CONNECT", DURABLE);
    s.opens({ cleanSession: false, will: { topic: "w/dev1", payload: "gone", qos: 2, retain: true } });
    s.accepts(true).toClient("CONNACK", { returnCode: 0 });
  });

  test("W3 the will stays in force over any number of connections, a lost one included", () => {
    const s = new Script();
    s.connectWithWill(DURABLE, WILL).disconnect();
    for (let connection = 0; connection < 3; connection += 1) {
      s.client("CONNECT", DURABLE).opens({ will: { topic: "w/dev1" } });
      s.accepts(true).toClient("CONNACK", { returnCode: 0 });
      s.after(90_000).closes(false).noted("client.lost");
      s.gone();
    }
  });

  test("W3 a device that reboots keeps its will, and the broker is not made to send it", () => {
    const s = new Script();
    s.connectWithWill(DURABLE, WILL);
    s.client("PINGREQ").toClient("PINGRESP");
    s.client("CONNECT", DURABLE).closes(true);
    s.gone()
      .opens({ will: { topic: "w/dev1" } })
      .accepts(true)
      .toClient("CONNACK");
  });

  test("6.3 CleanSession=1, Will=1: the stored will is replaced by the new one", () => {
    const s = new Script();
    s.connectWithWill(DURABLE, WILL).disconnect();
    s.connectWithWill({ cleanSession: true }, { willTopic: "w/new", willMsg: "bye" });
  });

  test("6.3 CleanSession=1, Will=0: the stored will is deleted, for later connections too", () => {
    const s = new Script();
    s.connectWithWill(DURABLE, WILL).disconnect();
    s.client("CONNECT", { cleanSession: true }).opens({ will: undefined }).accepts().toClient("CONNACK");
    s.disconnect();
    s.client("CONNECT", DURABLE).opens({ will: undefined }).accepts().toClient("CONNACK");
  });

  test("6.3 CleanSession=0, Will=1: the stored will is overwritten, for later connections too", () => {
    const s = new Script();
    s.connectWithWill(DURABLE, WILL).disconnect();
    s.connectWithWill(DURABLE, { willTopic: "w/new", willMsg: "bye" }).disconnect();
    s.client("CONNECT", DURABLE).opens({ will: { topic: "w/new", payload: "bye" } });
    s.accepts(true).toClient("CONNACK");
  });

  test("6.3 the will of a CleanSession=1 connection is gone with it", () => {
    const s = new Script();
    s.connectWithWill({ cleanSession: true }, WILL).disconnect();
    s.client("CONNECT", DURABLE).opens({ will: undefined }).accepts().toClient("CONNACK");
  });

  test("6.3 a CONNECT that the broker refuses leaves the stored will alone", () => {
    const s = new Script();
    s.connectWithWill(DURABLE, WILL).disconnect();
    s.client("CONNECT", { cleanSession: true }).opens({ will: undefined }).refuses(3);
    s.toClient("CONNACK", { returnCode: 1 });
    s.client("CONNECT", DURABLE).opens({ will: { topic: "w/dev1" } });
    s.accepts(true).toClient("CONNACK");
  });

  test("W1 two clients do not share a will", () => {
    const s = new Script();
    s.connectWithWill(DURABLE, WILL).disconnect();
    s.from("c2").client("CONNECT", { ...DURABLE, clientId: "dev2" });
    s.opens({ clientId: "dev2", will: undefined }).accepts().toClient("CONNACK");
  });
});

describe("§5.4.7 the empty WILLTOPIC", () => {
  test("W2, field 1: it ends the prompting: the broker is asked at once, without a will", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { empty: true }).opens({ will: undefined });
    // A client that sends its will message all the same is not asked for it.
    s.client("WILLMSG", { willMsg: "gone" }).nothing();
    s.accepts().toClient("CONNACK", { returnCode: 0 });
  });

  test("W2 with CleanSession=0 it deletes the stored will and nothing else", () => {
    const s = new Script();
    s.connectWithWill(DURABLE, WILL);
    const topicId = s.register("a");
    s.disconnect();
    s.client("CONNECT", { ...DURABLE, will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { empty: true }).opens({ cleanSession: false, will: undefined });
    s.accepts(true).toClient("CONNACK");
    s.client("PUBLISH", { topicId }).toBroker("publish", { topic: "a" });
    s.disconnect();
    s.client("CONNECT", DURABLE).opens({ will: undefined }).accepts(true).toClient("CONNACK");
  });
});

describe("what a will may be", () => {
  test.each(["a/#", "a/+/b", "#", "+", "a\0b"])("W4 %j is no will topic: CONNACK 0x03", (willTopic) => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic }).toClient("CONNACK", { returnCode: 3 });
    s.client("PINGREQ").toClient("DISCONNECT");
  });

  test("W4 a will topic that is not UTF-8: CONNACK 0x03", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.datagram(Uint8Array.of(5, 0x07, 0x00, 0xc3, 0x28)).toClient("CONNACK", { returnCode: 3 });
  });

  test("W4, N7 a will of QoS −1: CONNACK 0x03", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w", qos: -1 }).toClient("CONNACK", { returnCode: 3 });
  });

  test.each([0, 1, 2])("W4 a will of QoS %i is taken as it is", (qos) => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w", qos, retain: false }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "x" }).opens({ will: { topic: "w", qos, retain: false } });
  });

  test("W4 a refused will does not touch the stored one", () => {
    const s = new Script();
    s.connectWithWill(DURABLE, WILL).disconnect();
    s.client("CONNECT", { ...DURABLE, will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "#" }).toClient("CONNACK", { returnCode: 3 });
    s.client("CONNECT", DURABLE).opens({ will: { topic: "w/dev1" } });
    s.accepts(true).toClient("CONNACK");
  });

  test("W5 a will message may be empty", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.datagram(Uint8Array.of(2, 0x09)).opens({ will: { topic: "w", payload: "" } });
    s.accepts().toClient("CONNACK", { returnCode: 0 });
  });

  test("W5 a WILLTOPIC of flags without a topic is neither form: CONNACK 0x03", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.datagram(Uint8Array.of(3, 0x07, 0x00)).toClient("CONNACK", { returnCode: 3 });
  });

  test("W3 the will message is kept, not the datagram it came in", () => {
    const s = new Script();
    s.client("CONNECT", { ...DURABLE, will: true }).toClient("WILLTOPICREQ");
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    const datagram = octets("WILLMSG", { willMsg: "gone" });
    s.datagram(datagram).opens().accepts().toClient("CONNACK");
    datagram.fill(0x21);
    s.disconnect();
    s.client("CONNECT", DURABLE).opens({ will: { payload: "gone" } });
  });

  test("field 1: a will message out of turn does nothing", () => {
    const s = new Script();
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.client("WILLMSG", { willMsg: "early" }).nothing();
    s.client("WILLTOPIC", { willTopic: "w" }).toClient("WILLMSGREQ");
    s.client("WILLMSG", { willMsg: "x" }).opens({ will: { topic: "w", payload: "x" } });
    s.client("WILLMSG", { willMsg: "late" }).nothing();
    s.accepts().toClient("CONNACK");
    s.client("PINGREQ").toClient("PINGRESP");
    s.client("WILLMSG", { willMsg: "later" }).nothing();
    s.client("WILLTOPIC", { willTopic: "later" }).nothing();
  });
});

describe("§6.4 updates of the will", () => {
  test("W8, W10 they are answered as not supported, and change nothing", () => {
    const s = new Script();
    s.connectWithWill(DURABLE, WILL);
    s.client("WILLTOPICUPD", { willTopic: "w/new" }).toClient("WILLTOPICRESP", { returnCode: 3 });
    s.client("WILLTOPICUPD", { empty: true }).toClient("WILLTOPICRESP", { returnCode: 3 });
    s.client("WILLMSGUPD", { willMsg: "bye" }).toClient("WILLMSGRESP", { returnCode: 3 });
    s.disconnect();
    s.client("CONNECT", DURABLE).opens({ will: { topic: "w/dev1", payload: "gone" } });
  });
});
