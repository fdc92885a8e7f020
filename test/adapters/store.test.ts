import { mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SessionStore } from "../../src/store/session-store.ts";
import { StoreFolder } from "../../src/store/store-folder.ts";
import { bare, checked, failure, filesOf, folder, madeOf, open, SLEEPER, tamper, write } from "./store-folders.ts";

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

test("of two that found the same store broken the slower one does not put aside what the faster one has made in its place", async () => {
  const path = await madeOf(SLEEPER);
  const [slow, fast] = [new StoreFolder(path), new StoreFolder(path)];
  const { identity } = slow;
  fast.setAside(fast.identity);
  const error = await failure((async () => slow.setAside(identity))());
  expect(error.code).toBe("locked");
  expect(readdirSync(path).sort()).toEqual(["sessions", "sessions.set-aside-1"]);
});

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
