import { describe, expect, test } from "vitest";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import { MSG_TYPE } from "../../src/sn/msg-type.ts";
import { octets } from "./octets.ts";
import { VECTORS } from "./vectors.ts";

describe("the vectors of appendix A", () => {
  test.each(VECTORS)("$name decodes to its fields", ({ hex, message }) => {
    expect(decode(octets(hex))).toStrictEqual(message);
  });

  test.each(VECTORS.filter((vector) => !vector.decodeOnly))("$name encodes to its octets", ({ hex, message }) => {
    expect(Uint8Array.from(encode(message))).toStrictEqual(octets(hex));
  });

  test("a form that is not the shortest is decoded and sent in the shortest (F2)", () => {
    for (const { message, hex } of VECTORS.filter((vector) => vector.decodeOnly)) {
      expect(encode(message).length).toBeLessThan(octets(hex).length);
      expect(decode(encode(message))).toStrictEqual(message);
    }
  });

  test("there is a vector for every message type", () => {
    const seen = new Set<string>(VECTORS.map((vector) => vector.message.type));
    expect(Object.keys(MSG_TYPE).filter((name) => !seen.has(name))).toStrictEqual([]);
  });
});
