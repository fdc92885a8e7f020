import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const TESTS = fileURLToPath(new URL("..", import.meta.url));

/** A test, or something else that fails when a rule is broken. */
export interface TestTitle {
  /** Below test/, with slashes. */
  file: string;
  /** As the source has it, `%s` and `$name` of a table included; `…` stands for what is computed. */
  title: string;
}

/** `test("…",`, and `test.each(…)("…",` and its like. */
const TEST = /(?:\b(?:test|it)|\))\s*\(\s*(["'`])((?:\\.|(?!\1)[^\\])*)\1\s*,/g;
/** One of a list of cases that a test goes through. */
const CASE = /\bname: (["'`])((?:\\.|(?!\1)[^\\])*)\1,/g;
/** What a checker of the simulation says: a text that begins with the ids of rules. */
const CHECK = /(["'`])([A-Z]\d+a?(?:, [A-Z]\d+a?)*:? (?:\\.|(?!\1)[^\\])*)\1/g;

/** Every title in test/, in the order of files and lines. Source text is all that is looked at, so nothing has to run. */
export const TEST_TITLES: readonly TestTitle[] = readdirSync(TESTS, { recursive: true })
  .map((file) => String(file).replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts"))
  .sort()
  .flatMap(titlesIn);

function titlesIn(file: string): TestTitle[] {
  const pattern = patternFor(file);
  if (pattern === undefined) return [];
  const source = readFileSync(join(TESTS, file), "utf8");
  return [...source.matchAll(pattern)].map(([, , title]) => ({ file, title: plain(title!) }));
}

function patternFor(file: string): RegExp | undefined {
  if (file.endsWith(".test.ts")) return TEST;
  if (file.endsWith("-cases.ts")) return CASE;
  return file.startsWith("sim/") ? CHECK : undefined;
}

function plain(literal: string): string {
  return literal
    .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "…")
    .replaceAll(/\\(.)/g, "$1")
    .replaceAll(/\s+/g, " ");
}
