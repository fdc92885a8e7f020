import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isOptionKey } from "../../src/app/configuration/option-names.ts";

const CORE = new URL("../../src/gateway/", import.meta.url);

/** Every key of the configuration that the core speaks of in a note. */
const KEYS = readdirSync(CORE).flatMap((file) => {
  const code = readFileSync(new URL(file, CORE), "utf8");
  return [...code.matchAll(/\b(?:clients|forwarders)\.[a-z_]+\b/g)].map(([key]) => ({ file, key }));
});

describe("what the core says of the configuration", () => {
  test("it names limits and switches by their keys", () => {
    const keys = new Set(KEYS.map(({ key }) => key));
    for (const limit of ["clients.max", "clients.max_half_open", "clients.max_topics", "clients.max_queued"]) {
      expect(keys).toContain(limit);
    }
  });

  test.each(KEYS)("$file: $key is an option", ({ key }) => {
    expect(isOptionKey(key)).toBe(true);
  });
});
