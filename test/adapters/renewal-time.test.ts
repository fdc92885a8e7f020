import { describe, expect, it } from "vitest";
import { renewalInMs } from "../../src/mqtt/renewal-time.ts";

const HOUR_MS = 3_600_000;

describe("a connection whose credentials expire is made anew", () => {
  it.each([
    ["an hour", HOUR_MS, 48, 57],
    ["five minutes", HOUR_MS / 12, 4, 4.75],
    ["a year", 365 * 24 * HOUR_MS, 365 * 24 * 60 - 60, 365 * 24 * 60 - 15],
  ])("some time before that, not all at once: they last %s", (_name, expiresInMs, firstMinutes, lastMinutes) => {
    expect(renewalInMs(expiresInMs, 0) / 60_000).toBeCloseTo(firstMinutes);
    expect(renewalInMs(expiresInMs, 1) / 60_000).toBeCloseTo(lastMinutes);
    expect(renewalInMs(expiresInMs, 0.5) / 60_000).toBeCloseTo((firstMinutes + lastMinutes) / 2);
  });
});
