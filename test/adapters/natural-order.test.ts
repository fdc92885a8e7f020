import { expect, test } from "vitest";
import { type ClientQuery, clientQuery } from "../../src/http/client-query.ts";
import { ClientSnapshot } from "../../src/http/client-snapshot.ts";
import { naturalOrder } from "../../src/http/natural-order.ts";
import { summary } from "./made-up-source.ts";

test("names with numbers are in the order of the numbers", () => {
  const inOrder = ["", "-1", "-2", "-10", "7", "07a", "7b", "a", "a-9z", "a-10", "a-10-2", "a-10-10", "a0b", "a1", "b"];
  expect([...inOrder].reverse().sort(naturalOrder)).toEqual(inOrder);
});

test("names that differ are never equal, however long their numbers are", () => {
  const digits = "9".repeat(40);
  for (const [one, other] of [
    ["a1", "a01"],
    ["a0", "a00"],
    [`${digits}8`, `${digits}9`],
    ["01-1", "1-01"],
  ] as const) {
    expect(naturalOrder(one, other)).not.toBe(0);
    expect(Math.sign(naturalOrder(one, other))).toBe(-Math.sign(naturalOrder(other, one)));
    expect(naturalOrder(one, one)).toBe(0);
  }
});

test("the list of clients is in this order", () => {
  const all = ["node-10", "node-2", "node-1"].map((clientId) => summary(clientId));
  const query = clientQuery(new URLSearchParams()) as ClientQuery;
  const job = (function* () {
    return yield* (yield* ClientSnapshot.take(all)).list(query);
  })();
  let step = job.next();
  while (step.done !== true) step = job.next();
  expect(step.value.clients.map(({ clientId }) => clientId)).toEqual(["node-1", "node-2", "node-10"]);
});
