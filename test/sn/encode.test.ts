import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import type { MessageName } from "../../src/sn/msg-type.ts";
import { ARBITRARY_MESSAGES } from "./arbitrary-message.ts";
import { octets } from "./octets.ts";
import { UNUSED_FLAGS } from "./unused-flags.ts";

/** A body of `size` octets after MsgType, in every message that can have one that long. */
function messagesOfBody(size: number): Message[] {
  const text = (before: number): string => "a".repeat(size - before);
  const data = (before: number): Uint8Array => new Uint8Array(size - before);
  const topic = { topicIdType: "normal", topicName: text(3) } as const;
  return [
    { type: "GWINFO", gwId: 1, gwAdd: data(1) },
    { type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration: 60, clientId: text(4) },
    { type: "WILLTOPIC", empty: false, qos: 1, retain: true, willTopic: text(1) },
    { type: "WILLTOPICUPD", empty: false, qos: 1, retain: true, willTopic: text(1) },
    { type: "WILLMSG", willMsg: data(0) },
    { type: "WILLMSGUPD", willMsg: data(0) },
    { type: "REGISTER", topicId: 1, msgId: 2, topicName: text(4) },
    { type: "PUBLISH", dup: false, qos: 1, retain: false, topicIdType: "normal", topicId: 1, msgId: 2, data: data(5) },
    { type: "SUBSCRIBE", dup: false, qos: 1, msgId: 2, ...topic },
    { type: "UNSUBSCRIBE", msgId: 2, ...topic },
    { type: "PINGREQ", clientId: text(0) },
  ];
}

describe("the length of what is sent", () => {
  test.each([
    [252, 254, 2],
    [253, 255, 2],
    [254, 258, 4],
    [255, 259, 4],
  ])("F3 a body of %i octets makes %i in all, with a header of %i (A-03)", (bodySize, size, headerSize) => {
    for (const message of messagesOfBody(bodySize)) {
      const encoded = encode(message);
      expect(encoded.length, message.type).toBe(size);
      if (headerSize === 2) expect(encoded[0]).toBe(size);
      else expect([encoded[0], encoded.readUInt16BE(1)]).toStrictEqual([1, size]);
    }
  });

  test("F3 a text is measured in octets of UTF-8, not in characters", () => {
    expect(encode({ type: "PINGREQ", clientId: "ü".repeat(126) }).length).toBe(254);
    expect(encode({ type: "PINGREQ", clientId: "ü".repeat(127) }).length).toBe(258);
  });

  test("a message of 65535 octets is encoded, and a longer one is a RangeError", () => {
    for (const message of messagesOfBody(65531)) expect(encode(message).length, message.type).toBe(65535);
    for (const message of messagesOfBody(65532)) expect(() => encode(message), message.type).toThrow(RangeError);
  });
});

test.each(Object.entries(UNUSED_FLAGS) as [MessageName, number][])(
  "F8 bits of Flags that %s does not use are sent as 0",
  (name, unused) => {
    fc.assert(
      fc.property(ARBITRARY_MESSAGES[name], (message) => {
        fc.pre(!("empty" in message && message.empty));
        const sent = encode(message);
        expect(sent[sent[0] === 1 ? 4 : 2]! & unused).toBe(0);
      }),
    );
  },
);

describe("what a message cannot say", () => {
  test("E1 a wireless node id has at most 252 octets", () => {
    const envelope = { type: "ENCAPSULATED", radius: 0, data: octets("02 16") } as const;
    expect(encode({ ...envelope, wirelessNodeId: new Uint8Array(252) }).length).toBe(257);
    expect(() => encode({ ...envelope, wirelessNodeId: new Uint8Array(253) })).toThrow(RangeError);
  });

  test("E3 a radius of more than three hops is sent as three, not as every node", () => {
    const envelope = { type: "ENCAPSULATED", wirelessNodeId: octets("2A"), data: octets("02 16") } as const;
    const control = (radius: number): number => encode({ ...envelope, radius })[2]!;
    expect([0, 1, 2, 3, 4, 255].map(control)).toStrictEqual([0, 1, 2, 3, 3, 3]);
  });

  test("a text that was not UTF-8 is sent as an empty one", () => {
    expect(encode({ type: "PINGREQ", clientId: null })).toStrictEqual(Buffer.from(octets("02 16")));
  });

  test("the reserved TopicIdType of a subscription has no topic of its own: two octets of 0", () => {
    const message = encode({ type: "UNSUBSCRIBE", msgId: 8, topicIdType: "reserved" });
    expect(message).toStrictEqual(Buffer.from(octets("07 14 03 00 08 00 00")));
  });
});

test("no message has octets left over from earlier ones", () => {
  // Buffers come out of a pool that is not cleared: what is not written would show.
  for (const message of [...messagesOfBody(20), ...messagesOfBody(300)]) {
    Buffer.allocUnsafe(2000).fill(0xaa);
    const first = encode(message);
    Buffer.allocUnsafe(2000).fill(0x55);
    expect(encode(message), message.type).toStrictEqual(first);
  }
});
