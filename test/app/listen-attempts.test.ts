import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ListenAttempts } from "../../src/app/http/listen-attempts.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Attempts that fail until a test lets one succeed, and when they were made. */
function setUp() {
  const site = { isFree: false, atSeconds: [] as number[], failures: [] as unknown[][] };
  const start = Date.now();
  const attempts = new ListenAttempts(
    async () => {
      site.atSeconds.push((Date.now() - start) / 1000);
      if (!site.isFree) throw new Error(`attempt ${site.atSeconds.length}`);
    },
    (...failure) => site.failures.push(failure),
  );
  return { attempts, site };
}

test("it is tried again after a second, then after twice as long each time, up to ten; told once; and not any more when it has worked", async () => {
  const { attempts, site } = setUp();
  await attempts.begin();
  await vi.advanceTimersByTimeAsync(40_000);
  expect(site.atSeconds).toEqual([0, 1, 3, 7, 15, 25, 35]);
  expect(site.failures).toEqual([[new Error("attempt 1"), 10_000]]);
  site.isFree = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(site.atSeconds.slice(7)).toEqual([45]);
  expect(vi.getTimerCount()).toBe(0);
});

test("it is not tried again after the end", async () => {
  const { attempts, site } = setUp();
  await attempts.begin();
  attempts.end();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(site.atSeconds).toEqual([0]);
  const ended = setUp();
  const first = ended.attempts.begin();
  ended.attempts.end();
  await first;
  expect([ended.site.failures, vi.getTimerCount()]).toEqual([[], 0]);
});
