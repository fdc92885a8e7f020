import { expect, test } from "vitest";
import { FIELD_ROWS, rowsIn } from "../docs/field-rows.ts";
import { TEST_TITLES } from "../docs/test-titles.ts";

test("every row has a test in this folder, or one of the whole program, that begins with its number", () => {
  const without = FIELD_ROWS.filter(({ row, tests }) => {
    return !tests.some(({ file, title }) => /^(field|process)\//.test(file) && title.startsWith(`field ${row} `));
  });
  expect(without.map(({ row, what }) => `field ${row}: ${what}`)).toEqual([]);
});

test("no test names a row that there is not", () => {
  const rows = FIELD_ROWS.map(({ row }) => row);
  expect(TEST_TITLES.filter(({ title }) => rowsIn(title).some((row) => !rows.includes(row)))).toEqual([]);
});
