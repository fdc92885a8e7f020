import type { TargetReport } from "./case-outcome.ts";
import { CASE_ROWS, type CaseRow } from "./case-rows.ts";

/** What of a row works with a broker: "untried" where there was nothing to try it with. */
export interface Cell {
  result: "works" | "cannot" | "untried" | "fails";
  /** What differs, or why it cannot. */
  texts: readonly string[];
}

/** What is known of one broker. */
export interface BrokerColumn {
  title: string;
  version: string;
  /** The day of the run, `2026-11-22`. */
  date: string;
  cells: Readonly<Record<CaseRow, Cell>>;
}

const WORDS = { works: "yes", cannot: "no", untried: "–", fails: "**fails**" } as const satisfies Record<
  Cell["result"],
  string
>;
const ROWS = Object.keys(CASE_ROWS) as CaseRow[];
const NO_CELL: Cell = { result: "untried", texts: [] };

/** The column of a run. A row is as good as the worst of its cases. */
export function columnOf({ title, version, outcomes }: TargetReport, date: string): BrokerColumn {
  const cells = ROWS.map((row): [CaseRow, Cell] => {
    const own = outcomes.filter((outcome) => outcome.row === row);
    const results = new Set(own.map(({ result }) => (result === "differs" ? "works" : result)));
    const result = (["fails", "cannot", "works", "untried"] as const).find((each) => results.has(each)) ?? "untried";
    return [row, { result, texts: [...new Set(own.flatMap(({ texts }) => texts))] }];
  });
  return { title, version, date, cells: Object.fromEntries(cells) as Record<CaseRow, Cell> };
}

/** These columns as a table of Markdown, with numbered notes below it. */
export function tableText(columns: readonly BrokerColumn[]): string {
  const notes: string[] = [];
  const numberOf = (text: string) => {
    if (!notes.includes(text)) notes.push(text);
    return `[${notes.indexOf(text) + 1}]`;
  };
  const cellText = ({ result, texts }: Cell) => [WORDS[result], ...texts.map(numberOf)].join(" ");
  const lines = [
    ["", ...columns.map(({ title }) => title)],
    ["---", ...columns.map(() => "---")],
    ["version", ...columns.map(({ version }) => version)],
    ["run on", ...columns.map(({ date }) => date)],
    ...ROWS.map((row) => [CASE_ROWS[row], ...columns.map(({ cells }) => cellText(cells[row]))]),
  ];
  const table = lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
  return notes.length === 0 ? table : `${table}\n\n${notes.map((note, index) => `${index + 1}. ${note}`).join("\n")}`;
}

/** The columns of such a table, without rows that there are not any more; throws an Error that says where it is not one. */
export function parseTable(text: string): BrokerColumn[] {
  const lines = text.split("\n");
  const rows = lines
    .filter((line) => line.startsWith("|"))
    .map((line) => line.slice(1, -1).split("|"))
    .map((cells) => cells.map((cell) => cell.trim()));
  const notes = lines.flatMap((line) => /^\d+\. (.+)$/.exec(line)?.slice(1) ?? []);
  const [titles, , versions, dates, ...results] = rows;
  if (titles === undefined || versions?.[0] !== "version" || dates?.[0] !== "run on") {
    throw new Error("the table does not begin with titles, versions and days");
  }
  const odd = rows.find((cells) => cells.length !== titles.length);
  if (odd !== undefined) throw new Error(`the row "${odd[0]}" has ${odd.length - 1} cells of ${titles.length - 1}`);
  const byRow = new Map(results.map(([sentence, ...cells]) => [sentence, cells]));
  return titles.slice(1).map((title, index) => {
    const cells = ROWS.map((row) => {
      const cell = byRow.get(CASE_ROWS[row])?.[index];
      return [row, cell === undefined ? NO_CELL : parseCell(cell, notes)];
    });
    const [version, date] = [versions[index + 1]!, dates[index + 1]!];
    return { title, version, date, cells: Object.fromEntries(cells) as Record<CaseRow, Cell> };
  });
}

function parseCell(text: string, notes: readonly string[]): Cell {
  const [, word, numbers] = /^(\S+)((?: \[\d+\])*)$/.exec(text) ?? [];
  const result = (Object.keys(WORDS) as Cell["result"][]).find((each) => WORDS[each] === word);
  if (result === undefined || numbers === undefined) throw new Error(`"${text}" is no cell`);
  const texts = [...numbers.matchAll(/\d+/g)].map(([number]) => {
    const note = notes[Number(number) - 1];
    if (note === undefined) throw new Error(`there is no note ${number}`);
    return note;
  });
  return { result, texts };
}
