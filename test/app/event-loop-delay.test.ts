import { expect, test, vi } from "vitest";
import { EventLoopDelay } from "../../src/app/event-loop-delay.ts";

const BLOCKED_MS = 400;

/** Nothing else is done for so long. */
function block(): void {
  const end = performance.now() + BLOCKED_MS;
  while (performance.now() < end);
}

test("a delay is told of for one to two minutes, however often it is asked for", async () => {
  let nowMs = 0;
  const delay = new EventLoopDelay(() => nowMs);
  expect([delay.p99Ms, delay.maxMs]).toEqual([0, 0]);
  const isSeen = () => expect(delay.maxMs).toBeGreaterThan(BLOCKED_MS - 100);
  const blockOnce = () => {
    block();
    isSeen();
  };
  // It measures from one time to the next: what comes before the first is not seen.
  await vi.waitFor(blockOnce, { timeout: 20_000, interval: 50 });
  expect(delay.p99Ms).toBeGreaterThanOrEqual(0);
  nowMs = 60_000;
  isSeen();
  isSeen();
  nowMs = 119_999;
  isSeen();
  nowMs = 120_000;
  isSeen();
  expect(delay.maxMs).toBeLessThan(BLOCKED_MS - 100);
});
