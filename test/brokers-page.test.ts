import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { BROKER_PROFILES } from "../src/app/configuration/broker-profiles.ts";
import { loadConfiguration } from "../src/app/configuration/configuration.ts";
import type { OptionValues } from "../src/app/configuration/options.ts";
import { type BrokerColumn, columnOf, parseTable, tableText } from "./interop/broker-table.ts";
import { parseTables, tablesText } from "./interop/broker-tables.ts";
import { BrokersPage } from "./interop/brokers-page.ts";
import type { CaseOutcome } from "./interop/case-outcome.ts";
import { CASE_ROWS, type CaseRow } from "./interop/case-rows.ts";
import { INTEROP_CASES } from "./interop/cases.ts";

const PATH = fileURLToPath(new URL("../docs/brokers.md", import.meta.url));
const PAGE = readFileSync(PATH, "utf8");
const CERTIFICATES = fileURLToPath(new URL("certificates/", import.meta.url));
const SECRETS = ["password", "kitchen-password", "meters-password", "sas-key"];

const EXAMPLES = [...PAGE.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text!);

/** What this text means as a configuration file, with the files beside it that the examples name. */
function valuesOf(yaml: string): OptionValues {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string) => join(folder, name);
  for (const name of ["ca.pem", "client.pem", "client.key"]) copyFileSync(join(CERTIFICATES, name), file(name));
  for (const name of SECRETS) writeFileSync(file(name), "c2VjcmV0\n", { mode: 0o600 });
  writeFileSync(file("gateway.yaml"), yaml);
  const configuration = loadConfiguration({
    flags: new Map(),
    configFlag: file("gateway.yaml"),
    environment: {},
  });
  if (!configuration.ok) throw new Error(configuration.problems.join("\n"));
  return configuration.values;
}

describe("docs/brokers.md", () => {
  test.each(EXAMPLES)("the gateway takes the example %#", (yaml) => {
    expect(valuesOf(yaml)["broker.url"]).toMatch(/^(mqtts?:|embedded:)/);
  });

  test("every profile has an example, and every section with a broker has one", () => {
    const used = EXAMPLES.map((yaml) => valuesOf(yaml)["broker.profile"]);
    expect(new Set(used)).toEqual(new Set(Object.keys(BROKER_PROFILES)));
    const sections = PAGE.split(/^## /m).slice(1);
    const without = sections.filter((section) => !section.includes("```yaml")).map((section) => section.split("\n")[0]);
    expect(without).toEqual(["What a broker cannot do", "What works with which"]);
  });

  test("its tables are as npm run interop -- --write writes them, with the rows that there are", () => {
    const page = BrokersPage.read(PATH);
    expect(page.isAsWritten, "write them anew: npm run interop -- --write").toBe(true);
    expect(page.columns.length).toBeGreaterThan(3);
  });

  test("its tables can be read on a page", () => {
    const { columns } = BrokersPage.read(PATH);
    for (const table of new Set(columns.map((column) => column.table))) {
      expect(columns.filter((column) => column.table === table).length).toBeLessThan(10);
    }
    expect(columns.filter(({ head }) => head.length > 12)).toEqual([]);
  });

  test("nothing that fails stands in it", () => {
    const failed = BrokersPage.read(PATH).columns.filter(({ cells }) =>
      Object.values(cells).some(({ result }) => result === "fails"),
    );
    expect(failed).toEqual([]);
  });
});

test("every row of the tables has a case", () => {
  const rows = new Set(INTEROP_CASES.map(({ row }) => row));
  expect(Object.keys(CASE_ROWS).filter((row) => !rows.has(row as CaseRow))).toEqual([]);
});

test("every case has a name of its own", () => {
  const names = INTEROP_CASES.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

describe("the tables of brokers", () => {
  const outcome = (row: CaseRow, result: CaseOutcome["result"], ...texts: string[]) => ({
    name: row,
    row,
    result,
    texts,
  });
  const outcomes = [
    outcome("wills", "works"),
    outcome("wills", "differs", "late"),
    outcome("retained", "works"),
    outcome("retained", "cannot", "nothing is kept"),
    outcome("restart", "untried"),
    outcome("sleep", "works"),
    outcome("durable", "differs", "late"),
  ];
  const column = columnOf(
    { name: "x", title: "X (the first)", table: "others", head: "X", version: "1.0", outcomes },
    "2026-11-22",
  );
  const columns: readonly BrokerColumn[] = [column, { ...column, head: "Y" }];

  test("a row is as good as the worst of its cases", () => {
    expect(column.cells.sleep).toEqual({ result: "works", texts: [] });
    expect(column.cells.wills).toEqual({ result: "works", texts: ["late"] });
    expect(column.cells.retained).toEqual({ result: "cannot", texts: ["nothing is kept"] });
    expect(column.cells.restart).toEqual({ result: "untried", texts: [] });
  });

  test("what is written is read again", () => {
    expect(parseTable(tableText(columns), "others")).toEqual(columns);
  });

  test("the same note has one number", () => {
    const text = tableText(columns);
    expect(text).toContain("| wills | yes [2] | yes [2] |");
    expect(text).toMatch(/\n\n1\. nothing is kept\n2\. late$/);
  });

  test.each([
    ["a row that is too short", (text: string) => text.replace(/(\| wills \|) \S+ \[2\] \|/, "$1"), "has 1 cells of 2"],
    ["a note that is missing", (text: string) => text.replace("\n2. late", ""), "there is no note 2"],
    ["another word", (text: string) => text.replace("| yes [2] |", "| maybe |"), '"maybe" is no cell'],
    ["no head", (text: string) => text.split("\n").slice(3).join("\n"), "does not begin with"],
    ["a head that stands for nothing", (text: string) => text.replace("\n- **Y**:", "\n- Y:"), 'what "Y" stands for'],
  ])("%s is told", (_what, damage, message) => {
    expect(() => parseTable(damage(tableText(columns)), "others")).toThrow(message);
  });

  test("each broker stands in its own table, with notes of its own", () => {
    const both: readonly BrokerColumn[] = [{ ...column, table: "mosquitto" }, ...columns];
    const text = tablesText(both.toReversed());
    expect(text.match(/^### /gm)).toHaveLength(2);
    expect(text.match(/^1\. nothing is kept$/gm)).toHaveLength(2);
    expect(parseTables(text)).toEqual([both[0], ...columns.toReversed()]);
    expect(() => parseTables(text.replace("### Other", "### Others"))).toThrow("there is no table");
    expect(() => parseTables(text.slice(4))).toThrow("do not begin with a heading");
  });

  test("a row that there is not any more makes a page other than it is written, and goes when it is written", () => {
    const text = tableText(columns).replace("| wills |", "| spells |");
    const untried = { result: "untried", texts: [] };
    expect(parseTable(text, "others")[0]!.cells).toEqual({ ...column.cells, wills: untried });
    expect(tableText(parseTable(text, "others"))).not.toBe(text);
  });

  test("a page keeps the columns of brokers that were not run", () => {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "brokers.md");
    const marks = ["<!-- begin: written by npm run interop -- --write -->", "<!-- end -->"];
    writeFileSync(path, `before\n${marks[0]}\n\n${tablesText(columns)}\n\n${marks[1]}\nafter\n`);
    const newer = { ...column, version: "2.0" };
    BrokersPage.read(path).write([{ ...column, head: "Z" }, newer]);
    const written = BrokersPage.read(path);
    expect(written.columns).toEqual([newer, columns[1], { ...column, head: "Z" }]);
    expect(written.isAsWritten).toBe(true);
    const text = readFileSync(path, "utf8");
    expect([text.startsWith("before\n"), text.endsWith("\nafter\n")]).toEqual([true, true]);
    writeFileSync(path, "no marks");
    expect(() => BrokersPage.read(path)).toThrow("has no tables between its marks");
  });
});
