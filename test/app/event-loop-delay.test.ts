import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { expect, onTestFinished, test, vi } from "vitest";
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
    return () => {};
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

test("it is not measured any more when nobody has asked for five minutes, and again when somebody asks", () => {
  const timers = new Set<() => void>();
  const histogram = Object.getPrototypeOf(monitorEventLoopDelay()) as IntervalHistogram;
  const disabled = vi.spyOn(histogram, "disable");
  onTestFinished(() => disabled.mockRestore());
  const delay = new EventLoopDelay((_, callback) => {
    timers.add(callback);
    return () => timers.delete(callback);
  });
  const minutesPass = (count: number) => {
    for (let minute = 0; minute < count; minute += 1) for (const callback of timers) callback();
  };
  expect(delay.p99Ms).toBe(0);
  minutesPass(5);
  expect(timers.size).toBe(1);
  expect(delay.p99Ms).toBe(0);
  minutesPass(5);
  expect(timers.size).toBe(1);
  expect(disabled).not.toHaveBeenCalled();
  minutesPass(1);
  expect(timers.size).toBe(0);
  expect(disabled).toHaveBeenCalledTimes(1);
  expect(delay.maxMs).toBe(0);
  expect(timers.size).toBe(1);
});
