import { expect, test } from "vitest";
import { naturalOrder } from "../../src/http/natural-order.ts";

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
