import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeptNames } from "../../src/gateway/kept-names.ts";
import { TopicIds } from "../../src/gateway/topic-ids.ts";
import { TopicTable } from "../../src/gateway/topic-table.ts";

const names = () => new KeptNames({ namesOctetsMax: Number.POSITIVE_INFINITY });

const anyId = () => false;
const NOBODY = { changed: () => {} };

describe("normal topic ids", () => {
  test("I4 0x0000 and 0xFFFF are never handed out", () => {
    const ids = new TopicIds(0, anyId);
    const handedOut = new Set<number>();
    for (let count = 0; count < 70_000; count += 1) handedOut.add(ids.next(anyId)!);
    expect(handedOut.size).toBe(0xfffe);
    expect(handedOut.has(0)).toBe(false);
    expect(handedOut.has(0xffff)).toBe(false);
  });

  test("I3 nor is a predefined one", () => {
    const ids = new TopicIds(0, (id) => id % 2 === 1);
    for (let count = 0; count < 70_000; count += 1) expect(ids.next(anyId)! % 2).toBe(0);
  });

  test("T12 an id comes again only after all others", () => {
    fc.assert(
      fc.property(fc.nat(0xfffd), (start) => {
        const ids = new TopicIds(start, anyId);
        const first = ids.next(anyId);
        for (let count = 1; count < 0xfffe; count += 1) if (ids.next(anyId) === first) return false;
        return ids.next(anyId) === first;
      }),
      { numRuns: 5 },
    );
  });

  test("T6 when every id is taken there is none", () => {
    expect(new TopicIds(0, anyId).next(() => true)).toBeUndefined();
  });

  test("an id that the client has already is passed over", () => {
    const ids = new TopicIds(0, anyId);
    expect(ids.next((id) => id < 5)).toBe(5);
  });
});

describe("the table of one client", () => {
  test("T4, I2 a name has one id, and an id one name", () => {
    const table = new TopicTable(new TopicIds(0, anyId), { topicsMax: 100 }, names(), NOBODY);
    fc.assert(
      fc.property(fc.constantFrom(..."abcdefghij"), (name) => {
        const entry = table.obtain(name)!;
        expect(table.obtain(name)).toBe(entry);
        expect(table.byName(name)).toBe(entry);
        expect(table.byId(entry.id)?.name).toBe(name);
      }),
    );
    expect(table.size).toBe(10);
  });

  test("T6 a full table has room for no new name", () => {
    const table = new TopicTable(new TopicIds(0, anyId), { topicsMax: 1 }, names(), NOBODY);
    const entry = table.obtain("a");
    expect(table.obtain("b")).toBeUndefined();
    expect(table.obtain("a")).toBe(entry);
    expect(table.size).toBe(1);
  });

  test("T11 a new connection keeps the ids, but the client has been told of none and has refused none", () => {
    const table = new TopicTable(new TopicIds(0, anyId), { topicsMax: 10 }, names(), NOBODY);
    const entry = Object.assign(table.obtain("a")!, { announced: true, suppressed: true });
    table.startConnection();
    expect(table.byId(entry.id)).toMatchObject({ name: "a", announced: false, suppressed: false });
  });

  test("T10, T12 a cleared table is empty, and its ids are not handed out again", () => {
    const table = new TopicTable(new TopicIds(0, anyId), { topicsMax: 10 }, names(), NOBODY);
    const { id } = table.obtain("a")!;
    table.clear();
    expect(table.size).toBe(0);
    expect(table.byId(id)).toBeUndefined();
    expect(table.obtain("a")!.id).not.toBe(id);
  });

  test("I2 two clients have two tables, and no id in common while the numbers last", () => {
    const ids = new TopicIds(0, anyId);
    const one = new TopicTable(ids, { topicsMax: 10 }, names(), NOBODY);
    const other = new TopicTable(ids, { topicsMax: 10 }, names(), NOBODY);
    expect(one.obtain("a")!.id).not.toBe(other.obtain("a")!.id);
  });
});

test("T10 an emptied table knows none of its ids any more, the one looked up last included", () => {
  const table = new TopicTable(new TopicIds(0, anyId), { topicsMax: 10 }, names(), NOBODY);
  const { id } = table.obtain("a")!;
  expect(table.byId(id)?.name).toBe("a");
  expect(table.byName("a")?.id).toBe(id);
  table.clear();
  expect(table.byId(id)).toBeUndefined();
  expect(table.byName("a")).toBeUndefined();
  expect(table.obtain("a")!.id).not.toBe(id);
});
