import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Log } from "../../src/app/log/log.ts";
import { type SavedCore, SessionSaver } from "../../src/app/session-saver.ts";
import type { SavedSession } from "../../src/gateway/saved-session.ts";

/** What was written at once. */
interface Write {
  clients: Record<string, unknown>;
  lastTopicId: number;
  endedInOrder?: boolean | undefined;
  sync: boolean;
}

const sessionOf = (clientId: string): SavedSession => ({ clientId }) as SavedSession;

function setUpUnstarted() {
  const writes: Write[] = [];
  const lines: { event: string; level: string; [field: string]: unknown }[] = [];
  const world = {
    writes,
    lines,
    /** How long a write takes. */
    writeMs: 0,
    failure: undefined as Error | undefined,
    /** How large each session is. */
    octets: 100,
    lastTopicId: 500,
    onSaved: vi.fn(),
    savedSession: (clientId: string): SavedSession | undefined => sessionOf(clientId),
    get clients() {
      return writes.map(({ clients }) => Object.keys(clients));
    },
    get syncs() {
      return writes.map(({ sync }) => sync);
    },
  };
  const core: SavedCore = {
    savedSession: (clientId) => world.savedSession(clientId),
    get lastTopicId() {
      return world.lastTopicId;
    },
  };
  const keeper = {
    path: "/state/sessions",
    async batch() {
      const clients: Write["clients"] = {};
      return {
        get octets() {
          return Object.keys(clients).length * world.octets;
        },
        set: (clientId: string, session: SavedSession | undefined) => {
          clients[clientId] = session;
        },
        write: async (lastTopicId: number, sync: boolean, endedInOrder?: boolean) => {
          if (world.writeMs > 0) await new Promise((resolve) => setTimeout(resolve, world.writeMs));
          if (world.failure !== undefined) throw world.failure;
          writes.push({ clients, lastTopicId, sync, endedInOrder });
        },
      };
    },
  };
  const log = new Log(
    { level: "info", format: "json", colour: false },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  return Object.assign(world, { saver: new SessionSaver(core, keeper, world.onSaved, log) });
}

/** One that has started. */
function setUp() {
  const world = setUpUnstarted();
  world.saver.start();
  return world;
}

/** The next turns of the event loop, at the same time. */
const turns = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  // The turns of the event loop are real ones.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"], now: 1_000_000 });
  vi.advanceTimersByTime(1_000_000);
});
afterEach(() => {
  vi.useRealTimers();
});

describe("changes", () => {
  test("after a pause are written at once, for who falls asleep is not to be taken for awake", async () => {
    const world = setUp();
    world.saver.changed("a");
    world.saver.changed("b");
    await vi.advanceTimersByTimeAsync(10);
    expect(world.clients).toEqual([["a", "b"]]);
    await vi.advanceTimersByTimeAsync(5000);
    world.saver.changed("a");
    await vi.advanceTimersByTimeAsync(10);
    expect(world.clients).toEqual([["a", "b"], ["a"]]);
  });

  test("are collected for a second after a write and written together, each client once", async () => {
    const world = setUp();
    world.saver.changed("first");
    await vi.advanceTimersByTimeAsync(10);
    expect(world.writes.splice(0)).toHaveLength(1);
    world.onSaved.mockClear();
    world.saver.changed("a");
    await vi.advanceTimersByTimeAsync(600);
    world.saver.changed("b");
    world.saver.changed("a");
    await vi.advanceTimersByTimeAsync(399);
    expect(world.writes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(world.clients).toEqual([["a", "b"]]);
    expect(world.onSaved).toHaveBeenCalledTimes(1);
  });

  test("of a client that changes all the time are written every second", async () => {
    const world = setUp();
    for (let count = 0; count < 50; count += 1) {
      world.saver.changed("a");
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(world.writes.length).toBeGreaterThanOrEqual(4);
  });

  test("are written as they are then; a client of which nothing is kept any more is written as that", async () => {
    const world = setUp();
    world.saver.changed("a");
    world.saver.changed("gone");
    world.savedSession = (clientId) => (clientId === "gone" ? undefined : { ...sessionOf(clientId), keepAlive: 7 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.writes[0]!.clients).toEqual({ a: { clientId: "a", keepAlive: 7 }, gone: undefined });
  });

  test("nothing is written when nothing changes", async () => {
    const world = setUp();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(world.writes).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that come while a write is under way wait for the next one, a second after its end", async () => {
    const world = setUp();
    world.writeMs = 5000;
    world.saver.changed("a");
    await vi.advanceTimersByTimeAsync(1000);
    world.saver.changed("b");
    await vi.advanceTimersByTimeAsync(4000);
    expect(world.writes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.clients).toEqual([["a"]]);
    await vi.advanceTimersByTimeAsync(6000);
    expect(world.clients).toEqual([["a"], ["b"]]);
  });

  test("of very many clients are collected in slices of the event loop", async () => {
    const world = setUp();
    let longestMs = 0;
    let turnBeganMs = performance.now();
    for (let count = 0; count < 1000; count += 1) world.saver.changed(`client-${count}`);
    world.savedSession = (clientId) => {
      // A session takes a millisecond; the clock stands still otherwise.
      vi.advanceTimersByTime(1);
      longestMs = Math.max(longestMs, performance.now() - turnBeganMs);
      return sessionOf(clientId);
    };
    vi.advanceTimersByTime(1000);
    turnBeganMs = performance.now();
    for (let turn = 0; turn < 1000 && world.writes.length === 0; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      turnBeganMs = performance.now();
      vi.advanceTimersByTime(0);
    }
    expect(Object.keys(world.writes[0]!.clients)).toHaveLength(1000);
    expect(longestMs).toBeLessThan(50);
  });

  test("of much are written piece by piece, and told to be safe once, at the end", async () => {
    const world = setUp();
    world.octets = 1024 * 1024;
    for (let count = 0; count < 12; count += 1) world.saver.changed(`client-${count}`);
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.clients.map(({ length }) => length)).toEqual([5, 5, 2]);
    expect(world.onSaved).toHaveBeenCalledTimes(1);
  });

  test("one that cannot be said, for a bug, keeps no other one from being written", async () => {
    const world = setUp();
    world.savedSession = (clientId) => {
      if (clientId === "broken") throw new Error("must hold");
      return sessionOf(clientId);
    };
    for (const clientId of ["a", "broken", "b"]) world.saver.changed(clientId);
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.clients).toEqual([["a", "b"]]);
    expect(world.lines).toMatchObject([{ event: "state.failed", level: "error", clientId: "broken" }]);
    expect(String(world.lines[0]!.reason)).toContain("must hold");
  });
});

test("A-55 with very many new topic ids one does not wait for the second to pass, twice: else no more could be handed out", async () => {
  const world = setUp();
  world.saver.changed("a");
  await vi.advanceTimersByTimeAsync(10);
  world.writes.length = 0;
  const step = async () => {
    world.lastTopicId += 1000;
    world.saver.changed("a");
    await vi.advanceTimersByTimeAsync(10);
  };
  for (let count = 0; count < 4; count += 1) await step();
  expect(world.writes).toHaveLength(0);
  await step();
  expect(world.writes).toHaveLength(1);
  await step();
  expect(world.writes).toHaveLength(2);
  await step();
  expect(world.writes).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1000);
  expect(world.writes).toHaveLength(3);
});

describe("a power cut", () => {
  /** Changes something, and lets it be written. */
  const change = async (world: ReturnType<typeof setUp>) => {
    world.saver.changed("a");
    await vi.advanceTimersByTimeAsync(1000);
  };

  test("loses no more than 10 s: the first change is made safe, those in the 10 s after it with the end of these", async () => {
    const world = setUp();
    for (let second = 0; second < 5; second += 1) await change(world);
    expect(world.syncs).toEqual([true, false, false, false, false]);
    await vi.advanceTimersByTimeAsync(5009);
    expect(world.writes).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(1);
    expect(world.syncs.slice(5)).toEqual([true]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(world.writes).toHaveLength(6);
  });

  test("A-55 leaves a topic id that is not below any that was handed out", async () => {
    const world = setUp();
    await change(world);
    const safe = () => world.writes.findLast(({ sync }) => sync)!.lastTopicId;
    for (let round = 0; round < 50; round += 1) {
      world.lastTopicId += 1 + ((round * 37) % 300);
      const before = world.lastTopicId;
      await change(world);
      expect(safe()).toBeGreaterThanOrEqual(before);
    }
    expect(world.syncs).toContain(false);
  });

  test("A-55 the same when the numbering begins again at 1", async () => {
    const world = setUp();
    world.lastTopicId = 65_500;
    await change(world);
    world.lastTopicId = 5;
    await change(world);
    expect(world.syncs).toEqual([true, true]);
  });
});

describe("a write that fails", () => {
  test("is told once, tried again with the same changes, and told when it succeeds", async () => {
    const world = setUp();
    world.failure = new Error("No space left on device");
    world.saver.changed("a");
    await vi.advanceTimersByTimeAsync(1000);
    world.saver.changed("b");
    await vi.advanceTimersByTimeAsync(25_000);
    expect(world.lines).toMatchObject([{ event: "state.unsaved", level: "error", path: "/state/sessions" }]);
    expect(world.lines[0]!.msg).toMatch(/cannot save .*No space left on device.*disk full/);
    expect(world.onSaved).not.toHaveBeenCalled();

    world.failure = undefined;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(world.clients.map((clients) => clients.toSorted())).toEqual([["a", "b"]]);
    expect(world.lines.slice(1)).toMatchObject([{ event: "state.saved", level: "info" }]);
    expect(world.onSaved).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(world.writes).toHaveLength(1);
  });
});

test("a store that is gone is told once, with what to do, and told when it is back", async () => {
  const world = setUp();
  world.failure = Object.assign(new Error("the folder was removed"), { code: "gone" });
  world.saver.changed("a");
  await vi.advanceTimersByTimeAsync(25_000);
  expect(world.lines).toMatchObject([{ event: "state.unsaved", level: "error", reason: "the folder was removed" }]);
  expect(world.lines[0]!.msg).toMatch(/the folder was removed\. Put it back, as it was\. The gateway goes on/);
  world.failure = undefined;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(world.lines.slice(1)).toMatchObject([{ event: "state.saved", level: "info" }]);
  // Only a write that is to be made safe tells whether it is.
  expect(world.syncs).toEqual([true]);
});

test("nothing is written before it is started, and then at once what has changed", async () => {
  const world = setUpUnstarted();
  world.lastTopicId += 20_000;
  world.saver.changed("a");
  await vi.advanceTimersByTimeAsync(5000);
  expect(world.writes).toEqual([]);
  world.saver.start();
  await turns();
  expect(world.clients).toEqual([["a"]]);
});

describe("flushing", () => {
  test("writes at once, and makes all safe", async () => {
    const world = setUp();
    world.saver.changed("a");
    const flushed = world.saver.flush();
    await turns();
    await flushed;
    expect(world.writes).toMatchObject([{ clients: { a: {} }, sync: true }]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(world.writes).toHaveLength(1);
  });

  test("waits for the write that is under way, and then writes what has come since", async () => {
    const world = setUp();
    world.writeMs = 3000;
    world.saver.changed("a");
    await vi.advanceTimersByTimeAsync(1000);
    world.saver.changed("b");
    const flushed = vi.fn();
    void world.saver.flush().then(flushed);
    void world.saver.flush();
    await vi.advanceTimersByTimeAsync(5009);
    expect(flushed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(flushed).toHaveBeenCalled();
    expect(world.clients).toEqual([["a"], ["b"]]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(world.writes).toHaveLength(2);
  });

  test("makes safe what was written before, also when nothing has changed since", async () => {
    const world = setUp();
    world.saver.changed("a");
    await vi.advanceTimersByTimeAsync(1000);
    world.saver.changed("a");
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.syncs).toEqual([true, false]);
    void world.saver.flush();
    await turns();
    expect(world.syncs).toEqual([true, false, true]);
  });

  test("at the end is the last write, whatever changes after it", async () => {
    const world = setUp();
    world.saver.changed("a");
    const ended = world.saver.end();
    await turns();
    await ended;
    world.saver.changed("b");
    await vi.advanceTimersByTimeAsync(100_000);
    expect(world.clients).toEqual([["a"], []]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("A-55 at the end the last topic id is written as it is, and that it was the end", async () => {
    const world = setUp();
    world.saver.changed("a");
    await vi.advanceTimersByTimeAsync(1000);
    await world.saver.end();
    expect(world.writes).toMatchObject([
      { lastTopicId: 500 + 256, endedInOrder: undefined },
      { lastTopicId: 500, endedInOrder: true, sync: true },
    ]);
  });

  test("that was cancelled writes nothing", async () => {
    const world = setUp();
    world.saver.changed("a");
    world.saver.cancel();
    world.saver.changed("b");
    await vi.advanceTimersByTimeAsync(100_000);
    expect(world.writes).toEqual([]);
  });
});
