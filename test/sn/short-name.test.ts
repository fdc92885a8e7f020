import { describe, expect, test } from "vitest";
import { decodeShortName, encodeShortName } from "../../src/sn/short-name.ts";
import { isTopicName } from "../../src/sn/topic-name.ts";

describe("short topic names", () => {
  test.each([
    ["tt", 0x7474],
    ["a/", 0x612f],
    ["//", 0x2f2f],
    ["ü", 0xc3bc],
    [" 1", 0x2031],
  ])("I5 %j is the two octets of its UTF-8", (name, topicId) => {
    expect(encodeShortName(name)).toBe(topicId);
    expect(decodeShortName(topicId)).toBe(name);
  });

  test.each(["", "a", "abc", "€", "aü", "😀"])("I5 %j is not short: it does not have two octets", (name) => {
    expect(encodeShortName(name)).toBeNull();
  });

  test.each([
    ["a wildcard", 0x612b],
    ["a wildcard", 0x2361],
    ["U+0000", 0x6100],
    ["U+0000", 0x0000],
    ["ill-formed UTF-8", 0xffff],
    ["half a character", 0x61c3],
    ["an overlong form", 0xc080],
  ])("P7 %s is not a short name", (_what, topicId) => {
    expect(decodeShortName(topicId)).toBeNull();
  });

  test("every pair of octets that is a topic name goes both ways", () => {
    let names = 0;
    for (let topicId = 0; topicId <= 0xffff; topicId += 1) {
      const name = decodeShortName(topicId);
      if (name === null) continue;
      names += 1;
      expect(isTopicName(name) && encodeShortName(name) === topicId).toBe(true);
    }
    // 93 single-octet characters that are allowed, in pairs, and the two-octet characters U+00A0 to U+07FF.
    expect(names).toBe(93 * 93 + 0x760);
  });
});
