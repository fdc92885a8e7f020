import { describe, expect, test } from "vitest";
import { SourceLimit } from "../../src/gateway/source-limit.ts";

/** Three answers at once to one address, then one a second; `perSecond` to all of them. */
const limited = (perSecond: number) => new SourceLimit({ perSecond: () => 1, burst: 3 }, () => perSecond);

/** How many of `count` requests, one every `everyMs`, are allowed. */
function allowed(limit: SourceLimit, address: string, count: number, everyMs: number, from = 0): number {
  let answers = 0;
  for (let index = 0; index < count; index += 1)
    if (limit.allows(address, undefined, from + index * everyMs)) answers += 1;
  return answers;
}

describe("answers to strangers", () => {
  test("X7 one address gets a DISCONNECT and two repetitions at once, then one a second", () => {
    const limit = limited(1000);
    expect(allowed(limit, "a", 100, 0)).toBe(3);
    expect(limit.allows("a", undefined, 999)).toBe(false);
    expect(limit.allows("a", undefined, 1000)).toBe(true);
    expect(limit.allows("a", undefined, 1001)).toBe(false);
  });

  test("X7 over a long time it is one a second", () => {
    expect(allowed(limited(1000), "a", 100_000, 1)).toBe(3 + 99);
  });

  test("X7 an address that was silent has its repetitions again", () => {
    const limit = limited(1000);
    allowed(limit, "a", 100, 0);
    expect(allowed(limit, "a", 100, 0, 60_000)).toBe(3);
  });

  test("X7 a request that is not answered does not make the address wait longer", () => {
    const limit = limited(1000);
    allowed(limit, "a", 1000, 1);
    expect(limit.allows("a", undefined, 1000)).toBe(true);
  });

  test("X7 all strangers together are answered at the configured rate", () => {
    const limit = limited(10);
    let answers = 0;
    for (let index = 0; index < 10_000; index += 1) if (limit.allows(`a${index}`, undefined, index)) answers += 1;
    expect(answers).toBeGreaterThanOrEqual(100);
    expect(answers).toBeLessThanOrEqual(111);
  });

  test("X7 the rate of all does not count what was refused to one", () => {
    const limit = limited(10);
    allowed(limit, "loud", 1000, 0);
    expect(limit.allows("quiet", undefined, 0)).toBe(true);
  });

  test("addresses beyond the number that is remembered are forgotten, the oldest first", () => {
    const limit = limited(1_000_000);
    allowed(limit, "first", 10, 0);
    for (let index = 0; index < 4095; index += 1) limit.allows(`a${index}`, undefined, 0);
    expect(limit.allows("first", undefined, 0)).toBe(false);
    limit.allows("one more", undefined, 0);
    expect(limit.allows("first", undefined, 0)).toBe(true);
  });

  test("of addresses that are remembered the one answered last is forgotten last", () => {
    const limit = limited(1_000_000);
    allowed(limit, "first", 10, 0);
    for (let index = 0; index < 4095; index += 1) limit.allows(`a${index}`, undefined, 0);
    expect(limit.allows("first", undefined, 1000)).toBe(true);
    limit.allows("one more", undefined, 1000);
    expect(limit.allows("first", undefined, 1000)).toBe(false);
  });

  test("of addresses that are remembered the one answered last is forgotten last, also before there are many", () => {
    const limit = limited(1_000_000);
    allowed(limit, "first", 10, 0);
    limit.allows("second", undefined, 0);
    expect(limit.allows("first", undefined, 1000)).toBe(true);
    for (let index = 0; index < 4095; index += 1) limit.allows(`a${index}`, undefined, 1000);
    expect(limit.allows("first", undefined, 1000)).toBe(false);
  });
});

describe("the nodes of a forwarder", () => {
  test("all together are allowed ten times as much as one of them, however many ids they have", () => {
    const limit = limited(1_000_000);
    let answers = 0;
    for (let node = 0; node < 1000; node += 1) if (limit.allows(`f/${node}`, "f", 0)) answers += 1;
    expect(answers).toBe(21);
    expect(limit.allows("g/1", "g", 0)).toBe(true);
    expect(limit.allows("f", undefined, 0)).toBe(true);
    let later = 0;
    for (let node = 0; node < 1000; node += 1) if (limit.allows(`f/later${node}`, "f", 10_000)) later += 1;
    expect(later).toBe(answers);
  });

  test("one of them is allowed no more than anybody", () => {
    const limit = limited(1_000_000);
    expect([1, 2, 3, 4].map(() => limit.allows("f/1", "f", 0))).toEqual([true, true, true, false]);
    expect(limit.allows("f/2", "f", 0)).toBe(true);
  });
});
