import { type Duplex, duplexPair } from "node:stream";
import { expect } from "vitest";
import type { PublishPacket } from "../../src/gateway/packet.ts";
import { HandMadeBroker } from "./hand-made-broker.ts";
import { openLink } from "./link-double.ts";

export const CONNACK = Buffer.from("20020000", "hex");
export const PINGREQ = "c000";
export const PINGRESP = Buffer.from("d000", "hex");

/** A hand-made broker, and a stream to it. */
export function pair(): { broker: HandMadeBroker; near: Duplex; openStream: () => Duplex } {
  const [near, far] = duplexPair();
  return { broker: new HandMadeBroker(far), near, openStream: () => near };
}

/** A link that is open, over a pair of streams. */
export async function openPair(options: Parameters<typeof openLink>[1] = {}) {
  const { broker, near, openStream } = pair();
  const opened = openLink(openStream, options);
  await expect.poll(() => broker.chunks.length).toBe(1);
  broker.stream.write(CONNACK);
  await expect.poll(opened.types).toEqual(["link-opened"]);
  broker.chunks.length = 0;
  return { broker, near, ...opened };
}

/** A message with so many octets. */
export function publish(size: number, fields: Partial<PublishPacket> = {}): PublishPacket {
  const payload = Buffer.alloc(size, 1);
  return { cmd: "publish", topic: "t", payload, qos: 0, retain: false, dup: false, messageId: 0, ...fields };
}

/** One turn of the event loop, in which everything that waits for its end is done. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
