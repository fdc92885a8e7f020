import { describe, expect, test } from "vitest";
import { KeptNames } from "../../src/gateway/kept-names.ts";
import { type Subscription, SubscriptionTable } from "../../src/gateway/subscription-table.ts";

const names = () => new KeptNames({ namesOctetsMax: Number.POSITIVE_INFINITY });

const NOBODY = { changed: () => {} };
const plain = (filter: string): Subscription => ({ filter, topicIdType: "normal", topicId: 0, qos: 1 });

describe("the subscriptions of one client", () => {
  test("a filter has one subscription: the last one made", () => {
    const table = new SubscriptionTable(names(), NOBODY);
    table.set(plain("p"));
    table.set({ filter: "p", topicIdType: "predefined", topicId: 7, qos: 0 });
    expect(table.size).toBe(1);
    expect(table.get("p")).toMatchObject({ topicIdType: "predefined", topicId: 7, qos: 0 });
  });

  test("filters are told apart by their text", () => {
    const table = new SubscriptionTable(names(), NOBODY);
    for (const filter of ["a", "a/#", "a/+"]) table.set(plain(filter));
    expect([...table.values()].map(({ filter }) => filter)).toEqual(["a", "a/#", "a/+"]);
    expect(table.get("a/b")).toBeUndefined();
    table.delete("a/#");
    expect(table.get("a/#")).toBeUndefined();
    expect(table.size).toBe(2);
  });

  test("an empty table, new or cleared, has nothing", () => {
    const table = new SubscriptionTable(names(), NOBODY);
    table.delete("a");
    expect([...table.values()]).toEqual([]);
    table.set(plain("a"));
    table.clear();
    expect(table.size).toBe(0);
    expect(table.get("a")).toBeUndefined();
  });

  test("G7 a topic has an id of its own for as long as the last subscription to it was made with one", () => {
    const table = new SubscriptionTable(names(), NOBODY);
    const predefined: Subscription = { filter: "p", topicIdType: "predefined", topicId: 7, qos: 0 };
    const short: Subscription = { filter: "ab", topicIdType: "short", topicId: 0x6162, qos: 0 };
    table.set(plain("n"));
    table.set(predefined);
    table.set(predefined);
    table.set(short);
    expect(["n", "p", "ab"].map((name) => table.withId(name))).toEqual([undefined, predefined, short]);
    table.set(plain("p"));
    expect(["p", "ab"].map((name) => table.withId(name))).toEqual([undefined, short]);
    table.delete("p");
    expect(table.withId("ab")).toEqual(short);
    table.clear();
    table.set(short);
    expect(table.withId("ab")).toEqual(short);
  });
});
