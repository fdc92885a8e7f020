import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DatagramCounts } from "../../src/app/figures/datagram-counts.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { ARBITRARY_MESSAGES } from "../sn/arbitrary-message.ts";
import { octets } from "../sn/octets.ts";

/** What is counted of these datagrams: the types that there were, and their octets. */
function countsOf(datagrams: readonly Uint8Array[]) {
  const counts = new DatagramCounts();
  for (const datagram of datagrams) counts.add(datagram);
  const types = counts.byType.filter(({ count }) => count > 0);
  return {
    types: Object.fromEntries(types.map(({ type, count }) => [type, count])),
    octets: Object.fromEntries(types.map(({ type, octets: all }) => [type, all])),
    answers: counts.answers
      .filter(({ count }) => count > 0)
      .map(({ type, returnCode, count }) => `${type} ${returnCode} ${count}`),
    datagrams: counts.datagrams,
    allOctets: counts.octets,
  };
}

const PUBLISH = { dup: false, qos: 0, retain: false, topicIdType: "normal", topicId: 1, msgId: 0 } as const;

/** As a forwarder sends it. */
function enveloped(data: Uint8Array): Uint8Array {
  return encode({ type: "ENCAPSULATED", radius: 0, wirelessNodeId: Uint8Array.of(1, 2, 3), data });
}

describe("a datagram is counted by the type of its message", () => {
  test("with its octets, whether its Length has one octet or three", () => {
    const short = encode({ type: "PUBLISH", ...PUBLISH, data: new Uint8Array(10) });
    const long = encode({ type: "PUBLISH", ...PUBLISH, data: new Uint8Array(400) });
    expect([short[0], long[0]]).toEqual([short.length, 1]);
    const { types, octets: counted } = countsOf([short, long, encode({ type: "PINGREQ", clientId: "" })]);
    expect(types).toEqual({ PUBLISH: 2, PINGREQ: 1 });
    expect(counted).toEqual({ PUBLISH: short.length + long.length, PINGREQ: 2 });
  });

  test("in an envelope by what is inside, with the octets of both", () => {
    const inside = encode({ type: "PINGREQ", clientId: "telltale" });
    const long = encode({ type: "PUBLISH", ...PUBLISH, data: new Uint8Array(400) });
    const { types, octets: counted } = countsOf([enveloped(inside), enveloped(long)]);
    expect(types).toEqual({ PINGREQ: 1, PUBLISH: 1 });
    expect(counted).toEqual({ PINGREQ: inside.length + 6, PUBLISH: long.length + 6 });
  });

  test("as malformed where it has no header of a message", () => {
    const datagrams = ["", "02", "0316", "0303", "05FE00", "03FE00", "0400FE", "0100", "010002", "02FF", "04FE000102"];
    const enveloping = enveloped(Uint8Array.of(9, 0x16));
    const nested = enveloped(enveloped(encode({ type: "PINGREQ", clientId: "" })));
    const { types } = countsOf([...datagrams.map(octets), enveloping, nested]);
    expect(types).toEqual({ malformed: datagrams.length + 2 });
  });

  test("with the wrong Length of the Paho library that is taken (A-03)", () => {
    const datagram = Uint8Array.from({ length: 257 }, (_, index) => [1, 0, 255, 0x0c][index] ?? 0);
    expect(decode(datagram).type).toBe("PUBLISH");
    expect(countsOf([datagram]).types).toEqual({ PUBLISH: 1 });
  });

  test("as the decoder reads it, whatever it is", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.oneof(...Object.values(ARBITRARY_MESSAGES)).map((message: Message) => encode(message)),
          fc.uint8Array(),
        ),
        (datagram) => {
          const message = decode(datagram);
          const inside = message.type === "ENCAPSULATED" ? decode(message.data) : message;
          const [counted] = Object.keys(countsOf([datagram]).types);
          // What is wrong behind the header is not looked for.
          if (inside.type !== "malformed") expect(counted).toBe(inside.type);
          else if (inside.reason !== "field missing" && inside.reason !== "octets left over")
            expect(counted).toBe("malformed");
        },
      ),
    );
  });

  test("each once, and all together", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 12 })), (datagrams) => {
        const { types, octets: counted, ...all } = countsOf(datagrams);
        const sum = (counts: Record<string, number>) => Object.values(counts).reduce((one, other) => one + other, 0);
        const octetsSent = datagrams.reduce((one, { length }) => one + length, 0);
        expect([all.datagrams, sum(types)]).toEqual([datagrams.length, datagrams.length]);
        expect([all.allOctets, sum(counted)]).toEqual([octetsSent, octetsSent]);
      }),
    );
  });
});

describe("an answer is counted by its return code", () => {
  const ack = { topicId: 1, msgId: 2 };

  test("wherever in the message that stands", () => {
    const { answers } = countsOf([
      encode({ type: "CONNACK", returnCode: 0 }),
      encode({ type: "CONNACK", returnCode: 1 }),
      encode({ type: "CONNACK", returnCode: 1 }),
      encode({ type: "REGACK", ...ack, returnCode: 2 }),
      encode({ type: "PUBACK", ...ack, returnCode: 3 }),
      encode({ type: "SUBACK", ...ack, qos: 1, returnCode: 0 }),
      encode({ type: "WILLTOPICRESP", returnCode: 0 }),
      encode({ type: "WILLMSGRESP", returnCode: 200 }),
    ]);
    expect(answers).toEqual([
      "CONNACK accepted 1",
      "CONNACK congestion 2",
      "REGACK invalid_topic_id 1",
      "PUBACK not_supported 1",
      "SUBACK accepted 1",
      "WILLTOPICRESP accepted 1",
      "WILLMSGRESP reserved 1",
    ]);
  });

  test("in an envelope too", () => {
    const { answers } = countsOf([enveloped(encode({ type: "PUBACK", ...ack, returnCode: 2 }))]);
    expect(answers).toEqual(["PUBACK invalid_topic_id 1"]);
  });

  test("and not where it is cut short", () => {
    const { answers, types } = countsOf([octets("02 05"), octets("04 0D 00 01")]);
    expect(answers).toEqual([]);
    expect(types).toEqual({ CONNACK: 1, PUBACK: 1 });
  });
});
