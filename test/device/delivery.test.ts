import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Publish, QoS } from "../../src/sn/message.ts";
import { DeviceScript } from "./device-script.ts";

function publish(qos: QoS, msgId: number, text = "hi", topicId = 7): Publish {
  const data = Buffer.from(text);
  return { type: "PUBLISH", dup: false, qos, retain: false, topicIdType: "normal", topicId, msgId, data };
}

function knowsTopic(settings = {}): DeviceScript {
  return new DeviceScript(settings).connects().registers("a", 7);
}

describe("a device that receives", () => {
  test("G1 tells a QoS 0 message with its name, and answers nothing", () => {
    const d = knowsTopic().hears({ ...publish(0, 0), retain: true });
    d.tells({ type: "message", topicName: "a", qos: 0, retain: true, dup: false }).nothing();
  });

  test("M2 answers QoS 1 with PUBACK, also when it comes again", () => {
    const d = knowsTopic();
    for (const dup of [false, true]) {
      d.hears({ ...publish(1, 4), dup }).sends({ type: "PUBACK", topicId: 7, msgId: 4, returnCode: 0 });
      d.tells({ type: "message", dup });
    }
  });

  test("G2 G2a takes an id by REGISTER and repeats TopicId and MsgId in REGACK", () => {
    const d = new DeviceScript().connects();
    d.hears({ type: "REGISTER", topicId: 9, msgId: 3, topicName: "b" });
    d.sends({ type: "REGACK", topicId: 9, msgId: 3, returnCode: 0 });
    d.hears(publish(0, 0, "hi", 9)).tells({ type: "message", topicName: "b" });
  });

  test("I4 G3 refuses the reserved ids, and more ids than it has room for", () => {
    const d = new DeviceScript({ topicsMax: 1 }).connects();
    d.hears({ type: "REGISTER", topicId: 0xffff, msgId: 3, topicName: "b" }).sends({ type: "REGACK", returnCode: 2 });
    d.hears({ type: "REGISTER", topicId: 9, msgId: 4, topicName: "b" }).sends({ type: "REGACK", returnCode: 0 });
    d.hears({ type: "REGISTER", topicId: 10, msgId: 5, topicName: "c" }).sends({ type: "REGACK", returnCode: 3 });
  });

  test.each([0, 1, 2] as const)("G4 answers an unknown id with PUBACK 0x02 at QoS %d", (qos) => {
    const d = new DeviceScript().connects();
    d.hears(publish(qos, 4)).sends({ type: "PUBACK", topicId: 7, msgId: 4, returnCode: 2 });
    d.nothing();
  });

  test("I7 takes predefined ids and short names as they come", () => {
    const d = new DeviceScript().connects();
    d.hears({ ...publish(0, 0, "hi", 3), topicIdType: "predefined" });
    d.tells({ type: "message", topicName: undefined, topicIdType: "predefined", topicId: 3 });
    d.hears({ ...publish(0, 0, "hi", 0x6162), topicIdType: "short" }).tells({ type: "message", topicName: "ab" });
  });

  test("G9 ignores QoS −1", () => {
    knowsTopic().hears(publish(-1, 0)).nothing();
  });

  test("P10 tells a QoS 2 message once, however often it comes before PUBREL", () => {
    const d = knowsTopic();
    d.hears(publish(2, 4)).sends({ type: "PUBREC", msgId: 4 });
    d.tells({ type: "message", qos: 2 });
    d.hears({ ...publish(2, 4), dup: true }).sends({ type: "PUBREC", msgId: 4 });
    d.hears({ type: "PUBREL", msgId: 4 }).sends({ type: "PUBCOMP", msgId: 4 });
    d.hears({ type: "PUBREL", msgId: 4 }).sends({ type: "PUBCOMP", msgId: 4 });
  });

  test("P10 does not take a delayed duplicate for a new message after PUBREL, nor answer it", () => {
    const d = knowsTopic();
    d.hears(publish(2, 4)).sends({ type: "PUBREC" });
    d.tells({ type: "message" }).hears({ type: "PUBREL", msgId: 4 }).sends({ type: "PUBCOMP" });
    d.hears({ ...publish(2, 4), dup: true }).nothing();
  });

  test("M4 takes another message with the same MsgId for new", () => {
    const d = knowsTopic();
    d.hears(publish(2, 4)).sends({ type: "PUBREC" });
    d.tells({ type: "message" }).hears({ type: "PUBREL", msgId: 4 }).sends({ type: "PUBCOMP" });
    d.hears(publish(2, 4, "ho")).sends({ type: "PUBREC", msgId: 4 });
    d.tells({ type: "message" });
  });

  test("M4 takes even the same message for new when its memory has passed", () => {
    const d = knowsTopic({ duration: 0 });
    d.hears(publish(2, 4)).sends({ type: "PUBREC" });
    d.tells({ type: "message" }).hears({ type: "PUBREL", msgId: 4 }).sends({ type: "PUBCOMP" });
    d.after(50_000).hears(publish(2, 4)).sends({ type: "PUBREC" });
    d.tells({ type: "message" });
  });

  test("P10 knows an unfinished QoS 2 message again in the next connection of a session that stays", () => {
    const d = knowsTopic({ cleanSession: false, reconnect: true });
    d.hears(publish(2, 4)).sends({ type: "PUBREC" });
    d.tells({ type: "message" }).hears({ type: "DISCONNECT", duration: undefined }).tells({ type: "disconnected" });
    d.after(1000).sends({ type: "CONNECT" });
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
    d.hears({ ...publish(2, 4), dup: true }).sends({ type: "PUBREC", msgId: 4 });
  });

  test("Z12 P10 knows it again also where it began a clean session and the gateway kept the old one", () => {
    const d = new DeviceScript({ reconnect: true }).connects();
    const message = { ...publish(2, 4), topicIdType: "predefined" } as const;
    d.hears(message).sends({ type: "PUBREC" });
    d.tells({ type: "message" }).hears({ type: "DISCONNECT", duration: undefined }).tells({ type: "disconnected" });
    d.after(1000).sends({ type: "CONNECT" });
    d.hears({ type: "CONNACK", returnCode: 0 }).tells({ type: "connected" });
    d.hears({ ...message, dup: true }).sends({ type: "PUBREC", msgId: 4 });
    d.nothing().hears(message).sends({ type: "PUBREC", msgId: 4 });
    d.tells({ type: "message" });
  });

  test("P10 takes other data under an open MsgId for new: the session in which it was open is gone", () => {
    const d = knowsTopic();
    d.hears(publish(2, 4)).sends({ type: "PUBREC" });
    d.tells({ type: "message" })
      .hears(publish(2, 4, "ho"))
      .sends({ type: "PUBREC", msgId: 4 });
    d.tells({ type: "message" });
  });

  test("R2 repeats PUBREC until PUBREL comes", () => {
    const d = knowsTopic();
    d.hears(publish(2, 4)).sends({ type: "PUBREC" });
    d.tells({ type: "message" }).after(10_000).repeats({ type: "PUBREC", msgId: 4 });
    d.hears({ type: "PUBREL", msgId: 4 }).sends({ type: "PUBCOMP" });
    d.after(20_000).nothing();
  });

  test("P10 answers no more QoS 2 messages than it can remember", () => {
    const d = knowsTopic({ receivedMax: 1 });
    d.hears(publish(2, 4)).sends({ type: "PUBREC" });
    d.tells({ type: "message" }).hears(publish(2, 5)).nothing();
  });
});

test("any datagram is survived", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 12 })), (datagrams) => {
      const d = new DeviceScript({ reconnect: true }).connects();
      for (const data of datagrams) {
        // Half of them with a Length that fits, so that most are messages.
        if (data.length > 1) data[0] = data.length;
        d.device.handle({ type: "datagram", data }, d.now);
      }
      expect(d.device.deadline).toBeGreaterThanOrEqual(0);
    }),
  );
});
