import { describe, expect, test } from "vitest";
import { anchorOf } from "./docs/anchor-of.ts";
import { configurationPage } from "./docs/configuration-page.ts";
import { fieldPage } from "./docs/field-page.ts";
import { INTERPRETATIONS } from "./docs/interpretations.ts";
import { logPage } from "./docs/log-page.ts";
import { metricsPage } from "./docs/metrics-page.ts";
import { sectionsOf } from "./docs/page-sections.ts";
import { RULES, ruleIdsIn } from "./docs/rules.ts";
import { matchesInSource } from "./docs/source-text.ts";
import { specificationPage } from "./docs/specification-page.ts";
import { statesPage } from "./docs/states-page.ts";
import { TEST_TITLES, type TestTitle } from "./docs/test-titles.ts";

/** Whether there is such a test; its title may be cut short. */
function exists(named: TestTitle): boolean {
  return TEST_TITLES.some(({ file, title }) => file === named.file && title.startsWith(named.title));
}

// `npm run docs` writes the pages anew; without it a page that is stale fails here.
test("docs/states.md says what the transition table says", async () => {
  await expect(statesPage()).toMatchFileSnapshot("../docs/states.md");
});

test("docs/log.md says what the tables of events say", async () => {
  await expect(logPage()).toMatchFileSnapshot("../docs/log.md");
});

test("docs/metrics.md says what the tables of metrics, reasons and alerts say", async () => {
  await expect(await metricsPage()).toMatchFileSnapshot("../docs/metrics.md");
});

test("docs/specification.md says what the rules and the tests say", async () => {
  await expect(specificationPage()).toMatchFileSnapshot("../docs/specification.md");
});

test("docs/configuration.md says what the options say", async () => {
  await expect(configurationPage()).toMatchFileSnapshot("../docs/configuration.md");
});

test("docs/field.md says what the tests say", async () => {
  await expect(fieldPage()).toMatchFileSnapshot("../docs/field.md");
});

describe("rules and tests", () => {
  const named = new Map(RULES.map(({ id }) => [id, TEST_TITLES.filter(({ title }) => ruleIdsIn(title).includes(id))]));

  test("every rule has an id of its own", () => {
    expect(named.size).toBe(RULES.length);
  });

  test("every rule has a test that names it, or a reason why it cannot have one", () => {
    const without = RULES.filter(({ id, noTest }) => named.get(id)!.length === 0 && noTest === undefined);
    expect(without.map(({ id, sentence }) => `${id}: ${sentence}`)).toEqual([]);
  });

  test("no rule has both", () => {
    expect(RULES.filter(({ id, noTest }) => named.get(id)!.length > 0 && noTest !== undefined)).toEqual([]);
  });

  test("a rule that speaks to clients alone is shown by the device", () => {
    const clients = RULES.filter(({ client, noTest }) => client && noTest === undefined);
    const without = clients.filter(({ id }) => !named.get(id)!.some(({ file }) => file.startsWith("device/")));
    expect(without.map(({ id, sentence }) => `${id}: ${sentence}`)).toEqual([]);
  });

  test("any other rule is shown by more than the device", () => {
    const others = RULES.filter(({ client, noTest }) => !client && noTest === undefined);
    const without = others.filter(({ id }) => named.get(id)!.every(({ file }) => file.startsWith("device/")));
    expect(without.map(({ id, sentence }) => `${id}: ${sentence}`)).toEqual([]);
  });

  test("no test names a rule that does not exist", () => {
    const unknown = TEST_TITLES.filter(({ title }) => ruleIdsIn(title).some((id) => !named.has(id)));
    expect(unknown).toEqual([]);
  });

  test("a title is found however it is written", () => {
    const found = TEST_TITLES.filter(({ file }) => file === "docs.test.ts").map(({ title }) => title);
    expect(found).toContain("a title is found however it is written");
    expect(found).toContain("a table's title is found by its pattern: %s");
    expect(found).toContain("a backtick's title is found without what is computed: …");
  });

  test.each(["x"])("a table's title is found by its pattern: %s", (x) => {
    expect(x).toBe("x");
  });

  test(`a backtick's title is found without what is computed: ${RULES.length}`, () => {
    expect(RULES.length).toBeGreaterThan(0);
  });
});

describe("docs/interpretation.md", () => {
  const ids = INTERPRETATIONS.flatMap(({ id }) => id ?? []);

  test("its entries stand in the order of their numbers, each once", () => {
    expect(ids).toEqual([...new Set(ids)].sort());
  });

  test("every entry with a number names a test, and every test that an entry names exists", () => {
    const without = INTERPRETATIONS.filter(({ id, tests }) => id !== undefined && tests.length === 0);
    expect(without.map(({ heading }) => heading)).toEqual([]);
    expect(INTERPRETATIONS.flatMap(({ tests }) => tests.filter((named) => !exists(named)))).toEqual([]);
  });

  test("every ambiguity that src or test speaks of has an entry", () => {
    const spokenOf = matchesInSource(/\bA-\d\d\b/g).filter(({ match }) => !ids.includes(match));
    expect(spokenOf.map(({ file, match }) => `${match} in ${file}`)).toEqual([]);
  });
});

describe("docs/guarantees.md", () => {
  const sections = sectionsOf("guarantees.md");

  test("every statement names a test, and every test that a statement names exists", () => {
    const without = sections.filter(({ depth, tests }) => depth === 3 && tests.length === 0);
    expect(without.map(({ heading }) => heading)).toEqual([]);
    expect(sections.flatMap(({ tests }) => tests.filter((named) => !exists(named)))).toEqual([]);
  });

  test("what is said without a test stands in a table, each row of which leads to a statement", () => {
    const statements = sections.filter(({ depth }) => depth === 3).map(({ heading }) => anchorOf(heading));
    const rows = sections
      .filter(({ depth }) => depth === 2)
      .flatMap(({ text }) => text.split("\n"))
      .filter((line) => line.startsWith("|"))
      // The two lines of its head.
      .filter((line, index, lines) => !line.startsWith("|---") && !lines[index + 1]?.startsWith("|---"));
    const targets = rows.map((row) => [...row.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor!));
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter((_, index) => !targets[index]!.some((anchor) => statements.includes(anchor)))).toEqual([]);
  });
});
