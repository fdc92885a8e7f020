import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unreadableOctets } from "../../src/store/log-damage.ts";
import { SessionStore } from "../../src/store/session-store.ts";
import { bare, checked, failure, filesOf, madeOf, open, SLEEPER, tamper, write } from "./store-folders.ts";

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
