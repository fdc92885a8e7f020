import { describe, expect, test } from "vitest";
import { DEFAULT_DEVICE_SETTINGS } from "../../src/device/settings.ts";
import { sleepDurationFor } from "../../src/device/sleep-duration.ts";
import { DeviceScript } from "./device-script.ts";

const data = Buffer.from("hi");
const ack = { type: "DISCONNECT", duration: undefined } as const;

function asleep(settings = {}, wakeEveryMs?: number): DeviceScript {
  const d = new DeviceScript(settings).connects();
  d.does({ type: "sleep", duration: 300, wakeEveryMs }).sends({ type: "DISCONNECT", duration: 300 });
  d.hears(ack).tells({ type: "asleep" });
  return d;
}

describe("a sleeping device", () => {
  test("Z1 announces how long it sleeps, and sleeps when the gateway has answered", () => {
    const d = new DeviceScript().connects();
    d.does({ type: "sleep", duration: 300, wakeEveryMs: undefined }).sends({ type: "DISCONNECT", duration: 300 });
    expect(d.device.state).toBe("falling-asleep");
    d.after(10_000).repeats({ type: "DISCONNECT", duration: 300 });
    d.hears(ack).tells({ type: "asleep" });
    expect(d.device.state).toBe("asleep");
    d.after(1_000_000).nothing();
  });

  test("hears nothing", () => {
    asleep().hears({ type: "PINGREQ", clientId: "" }).nothing().hears(ack).nothing();
  });

  test("Z4 Z5 wakes with its ClientId, takes what comes, and sleeps after PINGRESP", () => {
    const d = asleep();
    d.does({ type: "wake" }).sends({ type: "PINGREQ", clientId: "d1" });
    expect(d.device.state).toBe("awake");
    d.hears({ type: "REGISTER", topicId: 5, msgId: 1, topicName: "a" });
    d.sends({ type: "REGACK", topicId: 5, msgId: 1, returnCode: 0 });
    d.hears({ type: "PUBLISH", dup: false, qos: 1, retain: false, topicIdType: "normal", topicId: 5, msgId: 2, data });
    d.sends({ type: "PUBACK", topicId: 5, msgId: 2, returnCode: 0 });
    d.tells({ type: "message", topicName: "a", qos: 1 });
    d.hears({ type: "PINGRESP" }).tells({ type: "awake-ended", answered: true });
    expect(d.device.state).toBe("asleep");
  });

  test("Z5 wakes by itself again and again where it was told to", () => {
    const d = asleep({}, 30_000);
    for (let cycle = 0; cycle < 3; cycle += 1) {
      d.after(29_999).nothing().after(1).sends({ type: "PINGREQ", clientId: "d1" });
      d.hears({ type: "PINGRESP" }).tells({ type: "awake-ended", answered: true });
    }
  });

  test("Z9 repeats PINGREQ while awake, Tretry after the last message of the gateway", () => {
    const d = asleep();
    d.does({ type: "wake" }).sends({ type: "PINGREQ" });
    d.after(9_000).hears({ type: "REGISTER", topicId: 5, msgId: 1, topicName: "a" }).sends({ type: "REGACK" });
    d.after(9_999).nothing().after(1).repeats({ type: "PINGREQ", clientId: "d1" });
  });

  test("Z9 goes back to sleep when nobody answers, and tries again later", () => {
    const d = asleep({ nRetry: 1 }, 60_000);
    d.after(60_000).sends({ type: "PINGREQ" });
    d.after(10_000).repeats({ type: "PINGREQ" });
    d.after(10_000).tells({ type: "gave-up", message: "PINGREQ" }).tells({ type: "awake-ended", answered: false });
    d.after(60_000).sends({ type: "PINGREQ", clientId: "d1" });
  });

  test("Z15 sends nothing but answers while it is awake, whatever the application asks for", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    d.does({ type: "sleep", duration: 300, wakeEveryMs: undefined }).sends({ type: "DISCONNECT" });
    d.hears(ack).tells({ type: "asleep" });
    const topic = { topicIdType: "normal", topicName: "a" } as const;
    d.does({ type: "wake" }).sends({ type: "PINGREQ" });
    d.does({ type: "publish", token: 1, topic, qos: 1, retain: false, data }).nothing();
    d.does({ type: "subscribe", token: 2, topic, qos: 1 }).nothing();
    d.does({ type: "register", token: 3, topicName: "b" }).nothing();
    const message = {
      type: "PUBLISH",
      dup: false,
      retain: false,
      topicIdType: "normal",
      topicId: 7,
      msgId: 2,
    } as const;
    d.hears({ ...message, qos: 2, data }).sends({ type: "PUBREC", msgId: 2 });
    d.tells({ type: "message" }).hears({ type: "PUBREL", msgId: 2 }).sends({ type: "PUBCOMP", msgId: 2 });
    d.hears({ type: "PINGRESP" }).tells({ type: "awake-ended", answered: true });
    expect(d.device.state).toBe("asleep");
  });

  test("Z2 announces time for all its repetitions, and no more than there is", () => {
    const settings = { ...DEFAULT_DEVICE_SETTINGS, clientId: "d1", tRetryMs: 10_000, nRetry: 3 };
    expect(sleepDurationFor(60_000, settings)).toBe(100);
    expect(sleepDurationFor(100_000_000, settings)).toBe(0xffff);
  });

  test("Z9 R1 K6 takes itself for disconnected when it has woken up without an answer too often, one time after the other", () => {
    const d = asleep({ nRetry: 0, reconnect: true, unansweredWakesMax: 2 }, 60_000);
    const wakesInVain = () => {
      d.after(60_000).sends({ type: "PINGREQ" });
      d.after(10_000).tells({ type: "gave-up", message: "PINGREQ" }).tells({ type: "awake-ended", answered: false });
    };
    wakesInVain();
    d.after(60_000).sends({ type: "PINGREQ" });
    d.hears({ type: "PINGRESP" }).tells({ type: "awake-ended", answered: true });
    wakesInVain();
    wakesInVain();
    d.tells({ type: "disconnected", reason: "no answer", reconnecting: true });
    d.after(1000).sends({ type: "CONNECT" });
    d.hears({ type: "CONNACK", returnCode: 0 })
      .tells({ type: "connected" })
      .sends({ type: "DISCONNECT", duration: 300 });
    d.hears(ack).tells({ type: "asleep" });
    wakesInVain();
  });

  test("Z12 Z15 becomes active by CONNECT to publish, with the topic id it had, and sleeps again", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    d.does({ type: "sleep", duration: 300, wakeEveryMs: undefined }).sends({ type: "DISCONNECT" });
    d.hears(ack).tells({ type: "asleep" });
    d.does({
      type: "publish",
      token: 1,
      topic: { topicIdType: "normal", topicName: "a" },
      qos: 1,
      retain: false,
      data,
    });
    d.nothing().does({ type: "connect" }).sends({ type: "CONNECT", clientId: "d1" });
    d.does({ type: "sleep", duration: 300, wakeEveryMs: undefined }).nothing();
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
    const { msgId } = d.sends({ type: "PUBLISH", topicId: 7 }) as { msgId: number };
    d.hears({ type: "PUBACK", topicId: 7, msgId, returnCode: 0 }).tells({ type: "published", result: "accepted" });
    d.sends({ type: "DISCONNECT", duration: 300 });
  });

  test("Z12 becomes active also where the answer to its DISCONNECT is still to come", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    const sleep = { type: "sleep", duration: 300, wakeEveryMs: undefined } as const;
    d.does(sleep).sends({ type: "DISCONNECT" });
    d.does({ type: "connect" }).nothing();
    d.does({
      type: "publish",
      token: 1,
      topic: { topicIdType: "normal", topicName: "a" },
      qos: 1,
      retain: false,
      data,
    });
    d.does(sleep).nothing().hears(ack).tells({ type: "asleep" });
    d.sends({ type: "CONNECT" });
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" }).sends({ type: "PUBLISH" });
  });

  test("O1 sleeps through TWAIT, and becomes active for what waited", () => {
    const d = new DeviceScript({ tWaitMs: 5000 }).connects().registers("a", 7);
    d.does({
      type: "publish",
      token: 1,
      topic: { topicIdType: "normal", topicName: "a" },
      qos: 1,
      retain: false,
      data,
    });
    const { msgId } = d.sends({ type: "PUBLISH" }) as { msgId: number };
    d.does({ type: "sleep", duration: 300, wakeEveryMs: undefined }).nothing();
    d.hears({ type: "PUBACK", topicId: 7, msgId, returnCode: 1 }).sends({ type: "DISCONNECT", duration: 300 });
    d.hears(ack).tells({ type: "asleep" });
    d.after(4999).nothing().after(1).sends({ type: "CONNECT" });
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
    d.sends({ type: "PUBLISH", msgId, dup: true });
    d.hears({ type: "PUBACK", topicId: 7, msgId, returnCode: 0 }).tells({ type: "published", result: "accepted" });
    d.sends({ type: "DISCONNECT", duration: 300 });
  });

  test("Z14 announces a new sleep time from its sleep", () => {
    const d = asleep();
    d.does({ type: "sleep", duration: 600, wakeEveryMs: undefined }).sends({ type: "DISCONNECT", duration: 600 });
    d.hears(ack).tells({ type: "asleep" });
  });

  test("Z13 disconnects from its sleep", () => {
    const d = asleep();
    d.does({ type: "disconnect" }).sends({ type: "DISCONNECT", duration: undefined });
    d.hears(ack).tells({ type: "disconnected", reason: "asked" });
  });

  test("X4 connects again and sleeps on when the gateway does not know it any more", () => {
    const d = asleep({ reconnect: true }, 60_000);
    d.after(60_000).sends({ type: "PINGREQ" });
    d.hears(ack).tells({ type: "disconnected", reason: "gateway", reconnecting: true });
    d.after(1000).sends({ type: "CONNECT" });
    d.hears({ type: "CONNACK", returnCode: 0 })
      .tells({ type: "connected" })
      .sends({ type: "DISCONNECT", duration: 300 });
    d.hears(ack).tells({ type: "asleep" });
  });
});
