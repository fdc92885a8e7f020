import { describe, expect, test } from "vitest";
import type { DeviceQoS, DeviceTopic } from "../../src/device/contract.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import { DeviceScript } from "./device-script.ts";

const data = Buffer.from("hi");
const accepted = { type: "published", token: 1, result: "accepted", returnCode: 0 } as const;

function named(topicName: string): DeviceTopic {
  return { topicIdType: "normal", topicName };
}

function publish(qos: DeviceQoS, topic: DeviceTopic = named("a"), token = 1) {
  return { type: "publish", token, topic, qos, retain: false, data } as const;
}

function msgIdOf(message: unknown): number {
  return (message as { msgId: number }).msgId;
}

/** Loses the connection and makes it again. */
function reconnects(d: DeviceScript): void {
  d.hears({ type: "DISCONNECT", duration: undefined }).tells({ type: "disconnected", reconnecting: true });
  d.after(1000).sends({ type: "CONNECT" });
  d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
}

describe("a device that registers", () => {
  test("T1 T7 sends topic id 0 and uses the id of REGACK from then on", () => {
    const d = new DeviceScript().connects();
    d.does({ type: "register", token: 1, topicName: "a" });
    const msgId = msgIdOf(d.sends({ type: "REGISTER", topicId: 0, topicName: "a" }));
    d.hears({ type: "REGACK", topicId: 7, msgId, returnCode: 0 }).tells({ type: "registered", result: "accepted" });
    d.does(publish(0)).sends({ type: "PUBLISH", topicIdType: "normal", topicId: 7, qos: 0, msgId: 0 });
    d.tells(accepted);
  });

  test("T3 has one REGISTER outstanding", () => {
    const d = new DeviceScript().connects();
    d.does({ type: "register", token: 1, topicName: "a" });
    const msgId = msgIdOf(d.sends({ type: "REGISTER", topicName: "a" }));
    d.does({ type: "register", token: 2, topicName: "b" }).nothing();
    d.hears({ type: "REGACK", topicId: 7, msgId, returnCode: 0 }).tells({ type: "registered", token: 1 });
    d.sends({ type: "REGISTER", topicName: "b" });
  });

  test("M2 R8 takes no REGACK with another MsgId", () => {
    const d = new DeviceScript().connects();
    d.does({ type: "register", token: 1, topicName: "a" });
    const msgId = msgIdOf(d.sends({ type: "REGISTER" }));
    d.hears({ type: "REGACK", topicId: 7, msgId: msgId + 1, returnCode: 0 }).nothing();
  });

  test("R5 repeats REGISTER with the same MsgId, and gives up after Nretry", () => {
    const d = new DeviceScript({ nRetry: 1 }).connects();
    d.does({ type: "register", token: 1, topicName: "a" });
    const msgId = msgIdOf(d.sends({ type: "REGISTER" }));
    d.after(10_000).repeats({ type: "REGISTER", msgId });
    d.after(10_000).tells({ type: "gave-up", message: "REGISTER" });
    d.tells({ type: "registered", token: 1, result: "no answer" }).tells({ type: "disconnected", reason: "no answer" });
  });

  test("T2 O1 waits TWAIT after congestion, and gives up when it is refused too often", () => {
    const d = new DeviceScript({ duration: 0, tWaitMs: 5000, congestionMax: 1 }).connects();
    d.does({ type: "register", token: 1, topicName: "a" });
    const msgId = msgIdOf(d.sends({ type: "REGISTER" }));
    d.hears({ type: "REGACK", topicId: 0, msgId, returnCode: 1 }).after(4999).nothing().after(1);
    const again = msgIdOf(d.sends({ type: "REGISTER", topicName: "a" }));
    d.hears({ type: "REGACK", topicId: 0, msgId: again, returnCode: 1 });
    d.tells({ type: "registered", token: 1, result: "refused", returnCode: 1 });
  });

  test("T2 tells a refusal for good", () => {
    const d = new DeviceScript().connects();
    d.does({ type: "register", token: 1, topicName: "+" });
    const msgId = msgIdOf(d.sends({ type: "REGISTER" }));
    d.hears({ type: "REGACK", topicId: 0, msgId, returnCode: 3 });
    d.tells({ type: "registered", token: 1, result: "refused", returnCode: 3 });
  });
});

describe("a device that publishes", () => {
  test("T1 registers a name it has no id for, and then publishes", () => {
    const d = new DeviceScript().connects();
    d.does(publish(1));
    const msgId = msgIdOf(d.sends({ type: "REGISTER", topicName: "a" }));
    d.hears({ type: "REGACK", topicId: 7, msgId, returnCode: 0 }).sends({ type: "PUBLISH", topicId: 7, qos: 1 });
  });

  test("I7 needs no REGISTER for predefined ids and short names", () => {
    const d = new DeviceScript().connects();
    d.does(publish(0, { topicIdType: "predefined", topicId: 3 }));
    d.sends({ type: "PUBLISH", topicIdType: "predefined", topicId: 3 });
    d.tells(accepted).does(publish(0, { topicIdType: "short", topicId: 0x6162 }));
    d.sends({ type: "PUBLISH", topicIdType: "short", topicId: 0x6162 });
    d.tells(accepted);
  });

  test("N1 sends QoS −1 without a connection, with MsgId 0", () => {
    const d = new DeviceScript();
    const topic = { topicIdType: "predefined", topicId: 3 } as const;
    d.does({ type: "publish-unconnected", topic, retain: false, data });
    d.sends({ type: "PUBLISH", qos: -1, msgId: 0, topicIdType: "predefined", topicId: 3 });
    expect(d.device.state).toBe("disconnected");
  });

  test("N1 N4 sends QoS −1 in any other state too, and goes on as if nothing had been", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    const topic = { topicIdType: "short", topicId: 0x6162 } as const;
    const unconnected = { type: "publish-unconnected", topic, retain: true, data } as const;
    const msgId = msgIdOf(d.does(publish(1)).sends({ type: "PUBLISH", qos: 1 }));
    d.does(unconnected).sends({ type: "PUBLISH", qos: -1, msgId: 0, dup: false, retain: true, topicIdType: "short" });
    d.hears({ type: "PUBACK", topicId: 7, msgId, returnCode: 0 }).tells(accepted);
    d.does({ type: "sleep", duration: 300, wakeEveryMs: undefined }).sends({ type: "DISCONNECT" });
    d.hears({ type: "DISCONNECT", duration: undefined }).tells({ type: "asleep" });
    d.does(unconnected).sends({ type: "PUBLISH", qos: -1 });
    expect(d.device.state).toBe("asleep");
  });

  test("N1 R2 never repeats QoS −1, for nothing answers it", () => {
    const d = new DeviceScript();
    d.does({ type: "publish-unconnected", topic: { topicIdType: "predefined", topicId: 3 }, retain: false, data });
    d.sends({ type: "PUBLISH", qos: -1 });
    d.after(1_000_000).nothing();
  });

  test("N2 sends no QoS −1 to a name, which would need a registration", () => {
    new DeviceScript().does({ type: "publish-unconnected", topic: named("a"), retain: false, data }).nothing();
  });

  test("P1 P9 says accepted at QoS 1 only after PUBACK with its MsgId and topic id", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    const msgId = msgIdOf(d.does(publish(1)).sends({ type: "PUBLISH", qos: 1, dup: false }));
    d.hears({ type: "PUBACK", topicId: 8, msgId, returnCode: 0 }).nothing();
    d.hears({ type: "PUBACK", topicId: 7, msgId: msgId + 1, returnCode: 0 }).nothing();
    d.hears({ type: "PUBACK", topicId: 7, msgId, returnCode: 0 }).tells(accepted);
  });

  test("P1 says accepted at QoS 2 only after PUBCOMP", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    const msgId = msgIdOf(d.does(publish(2)).sends({ type: "PUBLISH", qos: 2 }));
    d.hears({ type: "PUBREC", msgId }).sends({ type: "PUBREL", msgId });
    d.hears({ type: "PUBREC", msgId }).sends({ type: "PUBREL", msgId });
    d.after(10_000).repeats({ type: "PUBREL", msgId });
    d.hears({ type: "PUBCOMP", msgId }).tells(accepted);
    d.hears({ type: "PUBCOMP", msgId }).nothing();
  });

  test("P4 has one QoS 1 or 2 PUBLISH outstanding, and keeps the order", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    const msgId = msgIdOf(d.does(publish(1)).sends({ type: "PUBLISH" }));
    d.does(publish(0, named("a"), 2))
      .nothing()
      .does(publish(2, named("a"), 3))
      .nothing();
    d.hears({ type: "PUBACK", topicId: 7, msgId, returnCode: 0 }).tells(accepted);
    d.sends({ type: "PUBLISH", qos: 0 });
    d.tells({ type: "published", token: 2, result: "accepted" }).sends({ type: "PUBLISH", qos: 2 });
  });

  test("R3 repeats PUBLISH with DUP and the same MsgId", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    const msgId = msgIdOf(d.does(publish(1)).sends({ type: "PUBLISH", dup: false }));
    d.after(10_000).repeats({ type: "PUBLISH", dup: true, msgId });
  });

  test.each([1, 2] as const)("P2 P5 at QoS %d registers again after PUBACK 0x02 and sends once more", (qos) => {
    const d = new DeviceScript().connects().registers("a", 7);
    const msgId = msgIdOf(d.does(publish(qos)).sends({ type: "PUBLISH", topicId: 7 }));
    d.hears({ type: "PUBACK", topicId: 7, msgId, returnCode: 2 });
    const registerId = msgIdOf(d.sends({ type: "REGISTER", topicName: "a" }));
    d.hears({ type: "REGACK", topicId: 8, msgId: registerId, returnCode: 0 });
    d.sends({ type: "PUBLISH", topicId: 8, msgId });
    d.hears({ type: "PUBACK", topicId: 8, msgId, returnCode: 2 });
    d.tells({ type: "published", token: 1, result: "refused", returnCode: 2 });
  });

  test("P6 does not register for a predefined id that the gateway does not know", () => {
    const d = new DeviceScript().connects();
    const msgId = msgIdOf(d.does(publish(1, { topicIdType: "predefined", topicId: 3 })).sends({ type: "PUBLISH" }));
    d.hears({ type: "PUBACK", topicId: 3, msgId, returnCode: 2 });
    d.tells({ type: "published", result: "refused", returnCode: 2 });
  });

  test("P2 M6 registers again for the next message when one of QoS 0 was refused", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    d.does(publish(0)).sends({ type: "PUBLISH", topicId: 7 });
    d.tells(accepted).hears({ type: "PUBACK", topicId: 7, msgId: 0, returnCode: 2 });
    d.tells({ type: "publish-refused", topicId: 7, returnCode: 2 });
    d.does(publish(0)).sends({ type: "REGISTER", topicName: "a" });
  });

  test("O1 waits TWAIT after PUBACK 0x01 and sends the message again with its MsgId", () => {
    const d = new DeviceScript({ duration: 0, tWaitMs: 5000 }).connects().registers("a", 7);
    const msgId = msgIdOf(d.does(publish(2)).sends({ type: "PUBLISH" }));
    d.hears({ type: "PUBACK", topicId: 7, msgId, returnCode: 1 }).after(4999).nothing().after(1);
    d.sends({ type: "PUBLISH", topicId: 7, msgId, dup: true });
  });

  test("O1 P2 holds back every request for TWAIT, more than five minutes, after a refusal of QoS 0 for congestion", () => {
    const d = new DeviceScript({ duration: 0 }).connects().registers("a", 7);
    d.does(publish(0)).sends({ type: "PUBLISH" });
    d.tells(accepted).hears({ type: "PUBACK", topicId: 7, msgId: 0, returnCode: 1 });
    d.tells({ type: "publish-refused", returnCode: 1 });
    d.does(publish(0)).nothing().does({ type: "register", token: 3, topicName: "b" }).nothing();
    d.after(300_000).nothing().after(60_000).sends({ type: "PUBLISH" });
    d.tells(accepted).sends({ type: "REGISTER" });
  });

  test("P3 a refusal ends a QoS 2 exchange", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    const msgId = msgIdOf(d.does(publish(2)).sends({ type: "PUBLISH" }));
    d.hears({ type: "PUBACK", topicId: 7, msgId, returnCode: 3 });
    d.tells({ type: "published", token: 1, result: "refused", returnCode: 3 });
  });

  test("M3 has an exchange of its own and one of the gateway open under the same MsgId", () => {
    const d = new DeviceScript().connects().registers("a", 7);
    const msgId = msgIdOf(d.does(publish(2)).sends({ type: "PUBLISH" }));
    const message = { type: "PUBLISH", dup: false, retain: false, topicIdType: "normal", topicId: 7, data } as const;
    d.hears({ ...message, qos: 2, msgId }).sends({ type: "PUBREC", msgId });
    d.tells({ type: "message" }).hears({ type: "PUBREC", msgId }).sends({ type: "PUBREL", msgId });
    d.hears({ type: "PUBREL", msgId }).sends({ type: "PUBCOMP", msgId });
    d.hears({ type: "PUBCOMP", msgId }).tells(accepted);
  });

  test("M3 numbers from 1 to 65535 and skips what is in use", () => {
    const d = new DeviceScript({ duration: 0, nRetry: 1_000_000 }).connects().registers("a", 7);
    d.does({ type: "subscribe", token: 9, topic: named("x"), qos: 0 });
    const subscribeId = msgIdOf(d.sends({ type: "SUBSCRIBE" }));
    const seen = new Set<number>();
    // One round and one more, so that the number of the SUBSCRIBE would come again.
    // Without the script: its checks of every arrow would take seconds here.
    for (let count = 0; count < 65_535; count += 1) {
      const [sent] = d.device.handle(publish(1), d.now);
      const msgId = msgIdOf(sent?.type === "send" ? decode(sent.data) : undefined);
      seen.add(msgId);
      const answer = encode({ type: "PUBACK", topicId: 7, msgId, returnCode: 0 });
      d.device.handle({ type: "datagram", data: answer }, d.now);
    }
    expect(seen.size).toBe(65_534);
    expect(seen.has(0)).toBe(false);
    expect(seen.has(subscribeId)).toBe(false);
  });

  test("says so when more waits than is allowed, or when it is too long", () => {
    const d = new DeviceScript({ queuedMax: 1, datagramOctetsMax: 20 }).connects();
    d.does({ ...publish(0), data: Buffer.alloc(12) }).tells({ type: "published", result: "too long" });
    d.does(publish(1)).sends({ type: "REGISTER" });
    d.does(publish(1, named("a"), 2)).nothing();
    d.does(publish(1, named("a"), 3)).tells({ type: "published", token: 3, result: "queue full" });
  });

  test("fails at once without a connection", () => {
    new DeviceScript().does(publish(1)).tells({ type: "published", token: 1, result: "not connected" });
  });
});

describe("a device that loses its connection in the middle of a PUBLISH", () => {
  test.each([1, 2] as const)("R3 goes on at QoS %d with the same MsgId and DUP in a session that stays", (qos) => {
    const d = new DeviceScript({ cleanSession: false, reconnect: true }).connects().registers("a", 7);
    const msgId = msgIdOf(d.does(publish(qos)).sends({ type: "PUBLISH", dup: false }));
    reconnects(d);
    d.sends({ type: "PUBLISH", dup: true, msgId, topicId: 7 });
  });

  test("R3 goes on with PUBREL once PUBREC has come", () => {
    const d = new DeviceScript({ cleanSession: false, reconnect: true }).connects().registers("a", 7);
    const msgId = msgIdOf(d.does(publish(2)).sends({ type: "PUBLISH" }));
    d.hears({ type: "PUBREC", msgId }).sends({ type: "PUBREL", msgId });
    reconnects(d);
    d.sends({ type: "PUBREL", msgId });
  });

  test("T10 registers again in a clean session and goes on at QoS 1", () => {
    const d = new DeviceScript({ reconnect: true }).connects().registers("a", 7);
    const msgId = msgIdOf(d.does(publish(1)).sends({ type: "PUBLISH" }));
    reconnects(d);
    const registerId = msgIdOf(d.sends({ type: "REGISTER", topicName: "a" }));
    d.hears({ type: "REGACK", topicId: 9, msgId: registerId, returnCode: 0 });
    d.sends({ type: "PUBLISH", dup: true, msgId, topicId: 9 });
  });

  test("does not send a QoS 2 message again in a clean session, for it could arrive twice", () => {
    const d = new DeviceScript({ reconnect: true }).connects().registers("a", 7);
    d.does(publish(2)).sends({ type: "PUBLISH" });
    d.hears({ type: "DISCONNECT", duration: undefined }).tells({ type: "published", result: "no answer" });
    d.tells({ type: "disconnected", reconnecting: true });
  });
});

describe("a device that subscribes", () => {
  test("S1 S2 S8 by name; the id of SUBACK serves for publishing too", () => {
    const d = new DeviceScript().connects();
    d.does({ type: "subscribe", token: 1, topic: named("a"), qos: 2 });
    const msgId = msgIdOf(d.sends({ type: "SUBSCRIBE", topicIdType: "normal", topicName: "a", qos: 2, dup: false }));
    d.hears({ type: "SUBACK", qos: 1, topicId: 7, msgId, returnCode: 0 });
    d.tells({ type: "subscribed", token: 1, result: "accepted", returnCode: 0, qos: 1 });
    d.does(publish(0)).sends({ type: "PUBLISH", topicId: 7 });
    d.tells(accepted);
  });

  test("S1 by predefined id and by short name", () => {
    const d = new DeviceScript().connects();
    for (const topicIdType of ["predefined", "short"] as const) {
      d.does({ type: "subscribe", token: 1, topic: { topicIdType, topicId: 0x6162 }, qos: 0 });
      const msgId = msgIdOf(d.sends({ type: "SUBSCRIBE", topicIdType, topicId: 0x6162 }));
      d.hears({ type: "SUBACK", qos: 0, topicId: 0x6162, msgId, returnCode: 0 }).tells({ type: "subscribed" });
    }
  });

  test("S6 has one SUBSCRIBE or UNSUBSCRIBE outstanding", () => {
    const d = new DeviceScript().connects();
    d.does({ type: "subscribe", token: 1, topic: named("a"), qos: 0 });
    const msgId = msgIdOf(d.sends({ type: "SUBSCRIBE" }));
    d.does({ type: "unsubscribe", token: 2, topic: named("b"), qos: 0 }).nothing();
    d.hears({ type: "SUBACK", qos: 0, topicId: 7, msgId, returnCode: 0 }).tells({ type: "subscribed" });
    const unsubscribeId = msgIdOf(d.sends({ type: "UNSUBSCRIBE", topicName: "b" }));
    d.after(10_000).repeats({ type: "UNSUBSCRIBE", msgId: unsubscribeId });
    d.hears({ type: "UNSUBACK", msgId: unsubscribeId }).tells({ type: "unsubscribed", token: 2, result: "accepted" });
  });

  test("R3 repeats SUBSCRIBE with DUP", () => {
    const d = new DeviceScript().connects();
    d.does({ type: "subscribe", token: 1, topic: named("a"), qos: 0 });
    const msgId = msgIdOf(d.sends({ type: "SUBSCRIBE" }));
    d.after(10_000).repeats({ type: "SUBSCRIBE", dup: true, msgId });
  });

  test("S5 tells a refusal, and waits TWAIT after congestion", () => {
    const d = new DeviceScript({ duration: 0, tWaitMs: 5000 }).connects();
    d.does({ type: "subscribe", token: 1, topic: named("a"), qos: 0 });
    const msgId = msgIdOf(d.sends({ type: "SUBSCRIBE" }));
    d.hears({ type: "SUBACK", qos: 0, topicId: 0, msgId, returnCode: 1 }).nothing().after(5000);
    const again = msgIdOf(d.sends({ type: "SUBSCRIBE" }));
    d.hears({ type: "SUBACK", qos: 0, topicId: 0, msgId: again, returnCode: 3 });
    d.tells({ type: "subscribed", token: 1, result: "refused", returnCode: 3 });
  });
});

describe("a device whose message of QoS 0 is refused", () => {
  const refusal = (topicId: number, returnCode: number) => ({ type: "PUBACK", topicId, msgId: 0, returnCode }) as const;
  const topic = { topicIdType: "predefined", topicId: 77 } as const;

  test("P2 tells so", () => {
    const d = new DeviceScript().connects();
    d.does(publish(0, topic)).sends({ type: "PUBLISH", topicId: 77, msgId: 0 });
    d.tells(accepted);
    d.hears(refusal(77, 2)).tells({ type: "publish-refused", topicId: 77, returnCode: 2 });
  });

  test("P2 tells so also while it waits for the answer to DISCONNECT", () => {
    const d = new DeviceScript().connects();
    d.does(publish(0, topic)).sends({ type: "PUBLISH" });
    d.tells(accepted);
    d.does({ type: "disconnect" }).sends({ type: "DISCONNECT" });
    d.hears(refusal(77, 2)).tells({ type: "publish-refused", returnCode: 2 });
    d.hears({ type: "DISCONNECT", duration: undefined }).tells({ type: "disconnected", reason: "asked" });
  });

  test("P2 takes an acceptance, which no gateway should send, for none", () => {
    const d = new DeviceScript().connects();
    d.hears(refusal(77, 0)).nothing();
  });
});
