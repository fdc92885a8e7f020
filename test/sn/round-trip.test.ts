import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode, type Malformed } from "../../src/sn/decode.ts";
import { describe as describeMessage } from "../../src/sn/describe.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { type MessageName, MSG_TYPE } from "../../src/sn/msg-type.ts";
import { ARBITRARY_MESSAGES } from "./arbitrary-message.ts";
import { UNUSED_FLAGS } from "./unused-flags.ts";

const NAMES = Object.keys(MSG_TYPE) as MessageName[];

/** A datagram that is a message as far as its header goes, in either form. */
const framed = fc
  .record({
    msgType: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...Object.values(MSG_TYPE)) },
      { weight: 1, arbitrary: fc.nat({ max: 255 }) },
    ),
    body: fc.oneof(
      { weight: 4, arbitrary: fc.uint8Array({ maxLength: 12 }) },
      { weight: 1, arbitrary: fc.uint8Array({ minLength: 245, maxLength: 260, size: "max" }) },
    ),
    long: fc.boolean(),
  })
  .map(({ msgType, body, long }) => {
    const size = body.length + 4;
    if (long || size > 257) return Uint8Array.of(1, size >> 8, size & 0xff, msgType, ...body);
    return Uint8Array.of(body.length + 2, msgType, ...body);
  });

const anyMessage = fc.oneof(...NAMES.map((name) => ARBITRARY_MESSAGES[name]));

/** A valid message with some octets changed, cut off or added. */
const damaged = fc
  .tuple(
    anyMessage,
    fc.array(fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 255 })), { maxLength: 2 }),
    fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -3, max: 3 }) }),
  )
  .map(([message, changes, growth]) => {
    const octets = encode(message);
    for (const [offset, value] of changes) octets[offset % octets.length] = value;
    const result = new Uint8Array(Math.max(0, octets.length + growth));
    result.set(octets.subarray(0, result.length));
    return result;
  });

const anyDatagram = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300, size: "max" }) },
  { weight: 3, arbitrary: framed },
  { weight: 3, arbitrary: damaged },
);

/** Whether the octets of this message's texts are known: null is some ill-formed text or other. */
function isExpressible(message: Message | Malformed): message is Message {
  if (message.type === "malformed") return false;
  return !Object.values(message).includes(null);
}

/** Whether `encode` would have written the header and flags like this (F3, F8). */
function isCanonical(datagram: Uint8Array, message: Message): boolean {
  if (message.type === "ENCAPSULATED") return (datagram[2]! & UNUSED_FLAGS.ENCAPSULATED!) === 0;
  // What follows the flags has no meaning under the reserved TopicIdType, and is not kept.
  if ("topicIdType" in message && message.topicIdType === "reserved" && message.type !== "PUBLISH") return false;
  if (datagram[0] === 1 && datagram.length <= 257) return false;
  const flags = datagram[datagram[0] === 1 ? 4 : 2] ?? 0;
  return (flags & (UNUSED_FLAGS[message.type] ?? 0)) === 0;
}

describe("messages and their octets", () => {
  test.each(NAMES)("%s: decoding what was encoded gives the same message", (name) => {
    fc.assert(
      fc.property(ARBITRARY_MESSAGES[name], (message) => {
        expect(message.type).toBe(name);
        expect(decode(Uint8Array.from(encode(message)))).toStrictEqual(message);
      }),
      { numRuns: 300 },
    );
  });

  test("any octets are a message or a malformed value, never an exception, and can be described on one line", () => {
    fc.assert(
      fc.property(anyDatagram, (datagram) => {
        const message = decode(datagram);
        expect(message.type === "malformed" || message.type in MSG_TYPE).toBe(true);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
        expect(describeMessage(message)).toMatch(/^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$/u);
      }),
      { numRuns: 5000 },
    );
  });

  test("an accepted datagram encodes to octets that decode to the same message; if it was canonical, to the same octets", () => {
    let accepted = 0;
    let canonical = 0;
    fc.assert(
      fc.property(anyDatagram, (datagram) => {
        const message = decode(datagram);
        if (!isExpressible(message)) return;
        accepted += 1;
        const encoded = Uint8Array.from(encode(message));
        expect(decode(encoded)).toStrictEqual(message);
        expect(encoded.length).toBeLessThanOrEqual(Math.max(datagram.length, 7));
        if (!isCanonical(datagram, message)) return;
        canonical += 1;
        expect(encoded).toStrictEqual(datagram);
      }),
      { numRuns: 10_000 },
    );
    // The property says nothing if the generator rarely makes a message.
    expect(accepted).toBeGreaterThan(2000);
    expect(canonical).toBeGreaterThan(1000);
  });
});
