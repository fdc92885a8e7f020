import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { ClassicLevel } from "classic-level";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { SavedSession } from "../../src/gateway/saved-session.ts";
import { unreadableOctets } from "../../src/store/log-damage.ts";
import { type OpenedStore, SessionStore } from "../../src/store/session-store.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { StoreFolder } from "../../src/store/store-folder.ts";

const SLEEPER: SavedSession = {
  clientId: "sleeper",
  durable: true,
  state: "asleep",
  address: "10.0.0.7:4711",
  wirelessNodeId: Uint8Array.of(0, 255, 7),
  keepAlive: 60,
  sleepDuration: 64_800,
  // A part of a larger one, as what was cut out of a datagram is.
  will: { topic: "wills/ü", payload: Uint8Array.of(1, 0x80, 0, 0xff, 2).subarray(1, 4), qos: 2, retain: true },
  topics: [
    { id: 1, name: "a", announced: true },
    { id: 65_534, name: "b/\u{1f600}", announced: false },
  ],
  subscriptions: [
    { filter: "b/#", topicIdType: "normal", topicId: 0, qos: 1 },
    { filter: "xy", topicIdType: "short", topicId: 0x7879, qos: 0 },
  ],
  openPublishes: [
    { msgId: 7, packetId: 7, fingerprint: 123_456_789, released: false },
    { msgId: 0, packetId: 65_535, fingerprint: undefined, released: true },
  ],
  inFlight: 9,
};

/** A session with nothing in it. */
const bare = (clientId: string): SavedSession => ({
  ...SLEEPER,
  clientId,
  wirelessNodeId: undefined,
  will: undefined,
  topics: [],
  subscriptions: [],
  openPublishes: [],
});

/** A folder that is gone after the test. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-store-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function open(path: string): Promise<OpenedStore> {
  const opened = await SessionStore.open(path);
  onTestFinished(() => opened.store.close());
  return opened;
}

/** Makes a store in which these sessions are. Returns its folder. */
async function madeOf(...sessions: SavedSession[]): Promise<string> {
  const path = folder();
  // Opened twice, so that there are a table and a log.
  for (const half of [sessions.slice(0, 1), sessions.slice(1)]) {
    const { store } = await SessionStore.open(path);
    await write(store, half);
    await store.close();
  }
  return path;
}

async function write(store: SessionStore, sessions: readonly SavedSession[], lastTopicId = 77): Promise<void> {
  const batch = await store.batch();
  for (const session of sessions) batch.set(session.clientId, session);
  await batch.write(lastTopicId, true);
}

const filesOf = (path: string, name: RegExp): string[] =>
  readdirSync(join(path, "sessions"))
    .filter((file) => name.test(file))
    .map((file) => join(path, "sessions", file));

/** Changes what is in the store behind its back. */
async function tamper(path: string, change: (db: ClassicLevel) => Promise<void>): Promise<void> {
  const db = new ClassicLevel(join(path, "sessions"));
  await change(db);
  await db.close();
}

async function failure(opening: Promise<unknown>): Promise<StoreError> {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

describe("what was written", () => {
  test("says that the gateway ended in order, until the next write", async () => {
    const path = await madeOf();
    for (const endedInOrder of [true, false]) {
      const { store } = await open(path);
      await (await store.batch()).write(80, true, endedInOrder);
      await store.close();
      const again = await open(path);
      expect(again.saved).toMatchObject({ lastTopicId: 80, endedInOrder });
      await again.store.close();
    }
  });

  test("is there after it was opened again, octet by octet", async () => {
    const path = await madeOf(bare("bare"), SLEEPER);
    const { saved, setAside, unreadable } = await open(path);
    expect({ setAside, unreadable }).toEqual({ setAside: undefined, unreadable: [] });
    expect(saved).toMatchObject({ lastTopicId: 77, endedInOrder: false });
    expect(saved!.sessions.map(({ clientId }) => clientId)).toEqual(["bare", "sleeper"]);
    const [, sleeper] = saved!.sessions;
    expect([...sleeper!.wirelessNodeId!]).toEqual([...SLEEPER.wirelessNodeId!]);
    expect([...sleeper!.will!.payload]).toEqual([...SLEEPER.will!.payload]);
    const octets = { wirelessNodeId: undefined, will: undefined };
    expect({ ...sleeper, ...octets }).toEqual({ ...SLEEPER, ...octets });
    expect(saved!.sessions[0]).toEqual(bare("bare"));
  });

  test("any client id has a record of its own", async () => {
    const path = folder();
    const { store } = await open(path);
    const clientIds = ["gateway", "session/", "unreadable/x", "/", "\u0000", "é", "é", "\uffff", "\u{1f600}"];
    const names = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
    const some = [...new Set([...clientIds, ...fc.sample(names, 200)])];
    await write(store, some.map(bare));
    await store.close();
    const { saved, unreadable } = await open(path);
    expect(unreadable).toEqual([]);
    expect(new Set(saved!.sessions.map(({ clientId }) => clientId))).toEqual(new Set(some));
  });

  test("nothing at all is no store of before", async () => {
    const path = folder();
    const { store, saved } = await open(path);
    expect(saved).toBeUndefined();
    await store.close();
    expect((await open(path)).saved).toBeUndefined();
  });

  test("a client of which nothing is kept any more is gone", async () => {
    const path = await madeOf(bare("one"), bare("two"));
    const { store } = await open(path);
    const batch = await store.batch();
    batch.set("one", undefined);
    batch.set("never there", undefined);
    await batch.write(78, false);
    await store.close();
    const { saved } = await open(path);
    expect(saved).toMatchObject({ lastTopicId: 78, sessions: [{ clientId: "two" }] });
    expect(saved!.sessions).toHaveLength(1);
  });

  test("a batch that was not written leaves nothing", async () => {
    const path = await madeOf(bare("one"));
    const { store } = await open(path);
    (await store.batch()).set("two", bare("two"));
    await store.close();
    expect((await open(path)).saved!.sessions).toHaveLength(1);
  });

  test("ten thousand sessions come back", async () => {
    const path = folder();
    const { store } = await open(path);
    await write(
      store,
      Array.from({ length: 10_000 }, (_, index) => bare(`client-${index}`)),
    );
    await store.close();
    expect((await open(path)).saved!.sessions).toHaveLength(10_000);
  });
});

describe("a store that cannot be used is set aside, as it was, and a new one takes its place:", () => {
  const overwrite = (name: RegExp, data: string | Uint8Array) => (path: string) => {
    const files = filesOf(path, name);
    expect(files).not.toHaveLength(0);
    for (const file of files) writeFileSync(file, data);
  };
  const remove = (name: RegExp) => (path: string) => {
    for (const file of filesOf(path, name)) rmSync(file);
  };

  test.each<[name: string, damage: (path: string) => void | Promise<void>, reason: RegExp]>([
    ["CURRENT is missing", remove(/^CURRENT$/), /CURRENT is missing/],
    ["CURRENT is empty", overwrite(/^CURRENT$/, ""), /CURRENT/],
    ["CURRENT names nothing", overwrite(/^CURRENT$/, "MANIFEST-000999\n"), /MANIFEST-000999/],
    ["the manifest is garbage", overwrite(/^MANIFEST/, Buffer.alloc(300, 7)), /Corruption/],
    ["the manifest is missing", remove(/^MANIFEST/), /MANIFEST/],
    ["a table is missing", remove(/\.ldb$/), /missing files/],
    ["a table is garbage", overwrite(/\.ldb$/, Buffer.alloc(3000, 7)), /Corruption/],
    [
      "a table was cut",
      (path) => {
        for (const file of filesOf(path, /\.ldb$/)) truncateSync(file, 100);
      },
      /./,
    ],
    [
      "it is of a newer version",
      (path) => tamper(path, (db) => db.put("gateway", checked('{"format":2,"somethingNew":1}'))),
      /its format is 2/,
    ],
    [
      "the gateway's record is no record",
      (path) => tamper(path, (db) => db.put("gateway", checked('{"format":1}'))),
      /own record/,
    ],
    [
      "the gateway's record was changed",
      (path) => tamper(path, (db) => db.put("gateway", '00000000{"format":1,"lastTopicId":1}')),
      /own record/,
    ],
    ["it is another program's", (path) => tamper(path, (db) => db.del("gateway")), /not the store of a gateway/],
  ])("%s", async (_name, damage, reason) => {
    const path = await madeOf(SLEEPER, bare("bare"));
    await damage(path);
    const before = readdirSync(join(path, "sessions"));
    const { store, saved, setAside } = await open(path);
    expect(setAside).toEqual({ path: join(path, "sessions.set-aside-1"), reason: expect.stringMatching(reason) });
    expect(saved).toBeUndefined();
    // LevelDB may have begun to work on it; nothing of it that holds data is gone.
    const kept = before.filter((file) => /CURRENT|ldb$/.test(file));
    expect(readdirSync(setAside!.path)).toEqual(expect.arrayContaining(kept));
    await write(store, [bare("new")]);
    await store.close();
    expect((await open(path)).saved!.sessions).toHaveLength(1);
  });

  test("once more, beside the first one", async () => {
    const path = await madeOf(SLEEPER);
    mkdirSync(join(path, "sessions.set-aside-1"));
    remove(/^CURRENT$/)(path);
    expect((await open(path)).setAside!.path).toBe(join(path, "sessions.set-aside-2"));
  });
});

describe("of the last changes", () => {
  /** The log of a store to which 60 clients were written one after the other: two blocks of it, and a part of a third one. */
  async function logOf60(): Promise<{ path: string; log: string; octets: Buffer }> {
    const path = await madeOf(bare("before"));
    const { store } = await SessionStore.open(path);
    const name = (count: number) => `client-${String(count).padStart(2, "0")}`;
    for (let count = 0; count < 60; count += 1) {
      const topics = Array.from({ length: 20 }, (_, index) => ({
        id: 1 + index,
        name: `topic ${index}`,
        announced: true,
      }));
      await write(store, [{ ...bare(name(count)), topics }], 1000 + count);
    }
    await store.close();
    const [log] = filesOf(path, /\.log$/);
    const octets = readFileSync(log!);
    expect(octets.length).toBeGreaterThan(70_000);
    return { path, log: log!, octets };
  }

  const flipped = (octets: Buffer, at: number): Buffer => {
    const copy = Buffer.from(octets);
    copy[at]! ^= 0x40;
    return copy;
  };

  test.each<[name: string, damage: (octets: Buffer) => Buffer, sessions: (count: number) => boolean]>([
    ["an octet of the first record is wrong", (octets) => flipped(octets, 20), (count) => count > 10 && count < 50],
    ["a length is wrong", (octets) => flipped(octets, 5), (count) => count > 10 && count < 50],
    ["an octet in the middle is wrong", (octets) => flipped(octets, 40_000), (count) => count > 20 && count < 55],
    ["a block is gone", (octets) => Buffer.from(octets).fill(0, 32_768, 65_536), (count) => count > 10 && count < 55],
    [
      "the last record says that it is longer than the log",
      (octets) => flipped(octets, octets.indexOf("session/client-59") - 15),
      (count) => count === 60,
    ],
    ["the end is cut off", (octets) => octets.subarray(0, octets.length - 1), (count) => count === 60],
    ["the last header is cut off", (octets) => octets.subarray(0, 65_536 + 3), (count) => count > 40 && count < 60],
    ["the end is zeros", (octets) => Buffer.from(octets).fill(0, octets.length - 300), (count) => count >= 59],
    ["zeros follow", (octets) => Buffer.concat([octets, Buffer.alloc(5000)]), (count) => count === 61],
    ["all of it is garbage", (octets) => Buffer.alloc(octets.length, 0xa5), (count) => count === 1],
  ])(
    "what can be read comes back where %s; the log is kept as it was, and it is told",
    async (_name, damage, sessions) => {
      const { path, log, octets } = await logOf60();
      const damagedLog = damage(octets);
      writeFileSync(log, damagedLog);
      const { store, saved, setAside, damaged } = await open(path);
      expect(setAside).toBeUndefined();
      expect(damaged).toMatchObject({ path: join(path, "sessions.set-aside-1") });
      expect(damaged!.octets).toBeGreaterThan(0);
      expect(damaged!.octets).toBeLessThanOrEqual(damagedLog.length);
      expect(readFileSync(join(damaged!.path, basename(log)))).toEqual(damagedLog);
      expect(saved!.sessions.length).toSatisfy(sessions);
      await store.close();
      const again = await open(path);
      expect(again.damaged).toBeUndefined();
      expect(again.saved!.sessions).toEqual(saved!.sessions);
    },
  );

  test("any octet that is another one is noticed, and any end that is cut off unless it is between two records", async () => {
    const { octets } = await logOf60();
    expect(unreadableOctets(octets)).toBe(0);
    const isPadding = (at: number) => at % 32_768 >= 32_768 - 6;
    const places = fc.integer({ min: 0, max: octets.length - 1 }).filter((at) => !isPadding(at));
    fc.assert(fc.property(places, (at) => unreadableOctets(flipped(octets, at)) > 0));
    const wholeRecords = new Set<number>();
    const lengths = fc.integer({ min: 1, max: octets.length });
    fc.assert(
      fc.property(lengths, (length) => {
        const unreadable = unreadableOctets(octets.subarray(0, length));
        expect(unreadable).toBeLessThan(3000);
        if (unreadable > 0) expect(unreadableOctets(octets.subarray(0, length - unreadable))).toBe(0);
        else wholeRecords.add(length);
      }),
    );
    expect(wholeRecords.size).toBeLessThan(10);
  });

  test("nothing is told, and nothing is kept, where all can be read", async () => {
    const { path } = await logOf60();
    expect((await open(path)).damaged).toBeUndefined();
    expect(readdirSync(path)).toEqual(["sessions"]);
  });

  test("A-55 so many topic ids are left out as may have been handed out in what was lost, also if the start comes to nothing", async () => {
    const path = await madeOf();
    const { store } = await open(path);
    await (await store.batch()).write(500, true, true);
    await store.close();
    const last = await SessionStore.open(path);
    await write(last.store, [bare("one")], 800);
    await last.store.close();
    const [log] = filesOf(path, /\.log$/);
    writeFileSync(log!, flipped(readFileSync(log!), 20));
    for (let start = 0; start < 2; start += 1) {
      const { store: opened, saved } = await open(path);
      expect(saved).toEqual({ sessions: [], lastTopicId: 500 + 16_384, endedInOrder: false });
      await opened.close();
    }
  });

  test("there is no copy where another gateway has the store, and none beside a store that was put aside with its log", async () => {
    const { path, log, octets } = await logOf60();
    writeFileSync(log, flipped(octets, 20));
    rmSync(join(path, "sessions", "CURRENT"));
    const { setAside, damaged } = await open(path);
    expect({ setAside: setAside?.path, damaged }).toEqual({
      setAside: join(path, "sessions.set-aside-1"),
      damaged: undefined,
    });
    expect(readFileSync(join(setAside!.path, basename(log)))).toEqual(flipped(octets, 20));
    const [live] = filesOf(path, /\.log$/);
    writeFileSync(live!, "being written");
    expect((await failure(SessionStore.open(path))).code).toBe("locked");
    expect(readdirSync(path).sort()).toEqual(["sessions", "sessions.set-aside-1"]);
  });

  test("the log is kept too where the rest of the store is then found to be of no use", async () => {
    const { path, log, octets } = await logOf60();
    await tamper(path, (db) => db.put("gateway", checked('{"format":2}')));
    const [latest] = filesOf(path, /\.log$/);
    expect(latest).not.toBe(log);
    writeFileSync(latest!, Buffer.concat([readFileSync(latest!), octets.subarray(0, 100)]));
    const { setAside, damaged, saved } = await open(path);
    expect(saved).toBeUndefined();
    expect([damaged?.path, setAside?.path]).toEqual([1, 2].map((number) => join(path, `sessions.set-aside-${number}`)));
    expect(readdirSync(damaged!.path)).toEqual([basename(latest!)]);
  });
});

test("A-55 a store whose last topic id is beyond the highest one can be read: the numbering begins again at 1", async () => {
  const path = folder();
  const { store } = await open(path);
  await write(store, [SLEEPER], 65_534 + 256);
  await store.close();
  const { saved, setAside } = await open(path);
  expect(setAside).toBeUndefined();
  expect(saved).toMatchObject({ lastTopicId: 65_790, sessions: [{ clientId: "sleeper" }] });
});

test.skipIf(process.platform === "win32")(
  "the folder of sessions is its owner's alone; the one above it is as the user has it",
  async () => {
    const path = join(folder(), "data");
    const mode = (of: string) => statSync(of).mode & 0o777;
    const { store } = await open(path);
    await write(store, [SLEEPER]);
    await store.close();
    expect(mode(join(path, "sessions"))).toBe(0o700);
    expect(mode(path)).toBe(0o777 & ~process.umask());
    rmSync(join(path, "sessions", "CURRENT"));
    const { setAside } = await open(path);
    for (const name of [setAside!.path, join(path, "sessions")]) expect(mode(name)).toBe(0o700);
  },
);

describe("a store that is gone while it is open", () => {
  const gone = { code: "gone", message: "the folder was removed, or another one is in its place" };

  test.each<[string, (path: string) => void]>([
    ["with the folder above it", (path) => rmSync(path, { recursive: true })],
    [
      "with all that was in it",
      (path) => {
        for (const file of filesOf(path, /./)) rmSync(file);
      },
    ],
    [
      "and has another one in its place",
      (path) => {
        renameSync(join(path, "sessions"), join(path, "elsewhere"));
        cpSync(join(path, "elsewhere"), join(path, "sessions"), { recursive: true });
      },
    ],
  ])("%s, is missed when something is to be safe there", async (_name, remove) => {
    const path = await madeOf(SLEEPER);
    const { store } = await open(path);
    await write(store, [bare("two")]);
    remove(path);
    await expect(write(store, [bare("three")])).rejects.toMatchObject(gone);
    await expect(write(store, [bare("three")])).rejects.toMatchObject(gone);
  });

  test("is none that is made anew without the sessions that do not change", async () => {
    const path = await madeOf(SLEEPER);
    const { store } = await open(path);
    rmSync(join(path, "sessions"), { recursive: true });
    const large = { ...bare("large"), will: { ...SLEEPER.will!, payload: new Uint8Array(1024 * 1024) } };
    // More than the file takes that is open still.
    const fill = async () => {
      for (let count = 0; count < 20; count += 1) {
        const batch = await store.batch();
        batch.set(`large-${count}`, large);
        await batch.write(1, false);
      }
    };
    await expect(fill()).rejects.toThrow(/LEVEL|IO error|No such file/i);
    await expect(store.batch()).rejects.toMatchObject(gone);
    expect(readdirSync(path)).toEqual([]);
  });

  test("and is put back has all that was written, also what was written meanwhile", async () => {
    const path = await madeOf(SLEEPER);
    const { store } = await open(path);
    const [here, elsewhere] = [join(path, "sessions"), join(path, "elsewhere")];
    renameSync(here, elsewhere);
    await expect(write(store, [bare("two")])).rejects.toMatchObject(gone);
    renameSync(elsewhere, here);
    await write(store, [bare("three")]);
    await store.close();
    expect((await open(path)).saved!.sessions).toHaveLength(3);
  });
});

test("of two that found the same store broken the slower one does not put aside what the faster one has made in its place", async () => {
  const path = await madeOf(SLEEPER);
  const [slow, fast] = [new StoreFolder(path), new StoreFolder(path)];
  const { identity } = slow;
  fast.setAside(fast.identity);
  const error = await failure((async () => slow.setAside(identity))());
  expect(error.code).toBe("locked");
  expect(readdirSync(path).sort()).toEqual(["sessions", "sessions.set-aside-1"]);
});

/** A record as the store writes it. */
function checked(json: string): string {
  return crc32(json).toString(16).padStart(8, "0") + json;
}

describe("a record that cannot be read", () => {
  test.each<[string, (text: string) => string | Uint8Array, RegExp]>([
    ["has another checksum", (text) => text.replace("10.0.0.7", "10.0.0.8"), /checksum/],
    ["is empty", () => "", /checksum/],
    ["is no text", () => Uint8Array.of(0xff, 0xfe, 0, 1), /checksum/],
    ["is no JSON", () => checked("{"), /JSON/],
    ["is no session", () => checked("[]"), /./],
    ["lacks something", (text) => checked(text.slice(8).replace('"durable":true,', "")), /^durable: /],
    ["has a state that there is not", (text) => checked(text.slice(8).replace("asleep", "dozing")), /^state: /],
    [
      "has a topic id out of range",
      (text) => checked(text.slice(8).replace('"id":1,', '"id":70000,')),
      /^topics.0.id: /,
    ],
    ["is another client's", (text) => checked(text.slice(8).replace('"sleeper"', '"someone"')), /another client/],
  ])("that %s is kept out of the way, and the others come back", async (_name, change, reason) => {
    const path = await madeOf(SLEEPER, bare("other"));
    const view = { valueEncoding: "view" };
    let broken: Uint8Array | undefined;
    await tamper(path, async (db) => {
      const changed = change((await db.get("session/sleeper"))!);
      broken = typeof changed === "string" ? Buffer.from(changed) : changed;
      await db.put<string, Uint8Array>("session/sleeper", broken, view);
    });
    const { store, saved, unreadable, setAside } = await open(path);
    expect(setAside).toBeUndefined();
    expect(unreadable).toEqual([{ clientId: "sleeper", reason: expect.stringMatching(reason) }]);
    expect(saved!.sessions.map(({ clientId }) => clientId)).toEqual(["other"]);
    await write(store, [bare("sleeper")]);
    await store.close();
    await tamper(path, async (db) => {
      const kept = await db.get<string, Uint8Array>("unreadable/sleeper", view);
      expect([...kept!]).toEqual([...broken!]);
    });
    // It is told once, and its client has a session again.
    const again = await open(path);
    expect(again.unreadable).toEqual([]);
    expect(again.saved!.sessions).toHaveLength(2);
  });
});

describe("is refused, with what to do:", () => {
  test("a store that another one has open, which goes on", async () => {
    const path = await madeOf(SLEEPER);
    const first = await open(path);
    const { code, message } = await failure(SessionStore.open(path));
    expect(code).toBe("locked");
    expect(message).toContain(join(path, "sessions"));
    expect(message).toMatch(/another gateway is using .*\(--state-path\).*\(--state-path memory:\)/);
    await write(first.store, [bare("two")]);
    await first.store.close();
    expect((await open(path)).saved!.sessions).toHaveLength(2);
  });

  test("a broken store that another one has open is not put aside", async () => {
    const path = await madeOf(SLEEPER);
    await open(path);
    rmSync(join(path, "sessions", "CURRENT"));
    expect((await failure(SessionStore.open(path))).code).toBe("locked");
    expect(readdirSync(path)).toEqual(["sessions"]);
  });

  test("a file in the place of the folder, or above it", async () => {
    const path = folder();
    writeFileSync(join(path, "sessions"), "");
    expect((await failure(SessionStore.open(path))).message).toMatch(/sessions: it is a file, not a folder; .*memory:/);
    writeFileSync(join(path, "file"), "");
    const { code, message } = await failure(SessionStore.open(join(path, "file")));
    expect(code).toBe("ENOTDIR");
    expect(message).toMatch(/a part of it is a file.*--state-path/);
    expect(statSync(join(path, "file")).size).toBe(0);
  });

  test.runIf(process.platform === "linux")("a place where no folder can be made", async () => {
    const { code, message } = await failure(SessionStore.open("/proc/state"));
    expect(code).toBe("ENOENT");
    expect(message).toMatch(/\/proc\/state\/sessions: no folder can be made there; .*memory:/);
  });
});
