import { describe, expect, test } from "vitest";
import { parseDurationMs } from "../../src/app/configuration/duration.ts";

describe("a duration", () => {
  test.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["900", 900_000],
    ["0", 0],
    ["1.5s", 1500],
    [" 3s ", 3000],
  ])("%j is %d ms", (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs);
  });

  test.each(["", "s", "-1s", "10 s", "1e3", "5min", "1s500ms", "Infinity", "9".repeat(400), "١s"])(
    "%j is none",
    (text) => {
      expect(parseDurationMs(text)).toBeNull();
    },
  );
});
