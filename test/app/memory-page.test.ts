import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isOptionKey } from "../../src/app/configuration/option-names.ts";
import { OPTIONS } from "../../src/app/configuration/options.ts";

const PAGE = readFileSync(new URL("../../docs/memory.md", import.meta.url), "utf8");
const KEYS = [...new Set([...PAGE.matchAll(/\bclients\.[a-z_]+\b/g)].map(([key]) => key))];

/** Rates: they bound what is done in a second, not what is kept; and what is not kept while it counts. */
const NO_MEMORY = [/_rate$/, /_answers$/, /_awake_messages$/];

describe("docs/memory.md", () => {
  test.each(KEYS)("names options that there are: %s", (key) => {
    expect(isOptionKey(key)).toBe(true);
  });

  const limits = Object.keys(OPTIONS).filter((key) => key.startsWith("clients.max"));
  test.each(limits.filter((key) => !NO_MEMORY.some((pattern) => pattern.test(key))))("names every limit: %s", (key) => {
    expect(KEYS).toContain(key);
  });
});
