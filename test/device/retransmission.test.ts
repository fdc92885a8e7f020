import { expect, test } from "vitest";
import type { Message } from "../../src/sn/message.ts";
import { DeviceScript } from "./device-script.ts";

const data = Buffer.from("hi");
const topic = { topicIdType: "predefined", topicId: 7 } as const;
const publish = (qos: 1 | 2) => ({ type: "publish", token: 1, topic, qos, retain: false, data }) as const;

/** How a connected device comes to send each message that expects an answer; it returns the message. CONNECT and wills are elsewhere. */
const REQUESTS: [Message["type"], string, (d: DeviceScript) => Message][] = [
  ["REGISTER", "", (d) => d.does({ type: "register", token: 1, topicName: "a" }).sends({ type: "REGISTER" })],
  ["PUBLISH", " with QoS 1", (d) => d.does(publish(1)).sends({ type: "PUBLISH", dup: false })],
  ["PUBLISH", " with QoS 2", (d) => d.does(publish(2)).sends({ type: "PUBLISH", dup: false })],
  [
    "PUBREL",
    "",
    (d) => {
      const { msgId } = d.does(publish(2)).sends({ type: "PUBLISH" }) as { msgId: number };
      return d.hears({ type: "PUBREC", msgId }).sends({ type: "PUBREL", msgId });
    },
  ],
  ["SUBSCRIBE", "", (d) => d.does({ type: "subscribe", token: 1, topic, qos: 1 }).sends({ type: "SUBSCRIBE" })],
  ["UNSUBSCRIBE", "", (d) => d.does({ type: "unsubscribe", token: 1, topic, qos: 0 }).sends({ type: "UNSUBSCRIBE" })],
  ["PINGREQ", "", (d) => d.after(54_000).sends({ type: "PINGREQ" })],
  ["DISCONNECT", "", (d) => d.does({ type: "disconnect" }).sends({ type: "DISCONNECT", duration: undefined })],
  [
    "DISCONNECT",
    " with a Duration",
    (d) =>
      d.does({ type: "sleep", duration: 300, wakeEveryMs: undefined }).sends({ type: "DISCONNECT", duration: 300 }),
  ],
];

test.each(REQUESTS)(
  "R1, R2, R5 %s%s is repeated every Tretry, Nretry times, as it was but for DUP",
  (type, _, send) => {
    const d = new DeviceScript({ duration: 60, tRetryMs: 10_000, nRetry: 3 }).connects();
    const message = send(d);
    const repetition = type === "PUBLISH" || type === "SUBSCRIBE" ? { ...message, dup: true } : message;
    for (let round = 0; round < 3; round += 1) {
      d.after(9999).nothing();
      d.after(1).repeats({ ...repetition });
    }
    d.after(9999).nothing();
    d.after(1).tells({ type: "gave-up", message: type });
    expect(d.device.state).toBe("disconnected");
  },
);
