import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WallClock } from "../../src/app/wall-clock.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

test("the time of day with microseconds follows a clock that was set, when it is told to look", () => {
  const clock = new WallClock();
  const before = clock.nowUs();
  const set = new Date("2040-01-01").getTime();
  vi.setSystemTime(set);
  expect(clock.nowUs() - before).toBeLessThan(60e6);
  clock.adjust();
  expect(Math.abs(clock.nowUs() - set * 1000)).toBeLessThan(60e6);
});
