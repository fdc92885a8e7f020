import { expect, test, vi } from "vitest";
import { EventLoopDelay } from "../../src/app/figures/event-loop-delay.ts";

const BLOCKED_MS = 400;

/** Nothing else is done for so long. */
function block(): void {
  const end = performance.now() + BLOCKED_MS;
  while (performance.now() < end);
}

test("a delay is told of for one to two minutes, however often it is asked for", async () => {
  const minutes: (() => void)[] = [];
  const delay = new EventLoopDelay((intervalMs, callback) => {
    expect(intervalMs).toBe(60_000);
    minutes.push(callback);
  });
  expect([delay.p99Ms, delay.maxMs]).toEqual([0, 0]);
  expect(minutes).toHaveLength(1);
  const minutePasses = minutes[0]!;
  const isSeen = () => expect(delay.maxMs).toBeGreaterThan(BLOCKED_MS - 100);
  const blockOnce = () => {
    block();
    isSeen();
  };
  // It measures from one time to the next: what comes before the first is not seen.
  await vi.waitFor(blockOnce, { timeout: 20_000, interval: 50 });
  expect(delay.p99Ms).toBeGreaterThanOrEqual(0);
  minutePasses();
  isSeen();
  isSeen();
  minutePasses();
  expect(delay.maxMs).toBeLessThan(BLOCKED_MS - 100);
});
