import { describe, expect, test } from "vitest";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { DeviceScript } from "./device-script.ts";

const ack = { type: "DISCONNECT", duration: undefined } as const;
const topic = { topicIdType: "normal", topicName: "a" } as const;
const data = Buffer.from("hi");

/** A device that is connected to the gateway at A. */
function atA(settings = {}): DeviceScript {
  const d = new DeviceScript(settings);
  d.does({ type: "connect", gateway: "A" }).sends({ type: "CONNECT" });
  d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
  expect(d.device.gateway).toBe("A");
  return d;
}

function hearsFrom(d: DeviceScript, from: string, message: Message): DeviceScript {
  return d.does({ type: "datagram", from, data: encode(message) });
}

describe("a device and its gateway", () => {
  test("K2 answers PINGREQ only of the gateway it is connected to", () => {
    const d = atA();
    hearsFrom(d, "B", { type: "PINGREQ", clientId: "" }).nothing();
    hearsFrom(d, "A", { type: "PINGREQ", clientId: "" }).sends({ type: "PINGRESP" });
  });

  test("K2 answers no PINGREQ before it is connected, nor after", () => {
    const d = new DeviceScript();
    d.does({ type: "connect", gateway: "A" }).sends({ type: "CONNECT" });
    hearsFrom(d, "A", { type: "PINGREQ", clientId: "" }).nothing();
    hearsFrom(d, "A", { type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
    d.does({ type: "disconnect" }).sends({ type: "DISCONNECT" });
    hearsFrom(d, "A", ack).tells({ type: "disconnected" });
    hearsFrom(d, "A", { type: "PINGREQ", clientId: "" }).nothing();
  });

  test("X4 is not disconnected by another gateway's DISCONNECT", () => {
    const d = atA();
    hearsFrom(d, "B", ack).nothing();
    expect(d.device.state).toBe("active");
  });
});

describe("a device that changes its gateway", () => {
  test("D3 disconnects from the first before it connects to the second", () => {
    const d = atA();
    d.does({ type: "connect", gateway: "B" }).sends({ type: "DISCONNECT", duration: undefined });
    expect(d.device.gateway).toBe("A");
    d.hears(ack);
    expect(d.device.gateway).toBe("B");
    d.tells({ type: "disconnected", reason: "asked", reconnecting: true }).sends({ type: "CONNECT" });
  });

  test("D3 finishes what is outstanding at the first, and takes what waits to the second", () => {
    const d = atA().registers("a", 7);
    d.does({ type: "publish", token: 1, topic, qos: 1, retain: false, data });
    const { msgId } = d.sends({ type: "PUBLISH", topicId: 7 }) as { msgId: number };
    d.does({ type: "connect", gateway: "B" }).nothing();
    d.hears({ type: "PUBACK", topicId: 7, msgId, returnCode: 0 }).tells({ type: "published", result: "accepted" });
    d.sends({ type: "DISCONNECT" });
    d.does({ type: "publish", token: 2, topic, qos: 1, retain: false, data }).nothing();
    d.hears(ack).tells({ type: "disconnected", reconnecting: true }).sends({ type: "CONNECT" });
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" }).sends({ type: "REGISTER" });
  });

  test("D3 leaves a gateway from its sleep too", () => {
    const d = atA();
    d.does({ type: "sleep", duration: 300, wakeEveryMs: undefined }).sends({ type: "DISCONNECT", duration: 300 });
    d.hears(ack).tells({ type: "asleep" });
    d.does({ type: "connect", gateway: "B" }).sends({ type: "DISCONNECT", duration: undefined });
    d.hears(ack).tells({ type: "disconnected" }).sends({ type: "CONNECT" });
  });

  test("R1 K6 connects to another gateway at once when its own does not answer, and later to this one again", () => {
    const d = atA({ nRetry: 1, reconnect: true });
    d.after(54_000).sends({ type: "PINGREQ" });
    d.after(10_000).repeats({ type: "PINGREQ" });
    d.after(10_000).tells({ type: "gave-up", message: "PINGREQ" });
    d.tells({ type: "disconnected", reason: "no answer", reconnecting: true });
    d.does({ type: "connect", gateway: "B" }).sends({ type: "CONNECT" });
    expect(d.device.gateway).toBe("B");
    d.after(10_000).repeats({ type: "CONNECT" });
    d.after(10_000).tells({ type: "gave-up", message: "CONNECT" });
    d.tells({ type: "disconnected", reason: "no answer", reconnecting: true });
    d.does({ type: "connect", gateway: "A" }).sends({ type: "CONNECT" });
    expect(d.device.gateway).toBe("A");
  });

  test("K6 goes on also where it does not connect again by itself", () => {
    const d = new DeviceScript({ nRetry: 0 });
    d.does({ type: "connect", gateway: "A" }).sends({ type: "CONNECT" });
    d.after(10_000).tells({ type: "gave-up" }).tells({ type: "disconnected", reconnecting: false });
    d.does({ type: "connect", gateway: "B" }).sends({ type: "CONNECT" });
  });

  test("D3 goes to another one when the first refuses, or does not answer, while it was told to", () => {
    const d = new DeviceScript({ nRetry: 0 });
    d.does({ type: "connect", gateway: "A" }).sends({ type: "CONNECT" });
    d.does({ type: "connect", gateway: "B" }).nothing();
    d.hears({ type: "CONNACK", returnCode: 3 }).tells({ type: "refused" });
    d.tells({ type: "disconnected", reason: "refused", reconnecting: true }).sends({ type: "CONNECT" });
    d.does({ type: "connect", gateway: "C" }).after(10_000).tells({ type: "gave-up" });
    d.tells({ type: "disconnected", reason: "no answer", reconnecting: true }).sends({ type: "CONNECT" });
    expect(d.device.gateway).toBe("C");
  });

  test("D3 stays where it is when it is told the same gateway, or to disconnect", () => {
    const d = atA();
    d.does({ type: "connect", gateway: "A" }).nothing();
    d.does({ type: "register", token: 1, topicName: "a" }).sends({ type: "REGISTER" });
    d.does({ type: "connect", gateway: "B" }).does({ type: "connect", gateway: "A" }).nothing();
    d.does({ type: "connect", gateway: "B" }).does({ type: "disconnect" }).nothing();
    d.hears(ack).tells({ type: "registered" }).tells({ type: "disconnected", reason: "gateway", reconnecting: false });
    d.does({ type: "connect" }).sends({ type: "CONNECT" });
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" }).nothing();
    expect(d.device.gateway).toBe("A");
  });

  test("I2 S11 takes neither topic ids nor subscriptions for known there, also in a session that stays", () => {
    const d = atA({ cleanSession: false }).registers("a", 7);
    const predefined = { topicIdType: "predefined", topicId: 3 } as const;
    d.does({ type: "subscribe", token: 1, topic: predefined, qos: 1 });
    const { msgId } = d.sends({ type: "SUBSCRIBE" }) as { msgId: number };
    d.hears({ type: "SUBACK", qos: 1, topicId: 3, msgId, returnCode: 0 }).tells({ type: "subscribed" });
    d.does({ type: "connect", gateway: "B" }).sends({ type: "DISCONNECT" });
    d.hears(ack).tells({ type: "disconnected" }).sends({ type: "CONNECT", cleanSession: false });
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
    d.sends({ type: "SUBSCRIBE", topicId: 3 });
    d.does({ type: "publish", token: 2, topic, qos: 0, retain: false, data }).sends({ type: "REGISTER" });
  });

  test("does not send a QoS 2 message again there, for it could arrive twice", () => {
    const d = atA({ cleanSession: false, reconnect: true }).registers("a", 7);
    d.does({ type: "publish", token: 1, topic, qos: 2, retain: false, data }).sends({ type: "PUBLISH" });
    d.hears(ack).tells({ type: "disconnected", reconnecting: true });
    d.does({ type: "connect", gateway: "B" }).tells({ type: "published", token: 1, result: "no answer" });
    d.sends({ type: "CONNECT" });
  });
});
