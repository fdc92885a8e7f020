import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasWildcard, isTopicFilter, isTopicName } from "../../src/sn/topic-name.ts";
import { matchesFilter } from "./matches-filter.ts";

describe("topic names and filters", () => {
  test.each(["a", "/", "a/b/c", "/a", "a/", "a//b", " ", "$SYS/x", "ü/€", "Accounts payable"])(
    "%j is a topic name",
    (name) => {
      expect(isTopicName(name)).toBe(true);
      expect(isTopicFilter(name)).toBe(true);
    },
  );

  test.each([null, "", "a\0b", "\0", "x".repeat(65536), "€".repeat(21846)])(
    "neither a name nor a filter: no text, an empty one, one with U+0000, or one longer than 65535 octets (T5)",
    (text) => {
      expect(isTopicName(text)).toBe(false);
      expect(isTopicFilter(text)).toBe(false);
    },
  );

  test("65535 octets are a topic name", () => {
    expect(isTopicName("x".repeat(65535))).toBe(true);
    expect(isTopicName("€".repeat(21845))).toBe(true);
  });

  // MQTT 3.1.1 §4.7.1.2 and §4.7.1.3.
  test.each(["#", "sport/tennis/#", "+", "+/tennis/#", "sport/+/player1", "/+", "+/+", "+/", "$SYS/#"])(
    "%j is a filter and not a name (I6)",
    (filter) => {
      expect(isTopicFilter(filter)).toBe(true);
      expect(hasWildcard(filter)).toBe(true);
      expect(isTopicName(filter)).toBe(false);
    },
  );

  test.each(["sport/tennis#", "sport/tennis/#/ranking", "sport+", "a+/b", "a/+b", "##", "++", "#/", "#+", "a/#b"])(
    "%j is neither a filter nor a name",
    (text) => {
      expect(isTopicFilter(text)).toBe(false);
      expect(isTopicName(text)).toBe(false);
    },
  );
});

describe("matching (MQTT 3.1.1 §4.7)", () => {
  test.each([
    ["sport/tennis/player1/#", "sport/tennis/player1"],
    ["sport/tennis/player1/#", "sport/tennis/player1/ranking"],
    ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"],
    ["sport/#", "sport"],
    ["#", "sport"],
    ["#", "a/b/c"],
    ["#", "/"],
    ["sport/tennis/+", "sport/tennis/player1"],
    ["sport/tennis/+", "sport/tennis/player2"],
    ["sport/+", "sport/"],
    ["+/+", "/finance"],
    ["/+", "/finance"],
    ["+/tennis/#", "sport/tennis"],
    ["+//b", "a//b"],
    ["$SYS/#", "$SYS/broker"],
    ["$SYS/monitor/+", "$SYS/monitor/Clients"],
    ["a/+", "a/$b"],
    ["+/#", "a"],
    ["ACCOUNTS", "ACCOUNTS"],
  ])("%j matches %j", (filter, name) => {
    expect(matchesFilter(filter, name)).toBe(true);
  });

  test.each([
    ["sport/tennis/+", "sport/tennis/player1/ranking"],
    ["sport/+", "sport"],
    ["+", "/finance"],
    ["+", "a/b"],
    ["sport/tennis/#", "sport"],
    ["sport/tennis/#", "sport/tennisx"],
    ["#", "$SYS/broker"],
    ["+/monitor/Clients", "$SYS/monitor/Clients"],
    ["+/#", "$SYS"],
    ["ACCOUNTS", "Accounts"],
    ["/a", "a"],
    ["a/", "a"],
    ["a/+/c", "a/b"],
  ])("%j does not match %j", (filter, name) => {
    expect(matchesFilter(filter, name)).toBe(false);
  });

  test("a name matches itself, and with any of its levels as a wildcard", () => {
    const level = fc.stringMatching(/^[a-z]{0,3}$/);
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 5 }), fc.nat(), (levels, at) => {
        const name = levels.join("/");
        const index = at % levels.length;
        expect(matchesFilter(name, name)).toBe(true);
        expect(matchesFilter(levels.with(index, "+").join("/"), name)).toBe(true);
        expect(matchesFilter([...levels.slice(0, index), "#"].join("/"), name)).toBe(true);
        expect(matchesFilter(`${name}/#`, name)).toBe(true);
        expect(matchesFilter(`${name}/+`, name)).toBe(false);
      }),
    );
  });
});
