import { describe, expect, test } from "vitest";
import type { Message } from "../../src/sn/message.ts";
import { DeviceScript } from "./device-script.ts";

const data = Buffer.from("hi");
const will = { willTopic: "gone", willMsg: Buffer.from("d1"), qos: 1, retain: true } as const;

describe("a device that connects", () => {
  test("C1 C4 C5 without a will sends CONNECT with its keep alive and waits for CONNACK", () => {
    const d = new DeviceScript({ duration: 90, cleanSession: false });
    d.does({ type: "connect" });
    d.sends({ type: "CONNECT", clientId: "d1", duration: 90, cleanSession: false, will: false, protocolId: 1 });
    expect(d.device.state).toBe("connecting");
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
    expect(d.device.state).toBe("active");
  });

  test("C1 with a will answers the prompts", () => {
    const d = new DeviceScript({ will });
    d.does({ type: "connect" }).sends({ type: "CONNECT", will: true });
    d.hears({ type: "WILLTOPICREQ" }).sends({ type: "WILLTOPIC", willTopic: "gone", qos: 1, retain: true });
    d.hears({ type: "WILLMSGREQ" }).sends({ type: "WILLMSG" });
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
  });

  test("W2 deletes its will with an empty WILLTOPIC", () => {
    const d = new DeviceScript({ will: "delete", cleanSession: false });
    d.does({ type: "connect" }).sends({ type: "CONNECT", will: true });
    d.hears({ type: "WILLTOPICREQ" }).sends({ type: "WILLTOPIC", empty: true });
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
  });

  test("R1 R2 repeats CONNECT and WILLTOPIC after Tretry", () => {
    const d = new DeviceScript({ will });
    d.does({ type: "connect" }).sends({ type: "CONNECT" });
    d.after(9_999).nothing().after(1).repeats({ type: "CONNECT" });
    d.hears({ type: "WILLTOPICREQ" }).sends({ type: "WILLTOPIC" });
    d.after(10_000).repeats({ type: "WILLTOPIC" });
  });

  test("R1 gives up after Nretry repetitions", () => {
    const d = new DeviceScript({ nRetry: 2 });
    d.does({ type: "connect" }).sends({ type: "CONNECT" });
    d.after(10_000).repeats({ type: "CONNECT" }).after(10_000).repeats({ type: "CONNECT" });
    d.after(10_000).tells({ type: "gave-up", message: "CONNECT" });
    d.tells({ type: "disconnected", reason: "no answer", reconnecting: false });
    expect(d.device.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test("C2 tells the refusal, and does not try again where it is for good", () => {
    const d = new DeviceScript({ reconnect: true });
    d.does({ type: "connect" }).sends({ type: "CONNECT" });
    d.hears({ type: "CONNACK", returnCode: 3 }).tells({ type: "refused", returnCode: 3 });
    d.tells({ type: "disconnected", reason: "refused", reconnecting: false });
    d.after(1_000_000).nothing();
  });

  test("O2 after a refusal for congestion waits longer and longer between attempts", () => {
    const d = new DeviceScript({ reconnect: true, reconnectMinMs: 1000, reconnectMaxMs: 2000 });
    d.does({ type: "connect" });
    for (const pauseMs of [1000, 2000, 2000]) {
      d.sends({ type: "CONNECT" });
      d.hears({ type: "CONNACK", returnCode: 1 }).tells({ type: "refused", returnCode: 1 });
      d.tells({ type: "disconnected", reason: "refused", reconnecting: true });
      d.after(pauseMs - 1)
        .nothing()
        .after(1);
    }
    d.sends({ type: "CONNECT" });
  });

  test("a DISCONNECT that comes late, while it connects, changes nothing", () => {
    const d = new DeviceScript();
    d.does({ type: "connect" }).sends({ type: "CONNECT" });
    d.hears({ type: "DISCONNECT", duration: undefined }).nothing();
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
  });
});

describe("a connected device", () => {
  test("K1 sends PINGREQ within its keep alive, counted from the last answer", () => {
    const d = new DeviceScript({ duration: 60 }).connects();
    d.after(53_999).nothing().after(1).sends({ type: "PINGREQ", clientId: "" });
    d.hears({ type: "PINGRESP" });
    d.after(54_000).sends({ type: "PINGREQ" });
  });

  test("K5 sends no PINGREQ with a keep alive of 0", () => {
    new DeviceScript({ duration: 0 }).connects().after(10_000_000).nothing();
  });

  test("K6 takes the connection for lost when no PINGRESP comes, and connects again if asked to", () => {
    const d = new DeviceScript({ nRetry: 1, reconnect: true }).connects();
    d.after(54_000).sends({ type: "PINGREQ" });
    d.after(10_000).repeats({ type: "PINGREQ" });
    d.after(10_000).tells({ type: "gave-up", message: "PINGREQ" });
    d.tells({ type: "disconnected", reason: "no answer", reconnecting: true });
    d.after(1000).sends({ type: "CONNECT" });
  });

  test("K2 answers the gateway's PINGREQ", () => {
    new DeviceScript().connects().hears({ type: "PINGREQ", clientId: "" }).sends({ type: "PINGRESP" });
  });

  test("X1 disconnects, and is disconnected when the gateway has answered", () => {
    const d = new DeviceScript().connects();
    d.does({ type: "disconnect" }).sends({ type: "DISCONNECT", duration: undefined });
    d.after(10_000).repeats({ type: "DISCONNECT" });
    d.hears({ type: "DISCONNECT", duration: undefined });
    d.tells({ type: "disconnected", reason: "asked", reconnecting: false });
    d.hears({ type: "DISCONNECT", duration: undefined }).nothing();
  });

  test("X1 disconnects only after the QoS 1 message in hand is acknowledged", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    d.does({
      type: "publish",
      token: 1,
      topic: { topicIdType: "normal", topicName: "a" },
      qos: 1,
      retain: false,
      data,
    });
    const { msgId } = d.sends({ type: "PUBLISH" }) as { msgId: number };
    d.does({ type: "disconnect" }).nothing();
    d.hears({ type: "PUBACK", topicId: 7, msgId, returnCode: 0 });
    d.tells({ type: "published", token: 1, result: "accepted" });
    d.sends({ type: "DISCONNECT", duration: undefined });
  });

  test("X4 connects again after a DISCONNECT of the gateway, if asked to", () => {
    const d = new DeviceScript({ reconnect: true }).connects();
    d.hears({ type: "DISCONNECT", duration: undefined });
    d.tells({ type: "disconnected", reason: "gateway", reconnecting: true });
    d.after(1000).sends({ type: "CONNECT" });
  });

  test("X4 says so after a DISCONNECT of the gateway otherwise, and fails what waits", () => {
    const d = new DeviceScript().connects();
    d.does({ type: "register", token: 1, topicName: "a" }).sends({ type: "REGISTER" });
    d.does({ type: "register", token: 2, topicName: "b" }).nothing();
    d.hears({ type: "DISCONNECT", duration: undefined });
    d.tells({ type: "registered", token: 1, result: "no answer" });
    d.tells({ type: "registered", token: 2, result: "not connected" });
    d.tells({ type: "disconnected", reason: "gateway", reconnecting: false });
  });

  test("S11 subscribes again after it has connected again with a clean session", () => {
    const d = new DeviceScript({ reconnect: true }).connects();
    d.does({ type: "subscribe", token: 1, topic: { topicIdType: "predefined", topicId: 3 }, qos: 1 });
    const { msgId } = d.sends({ type: "SUBSCRIBE" }) as { msgId: number };
    d.hears({ type: "SUBACK", qos: 1, topicId: 3, msgId, returnCode: 0 }).tells({ type: "subscribed", qos: 1 });
    d.hears({ type: "DISCONNECT", duration: undefined }).tells({ type: "disconnected", reconnecting: true });
    d.after(1000).sends({ type: "CONNECT", cleanSession: true });
    d.hears({ type: "CONNACK", returnCode: 0 });
    d.tells({ type: "connected" }).sends({
      type: "SUBSCRIBE",
      topicIdType: "predefined",
      topicId: 3,
      qos: 1,
      dup: false,
    });
  });

  test("S11 subscribes again when the gateway forgot a clean session that the device took for kept", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    d.does({ type: "subscribe", token: 1, topic: { topicIdType: "predefined", topicId: 3 }, qos: 1 });
    const { msgId } = d.sends({ type: "SUBSCRIBE" }) as { msgId: number };
    d.hears({ type: "SUBACK", qos: 1, topicId: 3, msgId, returnCode: 0 }).tells({ type: "subscribed" });
    d.does({
      type: "publish",
      token: 2,
      topic: { topicIdType: "normal", topicName: "a" },
      qos: 1,
      retain: false,
      data,
    });
    const published = d.sends({ type: "PUBLISH" }) as { msgId: number };
    d.hears({ type: "PUBACK", topicId: 7, msgId: published.msgId, returnCode: 2 });
    d.sends({ type: "SUBSCRIBE", topicIdType: "predefined", topicId: 3 });
    d.sends({ type: "REGISTER", topicName: "a" });
  });

  test("S11 does not subscribe again with a session that stays", () => {
    const d = new DeviceScript({ reconnect: true, cleanSession: false }).connects();
    d.does({ type: "subscribe", token: 1, topic: { topicIdType: "predefined", topicId: 3 }, qos: 1 });
    const { msgId } = d.sends({ type: "SUBSCRIBE" }) as { msgId: number };
    d.hears({ type: "SUBACK", qos: 1, topicId: 3, msgId, returnCode: 0 }).tells({ type: "subscribed" });
    d.hears({ type: "DISCONNECT", duration: undefined }).tells({ type: "disconnected", reconnecting: true });
    d.after(1000).sends({ type: "CONNECT", cleanSession: false });
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" }).nothing();
  });

  test.each<Message>([
    { type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration: 60, clientId: "d2" },
    { type: "SEARCHGW", radius: 1 },
    { type: "ADVERTISE", gwId: 5, duration: 900 },
    { type: "GWINFO", gwId: 5, gwAdd: new Uint8Array(0) },
    { type: "SUBSCRIBE", dup: false, qos: 0, msgId: 1, topicIdType: "predefined", topicId: 1 },
    { type: "UNSUBSCRIBE", msgId: 1, topicIdType: "predefined", topicId: 1 },
    { type: "WILLTOPICUPD", empty: true },
    { type: "WILLMSGUPD", willMsg: data },
    { type: "CONNACK", returnCode: 0 },
    { type: "CONNACK", returnCode: 3 },
    { type: "ENCAPSULATED", radius: 0, wirelessNodeId: data, data: Buffer.from([2, 0x18]) },
  ])("F7 ignores $type, which means nothing to a connected client", (message) => {
    const d = new DeviceScript().connects().hears(message).nothing();
    expect(d.device.state).toBe("active");
  });

  test("F5 ignores what is not a message", () => {
    new DeviceScript()
      .connects()
      .does({ type: "datagram", data: Buffer.from([9, 9]) })
      .nothing();
  });
});
