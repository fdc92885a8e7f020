import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { silenceAllowedMs } from "../../src/gateway/tolerance.ts";

describe("the tolerance for keep alive and sleep", () => {
  test.each([
    [1, 1500],
    [59, 88_500],
    [60, 90_000],
    [61, 90_000],
    [82, 90_200],
    [3600, 3_960_000],
  ])("K4 %i s may last %i ms", (seconds, milliseconds) => {
    expect(silenceAllowedMs(seconds, undefined)).toBeCloseTo(milliseconds, 6);
  });

  test("K4 a longer period never has a shorter limit, and none is shorter than its period and a tenth", () => {
    for (let seconds = 1; seconds < 65_535; seconds += 1) {
      const allowed = silenceAllowedMs(seconds, undefined);
      expect(allowed).toBeGreaterThanOrEqual(seconds * 1100);
      expect(silenceAllowedMs(seconds + 1, undefined)).toBeGreaterThanOrEqual(allowed);
    }
  });

  test("K4 a configured factor replaces both", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 10 }), (seconds, factor) => {
        expect(silenceAllowedMs(seconds, factor)).toBe(seconds * 1000 * factor);
      }),
    );
  });
});
