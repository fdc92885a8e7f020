import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { RunningClock } from "../../src/app/running-clock.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A clock, and a way to let time pass in which the process does not run. */
function setUp() {
  const stalls: number[] = [];
  let pausedMs = 0;
  const running = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => running() + pausedMs);
  const clock = new RunningClock((stalledMs) => stalls.push(stalledMs));
  onTestFinished(() => clock.stop());
  const pause = (ms: number) => {
    pausedMs += ms;
  };
  return { clock, stalls, pause, start: clock.now() };
}

test("time passes while the process runs, however little happens", () => {
  const { clock, stalls, start } = setUp();
  vi.advanceTimersByTime(18 * 3_600_000 + 500);
  expect(clock.now() - start).toBe(18 * 3_600_000 + 500);
  expect(stalls).toEqual([]);
});

test.each([3000, 60_000, 8 * 3_600_000])("a stop of %i ms is left out, and told", (ms) => {
  const { clock, stalls, pause, start } = setUp();
  vi.advanceTimersByTime(10_300);
  pause(ms);
  // The heartbeat was 300 ms ago; whether it stopped then or now one does not know.
  expect(clock.now() - start).toBe(10_000);
  expect(stalls).toEqual([ms + 300]);
  vi.advanceTimersByTime(5000);
  expect(clock.now() - start).toBe(15_000);
  expect(stalls).toHaveLength(1);
});

test("a short block is time like any other", () => {
  const { clock, stalls, pause, start } = setUp();
  vi.advanceTimersByTime(10_000);
  pause(1500);
  expect(clock.now() - start).toBe(11_500);
  expect(stalls).toEqual([]);
});

test("it never goes back, over many stops", () => {
  const { clock, pause, start } = setUp();
  let before = start;
  for (let count = 0; count < 500; count += 1) {
    pause((count * 977) % 7000);
    vi.advanceTimersByTime((count * 331) % 2500);
    const now = clock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    before = now;
  }
});

test("the time of day does not matter", () => {
  const { clock, stalls, start } = setUp();
  vi.setSystemTime(new Date("2040-01-01"));
  vi.advanceTimersByTime(1000);
  vi.setSystemTime(new Date("1999-01-01"));
  vi.advanceTimersByTime(1000);
  expect(clock.now() - start).toBe(2000);
  expect(stalls).toEqual([]);
});

test("a clock that nobody looks at any more has no heartbeat", () => {
  const { clock } = setUp();
  clock.stop();
  expect(vi.getTimerCount()).toBe(0);
});

/** Those that tell people or programs when something was, and measure nothing by it. The pages run in the browser. */
const TELLING = [
  "app/bridge/bridge-health.ts",
  "app/bridge/bridge-info.ts",
  "app/broker/broker-status.ts",
  "app/http/http-source.ts",
  "app/trace/live-trace.ts",
  "app/log/log.ts",
  "app/bridge/open-bridge.ts",
  "app/figures/rate-history.ts",
  "app/log/recent-log.ts",
  "app/wall-clock.ts",
];

/** Those that look at a date by which something expires. */
const EXPIRING = ["app/broker/credentials.ts", "app/configuration/dated-certificate.ts", "mqtt/explain-tls-error.ts"];

test("only those ask for the time of day that tell it, or that look at a date by which something expires", () => {
  const source = fileURLToPath(new URL("../../src/", import.meta.url));
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) =>
    /^(?!page).*\.ts$/.test(file),
  );
  const asking = files.filter((file) =>
    /\bDate\b|isoTime|hrtime|translateTime/.test(readFileSync(source + file, "utf8")),
  );
  expect(asking.sort()).toEqual([...TELLING, ...EXPIRING].sort());
});
