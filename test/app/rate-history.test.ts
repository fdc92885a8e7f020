import { describe, expect, test } from "vitest";
import { RateHistory, type RateSample } from "../../src/app/figures/rate-history.ts";

const NOTHING: RateSample = {
  datagramsIn: 0,
  datagramsOut: 0,
  published: 0,
  delivered: 0,
  repeated: 0,
  clients: 0,
  asleep: 0,
  brokerReachable: true,
};

/** A history in time that the test makes pass. */
function historyOf() {
  let nowMs = 5000;
  let epochMs = 1_000_000;
  let callback: (() => void) | undefined;
  let sample = NOTHING;
  const time = {
    now: () => nowMs,
    wallClock: () => epochMs + nowMs,
    every: (_intervalMs: number, called: () => void) => {
      callback = called;
      return () => {
        callback = undefined;
      };
    },
  };
  const history = new RateHistory(() => sample, time);
  /** Time passes, by one call of the timer, and so much more has been counted at its end. */
  const pass = (ms: number, more: Partial<RateSample> = {}) => {
    nowMs += ms;
    sample = { ...sample, ...more };
    callback?.();
  };
  /** Somebody sets the clock. */
  const set = (ms: number) => {
    epochMs += ms;
  };
  return { history, pass, set, isRunning: () => callback !== undefined };
}

describe("seconds", () => {
  test("hold what came in each, and the clients that there were", () => {
    const { history, pass } = historyOf();
    history.start();
    pass(1000, { datagramsIn: 10, published: 4, clients: 3, asleep: 2 });
    pass(1000, {
      datagramsIn: 15,
      datagramsOut: 7,
      delivered: 2,
      repeated: 1,
      clients: 2,
      asleep: 0,
      brokerReachable: false,
    });
    const { points, ...rest } = history.history("10m");
    expect(rest).toEqual({ range: "10m", intervalSeconds: 1 });
    const rates = { datagramsOutPerSecond: 0, deliveredPerSecond: 0, repeatedPerSecond: 0, publishedPerSecond: 0 };
    expect(points).toEqual([
      {
        ...rates,
        at: 1_006_000,
        datagramsInPerSecond: 10,
        publishedPerSecond: 4,
        clients: 3,
        asleep: 2,
        brokerReachable: true,
      },
      {
        ...rates,
        at: 1_007_000,
        datagramsInPerSecond: 5,
        datagramsOutPerSecond: 7,
        deliveredPerSecond: 2,
        repeatedPerSecond: 1,
        clients: 2,
        asleep: 0,
        brokerReachable: false,
      },
    ]);
  });

  test("what came before the start is in none", () => {
    const { history, pass } = historyOf();
    pass(1000, { datagramsIn: 1000 });
    history.start();
    pass(1000, { datagramsIn: 1003 });
    expect(history.history("10m").points.map((point) => point.datagramsInPerSecond)).toEqual([3]);
  });

  test("where the process did not run for a while, what came then is spread over it", () => {
    const { history, pass } = historyOf();
    history.start();
    pass(20_000, { datagramsIn: 100 });
    expect(history.history("10m").points.map((point) => point.datagramsInPerSecond)).toEqual([5]);
  });

  test("are kept for ten minutes, oldest first", () => {
    const { history, pass } = historyOf();
    history.start();
    for (let second = 1; second <= 1500; second += 1) pass(1000, { clients: second });
    const { points } = history.history("10m");
    expect(points.map(({ clients }) => clients)).toEqual(Array.from({ length: 600 }, (_, index) => 901 + index));
    expect(points.map(({ at }) => at)).toEqual(
      Array.from({ length: 600 }, (_, index) => 1_005_000 + (901 + index) * 1000),
    );
  });
});

describe("minutes", () => {
  test("hold the rates over all of each, and whether the broker was there in all of it", () => {
    const { history, pass } = historyOf();
    history.start();
    for (let second = 1; second <= 59; second += 1) pass(1000, { published: second, brokerReachable: second !== 30 });
    expect(history.history("24h").points).toEqual([]);
    pass(1000, { published: 120, clients: 5 });
    for (let second = 1; second <= 60; second += 1) pass(1000);
    const { points, intervalSeconds } = history.history("24h");
    expect(intervalSeconds).toBe(60);
    expect(points.map((each) => [each.publishedPerSecond, each.clients, each.brokerReachable])).toEqual([
      [2, 5, false],
      [0, 5, true],
    ]);
  });

  test("are kept for a day", () => {
    const { history, pass } = historyOf();
    history.start();
    for (let second = 0; second < 1450 * 60; second += 1) pass(1000, { clients: Math.floor(second / 60) });
    const { points } = history.history("24h");
    expect(points.length).toBe(1440);
    expect([points[0]!.clients, points.at(-1)!.clients]).toEqual([10, 1449]);
  });
});

test("a history that is stopped asks for nothing any more", () => {
  const { history, pass, isRunning } = historyOf();
  history.start();
  pass(1000);
  history.stop();
  expect(isRunning()).toBe(false);
  expect(history.history("10m").points.length).toBe(1);
});

test("when somebody sets the clock the times of all points follow, and stay in order", () => {
  const { history, pass, set } = historyOf();
  history.start();
  pass(1000);
  set(-3_600_000);
  pass(1000);
  set(7_200_000);
  pass(1000);
  const times = history.history("10m").points.map(({ at }) => at);
  expect(times).toEqual([1_006_000, 1_007_000, 1_008_000].map((at) => at + 3_600_000));
});
