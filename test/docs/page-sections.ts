import { readFileSync } from "node:fs";
import type { TestTitle } from "./test-titles.ts";

/** What stands under one heading of a page of docs/, up to the next heading of any depth. */
export interface PageSection {
  /** 2 for `##`. */
  depth: number;
  heading: string;
  text: string;
  /** The tests that it says show it; a title may be cut short. */
  tests: TestTitle[];
}

const HEADING = /^(##+) (.+)\n/;

/** `[sleep.test.ts](../test/gateway/sleep.test.ts) `Z12 CONNECT`, `Z12 what was`` */
const TESTS_OF_A_FILE = /\]\(\.\.\/test\/(?<file>[^)]+)\)(?<titles>(?:,?\s+`[^`]+`)+)/g;

/** The sections of a page, in their order; what stands before the first one is left out. */
export function sectionsOf(page: string): PageSection[] {
  return readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8")
    .split(/^(?=##)/m)
    .slice(1)
    .map((section) => {
      const [line, marks, heading] = HEADING.exec(section)!;
      const text = section.slice(line.length);
      return {
        depth: marks!.length,
        heading: heading!,
        text,
        tests: [...text.matchAll(TESTS_OF_A_FILE)].flatMap(titles),
      };
    });
}

function titles({ groups }: RegExpMatchArray): TestTitle[] {
  const { file, titles } = groups as { file: string; titles: string };
  return [...titles.matchAll(/`([^`]+)`/g)].map(([, title]) => ({ file, title: title!.replaceAll(/\s+/g, " ") }));
}
