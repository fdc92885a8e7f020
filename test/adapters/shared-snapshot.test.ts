import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ClientSummary } from "../../src/http/answers.ts";
import { SharedSnapshot } from "../../src/http/shared-snapshot.ts";
import { summary } from "./made-up-source.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** A snapshot that is shared, and what of its looks is still in memory. */
function setUp() {
  const seen: WeakRef<ClientSummary>[] = [];
  const shared = new SharedSnapshot(function* () {
    const client = summary("d1");
    seen.push(new WeakRef(client));
    yield client;
  });
  const take = () => void [...shared.take()];
  const areKept = async () => {
    // What a WeakRef was asked for is there until the turn ends.
    await setImmediate();
    collect();
    return seen.map((each) => each.deref() !== undefined);
  };
  return { take, areKept };
}

describe("a look at all clients", () => {
  test("is kept for five seconds behind the last one who needed it made", async () => {
    const { take, areKept } = setUp();
    take();
    vi.advanceTimersByTime(899);
    take();
    expect(await areKept()).toEqual([true]);
    vi.advanceTimersByTime(4100);
    expect(await areKept()).toEqual([true]);
    vi.advanceTimersByTime(1);
    expect(await areKept()).toEqual([false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is not kept beside the next one", async () => {
    const { take, areKept } = setUp();
    for (let second = 0; second < 4; second += 1) {
      take();
      vi.advanceTimersByTime(1000);
    }
    expect(await areKept()).toEqual([false, false, false, true]);
    // The time of those before it does not end its own.
    vi.advanceTimersByTime(3900);
    expect(await areKept()).toEqual([false, false, false, true]);
    vi.advanceTimersByTime(200);
    expect(await areKept()).toEqual([false, false, false, false]);
  });
});
