import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { EventStream } from "../../src/http/event-stream.ts";
import { LiveViews, type ViewEvent } from "../../src/http/live-views.ts";
import { type Job, WorkShare } from "../../src/http/work-share.ts";

/** Who reads, while it is willing to. */
class Reader {
  events: string[] = [];
  isSlow = false;
  write(text: string): boolean {
    if (this.isSlow) return false;
    this.events.push(text);
    return true;
  }
  get stream(): EventStream {
    return this as unknown as EventStream;
  }
}

const CLIENTS = (data: string) => `event: clients\ndata: ${data}\n\n`;

describe("a live view", () => {
  let shown = "1";
  let looks = 0;
  let views: LiveViews;
  let share: WorkShare;
  const failures: unknown[] = [];

  // biome-ignore lint/correctness/useYield: a job of one step
  function* look(): Job<ViewEvent[]> {
    looks += 1;
    if (shown === "a bug") throw new Error(shown);
    return [{ event: "clients", data: shown, sameAs: shown.replace(/ .*/, "") }];
  }

  beforeEach(() => {
    vi.useFakeTimers();
    shown = "1";
    looks = 0;
    failures.length = 0;
    share = new WorkShare();
    views = new LiveViews(share, (error) => failures.push(error));
  });
  afterEach(() => {
    views.end();
    vi.useRealTimers();
  });

  const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);

  test("is shown at once, and then each change of what is compared, once a second at most", async () => {
    const reader = new Reader();
    views.show("all", look, reader.stream);
    await seconds(0.1);
    expect(reader.events).toEqual([CLIENTS("1")]);
    await seconds(10);
    expect(reader.events).toHaveLength(1);
    shown = "1 later";
    await seconds(3);
    expect(reader.events).toHaveLength(1);
    const later = new Reader();
    views.show("all", look, later.stream);
    await seconds(1);
    expect(later.events).toEqual([CLIENTS("1 later")]);
    shown = "2";
    await seconds(3);
    expect(reader.events).toEqual([CLIENTS("1"), CLIENTS("2")]);
  });

  test("is made once for all who ask for the same, and apart for who asks for something else", async () => {
    const readers = Array.from({ length: 15 }, () => new Reader());
    for (const reader of readers) views.show("all", look, reader.stream);
    await seconds(0.1);
    const before = looks;
    await seconds(10);
    expect(looks - before).toBe(10);
    views.show("some", look, new Reader().stream);
    await seconds(0.1);
    const then = looks;
    await seconds(10);
    expect(looks - then).toBe(20);
  });

  test("is not looked at when nobody reads any more", async () => {
    const ends = [views.show("all", look, new Reader().stream), views.show("some", look, new Reader().stream)];
    await seconds(3.5);
    for (const end of ends) end();
    const before = looks;
    await seconds(10);
    expect(looks).toBe(before);
    expect(vi.getTimerCount()).toBe(0);
  });

  /** More requests than may wait. */
  async function crowd(): Promise<void> {
    const answers = Array.from({ length: 70 }, () => share.do(look()).catch((error: unknown) => error));
    await Promise.resolve();
    void Promise.all(answers);
    looks = 0;
  }

  test("is shown however many requests wait", async () => {
    await crowd();
    const reader = new Reader();
    views.show("all", look, reader.stream);
    await seconds(0.1);
    expect(reader.events).toEqual([CLIENTS("1")]);
  });

  test("is not made for who has gone before its turn came", async () => {
    await crowd();
    views.show("all", look, new Reader().stream)();
    await seconds(0.1);
    // The requests alone.
    expect(looks).toBe(64);
  });

  test("waits for a slow reader, which then gets what there is, and not what there was", async () => {
    const [slow, quick] = [new Reader(), new Reader()];
    views.show("all", look, slow.stream);
    views.show("all", look, quick.stream);
    await seconds(0.1);
    slow.isSlow = true;
    for (const next of ["2", "3", "4"]) {
      shown = next;
      await seconds(1);
    }
    slow.isSlow = false;
    await seconds(1);
    expect(slow.events).toEqual([CLIENTS("1"), CLIENTS("4")]);
    expect(quick.events).toEqual(["1", "2", "3", "4"].map(CLIENTS));
  });

  test("goes on after a bug of ours, which is told", async () => {
    const reader = new Reader();
    views.show("all", look, reader.stream);
    await seconds(1);
    shown = "a bug";
    await seconds(1.5);
    expect(failures).toContainEqual(new Error("a bug"));
    shown = "2";
    await seconds(1.5);
    expect(reader.events.at(-1)).toBe(CLIENTS("2"));
  });
});
