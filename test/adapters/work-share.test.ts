import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Job, Overloaded, WorkShare } from "../../src/http/work-share.ts";

/** Time that passes only in steps of jobs, and while nothing is to be done. */
class VirtualTime {
  nowMs = 0;
  workedMs = 0;
  /** The longest that the event loop was held. */
  longestMs = 0;
  #due: { atMs: number; callback: () => void } | undefined;
  readonly now = (): number => this.nowMs;

  after = (delayMs: number, callback: () => void): void => {
    this.#due = { atMs: this.nowMs + delayMs, callback };
  };

  /** A job of so many steps, each of which takes so long. */
  *job(steps: number, stepMs: number): Job<number> {
    for (let step = 0; step < steps; step += 1) {
      this.nowMs += stepMs;
      this.workedMs += stepMs;
      yield;
    }
    return steps;
  }

  async run(untilMs: number): Promise<void> {
    while (this.#due !== undefined && this.#due.atMs <= untilMs) {
      const { atMs, callback } = this.#due;
      this.#due = undefined;
      this.nowMs = Math.max(this.nowMs, atMs);
      const start = this.nowMs;
      callback();
      this.longestMs = Math.max(this.longestMs, this.nowMs - start);
      await setImmediate();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }
}

describe("work for those who ask", () => {
  test("takes a tenth of the time, however many ask, and never holds the event loop for longer than a turn and a step", async () => {
    const time = new VirtualTime();
    const share = new WorkShare(time);
    let isOver = false;
    let done = 0;
    const readers = Array.from({ length: 40 }, async () => {
      while (!isOver) {
        await share.do(time.job(20, 0.3));
        done += 1;
      }
    });
    await time.run(10_000);
    isOver = true;
    await time.run(1e9);
    await Promise.all(readers);
    expect(done).toBeGreaterThan(100);
    expect(time.longestMs).toBeLessThanOrEqual(2 + 0.3 + 1e-9);
  });

  test("is a tenth of ten seconds, where there is always more of it", async () => {
    const time = new VirtualTime();
    const share = new WorkShare(time);
    const waiting = Array.from({ length: 64 }, () => share.do(time.job(1000, 0.3)));
    await time.run(10_000);
    expect(time.workedMs).toBeGreaterThan(900);
    expect(time.workedMs).toBeLessThan(1100);
    await time.run(1e9);
    await expect(Promise.all(waiting)).resolves.toHaveLength(64);
  });

  test("waits after what was done apart from it, nine times as long", async () => {
    const time = new VirtualTime();
    const share = new WorkShare(time);
    share.charge(10);
    let doneAtMs = 0;
    const job = share.do(time.job(1, 1)).then(() => {
      doneAtMs = time.nowMs;
    });
    share.charge(5);
    await time.run(1000);
    await job;
    expect(doneAtMs).toBeGreaterThanOrEqual(9 * 15);
    expect(doneAtMs).toBeLessThan(9 * 15 + 3);
  });

  test("goes on after a job that fails, and who asked for it is told", async () => {
    const time = new VirtualTime();
    const share = new WorkShare(time);
    const failing = share.do(
      (function* (): Job<number> {
        yield;
        throw new Error("a bug");
      })(),
    );
    const told = expect(failing).rejects.toThrow("a bug");
    const next = share.do(time.job(3, 1));
    await time.run(1000);
    await told;
    await expect(next).resolves.toBe(3);
  });

  test("for live views comes in turn with that for requests, however many of these wait, and has places of its own", async () => {
    const time = new VirtualTime();
    const share = new WorkShare(time);
    let isOver = false;
    let refused = 0;
    // Each asks again at once, whether it was answered or not.
    const askers = Array.from({ length: 100 }, async () => {
      while (!isOver) {
        await share.do(time.job(100, 0.3)).catch(() => {
          refused += 1;
          return setImmediate();
        });
      }
    });
    const delaysMs: number[] = [];
    const look = async () => {
      while (!isOver) {
        const start = time.nowMs;
        await share.do(time.job(100, 0.3), "view");
        delaysMs.push(time.nowMs - start);
      }
    };
    const views = [look(), look()];
    await time.run(60_000);
    isOver = true;
    await time.run(1e9);
    await Promise.all([...askers, ...views]);
    expect(refused).toBeGreaterThan(100);
    expect(delaysMs.length).toBeGreaterThan(50);
    // Each of these jobs takes 300 ms with its rest: the one that is begun, the other view, and a request between.
    expect(Math.max(...delaysMs)).toBeLessThan(4 * 310);
  });

  test("is refused where 64 wait already, and taken again when there is room", async () => {
    const time = new VirtualTime();
    const share = new WorkShare(time);
    const waiting = Array.from({ length: 65 }, () => share.do(time.job(5, 1)));
    await expect(share.do(time.job(1, 1))).rejects.toBeInstanceOf(Overloaded);
    await time.run(1e6);
    await Promise.all(waiting);
    const later = share.do(time.job(1, 1));
    await time.run(2e6);
    await expect(later).resolves.toBe(1);
  });
});
