import { readFileSync } from "node:fs";
import type { TestTitle } from "./test-titles.ts";

/** An entry of docs/interpretation.md. */
export interface Interpretation {
  /** `A-46`; undefined where the entry has a name alone. */
  id: string | undefined;
  heading: string;
  /** The tests that it says show it; a title may be cut short. */
  tests: TestTitle[];
}

/** `[sleep.test.ts](../test/gateway/sleep.test.ts) `Z12 CONNECT`, `Z12 what was`` */
const TESTS_OF_A_FILE = /\]\(\.\.\/test\/(?<file>[^)]+)\)(?<titles>(?:,?\s+`[^`]+`)+)/g;

/** Every entry, in the order of the page. */
export const INTERPRETATIONS: readonly Interpretation[] = readFileSync(
  new URL("../../docs/interpretation.md", import.meta.url),
  "utf8",
)
  .split(/^## /m)
  .slice(1)
  .map((entry) => {
    const heading = entry.slice(0, entry.indexOf("\n"));
    return { id: /^A-\d\d/.exec(heading)?.[0], heading, tests: [...entry.matchAll(TESTS_OF_A_FILE)].flatMap(titles) };
  });

function titles({ groups }: RegExpMatchArray): TestTitle[] {
  const { file, titles } = groups as { file: string; titles: string };
  return [...titles.matchAll(/`([^`]+)`/g)].map(([, title]) => ({ file, title: title!.replaceAll(/\s+/g, " ") }));
}
