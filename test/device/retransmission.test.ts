import { describe, expect, test } from "vitest";
import type { DeviceEvent, DeviceTopic } from "../../src/device/contract.ts";
import type { Message } from "../../src/sn/message.ts";
import { DeviceScript } from "./device-script.ts";

const data = Buffer.from("hi");
const named: DeviceTopic = { topicIdType: "normal", topicName: "a" };
const will = { willTopic: "gone", willMsg: data, qos: 1, retain: false } as const;

function publish(qos: 1 | 2): DeviceEvent {
  return { type: "publish", token: 1, topic: named, qos, retain: false, data };
}

function msgIdOf(message: Message): number {
  return (message as { msgId: number }).msgId;
}

function connecting(): DeviceScript {
  const d = new DeviceScript({ will });
  d.does({ type: "connect" });
  return d;
}

/** Connected, with topic id 7, and without a PINGREQ that would come in between. */
function active(): DeviceScript {
  return new DeviceScript({ duration: 0 }).connects().registers("a", 7);
}

/** Has what the row is about sent last; that it was is still to be named. */
const SENT: Record<string, () => DeviceScript> = {
  CONNECT: connecting,
  WILLTOPIC: () => {
    const d = connecting();
    d.sends({ type: "CONNECT" });
    return d.hears({ type: "WILLTOPICREQ" });
  },
  WILLMSG: () => {
    const d = connecting();
    d.sends({ type: "CONNECT" });
    return d.hears({ type: "WILLMSGREQ" });
  },
  REGISTER: () => active().does({ type: "register", token: 1, topicName: "b" }),
  "PUBLISH at QoS 1": () => active().does(publish(1)),
  "PUBLISH at QoS 2": () => active().does(publish(2)),
  PUBREL: () => {
    const d = active().does(publish(2));
    return d.hears({ type: "PUBREC", msgId: msgIdOf(d.sends({ type: "PUBLISH" })) });
  },
  SUBSCRIBE: () => active().does({ type: "subscribe", token: 1, topic: named, qos: 1 }),
  UNSUBSCRIBE: () => active().does({ type: "unsubscribe", token: 1, topic: named, qos: 0 }),
  PINGREQ: () => new DeviceScript().connects().after(54_000),
  DISCONNECT: () => active().does({ type: "disconnect" }),
  "DISCONNECT with Duration": () => active().does({ type: "sleep", duration: 300, wakeEveryMs: undefined }),
  WILLTOPICUPD: () => active().does({ type: "update-will-topic", token: 1, topic: undefined }),
  WILLMSGUPD: () => active().does({ type: "update-will-message", token: 1, willMsg: data }),
};

/** Those that have a DUP flag (R3). */
const HAVE_DUP = ["PUBLISH", "SUBSCRIBE"];

describe("a device without an answer", () => {
  test.each(Object.entries(SENT))(
    "R1 R2 R3 R5 repeats %s every Tretry, Nretry times, and is disconnected then",
    (name, send) => {
      const d = send();
      const type = name.split(" ")[0] as Message["type"];
      const sent = d.sends({ type });
      const repeated = HAVE_DUP.includes(type) ? { ...sent, dup: true } : sent;
      if (HAVE_DUP.includes(type)) expect(sent).toMatchObject({ dup: false });
      for (let tries = 1; tries <= 3; tries += 1) {
        d.after(9_999).nothing().after(1);
        expect(d.sends({ type })).toEqual(repeated);
        d.tells({ type: "retransmitted", message: type });
      }
      d.after(9_999).nothing().after(1).tells({ type: "gave-up", message: type });
      expect(d.device.state).toBe("disconnected");
    },
  );

  test("R1 R2 takes itself for disconnected also where PUBREC has no answer", () => {
    const d = active();
    const message = {
      type: "PUBLISH",
      dup: false,
      retain: false,
      topicIdType: "normal",
      topicId: 7,
      msgId: 4,
    } as const;
    d.hears({ ...message, qos: 2, data }).sends({ type: "PUBREC", msgId: 4 });
    d.tells({ type: "message" });
    for (let tries = 1; tries <= 3; tries += 1) d.after(10_000).repeats({ type: "PUBREC", msgId: 4 });
    d.after(10_000).tells({ type: "gave-up", message: "PUBREC" }).tells({ type: "disconnected", reason: "no answer" });
  });
});
