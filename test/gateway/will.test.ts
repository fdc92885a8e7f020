import { describe, expect, test } from "vitest";
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

describe("the will fires when, and only when, the standard says", () => {
  const GONE = { willTopic: "w/dev1", willMsg: "gone" };

  /** A client with a will, in each of the states in which it has a connection to the broker. */
  const STATES: [state: string, begin: () => Script][] = [
    ["active", () => new Script().connectWithWill({}, GONE)],
    ["asleep", () => new Script().connectWithWill({}, GONE).sleep()],
    [
      "awake",
      () => {
        const s = new Script().connectWithWill({}, GONE);
        s.subscribe("a", 1);
        s.sleep().deliver("a", { qos: 1, messageId: 1 });
        return s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH");
      },
    ],
  ];

  test("K3 it fires when the keep alive is over", () => {
    const s = new Script().connectWithWill({ duration: 60 }, GONE);
    s.after(89_999).nothing();
    s.after(1).closes(false).noted("client.lost");
  });

  test("Z2 it fires when the sleep is over", () => {
    const s = new Script().connectWithWill({}, GONE).sleep(300);
    s.after(329_999).nothing();
    s.after(1).closes(false).noted("client.lost");
  });

  test("Z2, Z11 it fires when a client that was awake last is silent for longer than its sleep", () => {
    const s = STATES[2]![1]();
    s.after(40_000).toClient("PUBLISH").toClient("PUBLISH").toClient("PUBLISH");
    s.after(330_000).closes(false).noted("client.lost");
  });

  test("R6 it fires when an active client does not answer", () => {
    const s = new Script({ tRetryMs: 10_000, nRetry: 0 }).connectWithWill({}, GONE);
    s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.after(10_000).toClient("DISCONNECT").closes(false).noted("client.lost");
  });

  test("R6 it fires when a client that has connected again does not say its new will", () => {
    const s = new Script({ tRetryMs: 10_000, nRetry: 0 }).connectWithWill({}, GONE);
    s.client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    s.after(10_000).closes(false).noted("client.lost");
  });

  test.each(STATES)("C16 it fires when another client has the address of one that is %s", (_, begin) => {
    const s = begin();
    s.client("CONNECT", { clientId: "dev2" }).closes(false).noted("client.lost");
    s.opens({ clientId: "dev2" });
  });

  test.each(STATES)("X3, Z13 it does not fire at the DISCONNECT of a client that is %s", (_, begin) => {
    begin().client("DISCONNECT").toClient("DISCONNECT").closes(true);
  });

  test("C13 it does not fire when a client connects again", () => {
    new Script().connectWithWill({}, GONE).client("CONNECT", { duration: 61 }).closes(true);
  });

  test("C15 it does not fire when a client connects from another address", () => {
    new Script().connectWithWill({}, GONE).from("c2").client("CONNECT", { duration: 61 }).closes(true);
  });

  test.each(STATES)(
    "Z12 it does not fire, and stays, when a client that is %s becomes active by CONNECT",
    (state, begin) => {
      const s = begin();
      if (state === "active") s.client("CONNECT", { duration: 61 }).closes(true);
      else expect(s.client("CONNECT").arrows()[0]).toBe("CONNACK 0");
    },
  );

  test.each(STATES)("A-34 it does not fire at the orderly stop of the gateway while a client is %s", (state, begin) => {
    const s = begin().event({ type: "stop" });
    if (state !== "asleep") s.toClient("DISCONNECT");
    s.closes(true);
  });

  test.each(STATES)("W10 it does not fire at the update of the will of a client that is %s", (_, begin) => {
    begin().client("WILLMSGUPD", { willMsg: "bye" }).closes(true);
  });
});
