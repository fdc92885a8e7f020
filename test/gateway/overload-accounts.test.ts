import { describe, expect, test } from "vitest";
import { Buffered } from "../../src/gateway/buffered.ts";
import { DeliveryQueue } from "../../src/gateway/delivery-queue.ts";
import { HeldMessages } from "../../src/gateway/held-messages.ts";
import type { PublishPacket } from "../../src/gateway/packet.ts";
import { DEFAULT_SETTINGS } from "../../src/gateway/settings.ts";
import type { Message } from "../../src/sn/message.ts";

/** Full with the first message, and not full without any. */
const buffered = () => new Buffered({ bufferedOctetsMax: 1 });

const packet = (qos: 0 | 1, messageId: number): PublishPacket => {
  return { cmd: "publish", topic: "a", payload: new Uint8Array(10), qos, retain: false, dup: false, messageId };
};

describe("a message that waits for a client counts until it leaves", () => {
  test.each<[string, (queue: DeliveryQueue) => void]>([
    ["is sent", (queue) => [1, 2, 3].map(() => queue.shift())],
    ["is dropped, or acknowledged", (queue) => [queue.dropOldestQos0(false), queue.shift(), queue.shift()]],
    ["is sent again by the broker", (queue) => [queue.dropUnacknowledged(), queue.shift()]],
    ["has no client any more", (queue) => queue.clear()],
  ])("because it %s", (_, leave) => {
    const all = buffered();
    const queue = new DeliveryQueue({ queuedMax: 10, queuedOctetsMax: 10_000 }, all);
    queue.push(packet(0, 0));
    expect(all.isFull).toBe(true);
    queue.push(packet(1, 1));
    queue.push(packet(1, 2));
    queue.pushRelease(3, false);
    leave(queue);
    // A PUBREL counts for nothing.
    queue.shift();
    expect([all.isFull, queue.octets]).toEqual([false, 0]);
    queue.push(packet(1, 4));
    expect(all.isFull).toBe(true);
  });
});

describe("a message of a client that waits for its broker connection counts until it is looked at", () => {
  const ping: Message = { type: "PINGREQ", clientId: "dev1" };
  const subscribe = (msgId: number): Message => {
    return { type: "SUBSCRIBE", dup: false, qos: 1, msgId, topicIdType: "normal", topicName: "a" };
  };

  test.each<[string, (held: HeldMessages) => void]>([
    ["one by one", (held) => [1, 2].map(() => held.take())],
    ["or is of no use any more", (held) => [held.drop("PINGREQ"), held.take()]],
    ["or its client has begun anew", (held) => held.clear()],
  ])("%s", (_, leave) => {
    const all = new Buffered({ bufferedOctetsMax: 1000 });
    const held = new HeldMessages(DEFAULT_SETTINGS, all);
    for (let round = 0; round < 10; round += 1) {
      expect([held.add(ping, 0), held.add(subscribe(7), 0)]).toEqual([undefined, undefined]);
      leave(held);
      expect([held.empty, all.isFull]).toEqual([true, false]);
    }
  });

  test("inFlightMax bounds how many are held", () => {
    const held = new HeldMessages(
      { ...DEFAULT_SETTINGS, inFlightMax: 2 },
      new Buffered({ bufferedOctetsMax: Number.POSITIVE_INFINITY }),
    );
    expect([1, 2, 3].map((msgId) => held.add(subscribe(msgId), 0))).toEqual([
      undefined,
      undefined,
      "clients.max_in_flight",
    ]);
    expect(held.add(subscribe(2), 0)).toBe(undefined);
  });
});
