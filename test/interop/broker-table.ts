import type { TableName } from "./broker-tables.ts";
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
  table: TableName;
  /** Of the column: a word or two. */
  head: string;
  /** What the head stands for. */
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
/** `- **TLS**: Mosquitto, TLS with client certificates (2.0.11, 2026-11-22)` */
const LEGEND = /^- \*\*(.+?)\*\*: (.+) \((.+), (\d{4}-\d\d-\d\d)\)$/;
const NO_CELL: Cell = { result: "untried", texts: [] };

/** The column of a run. A row is as good as the worst of its cases. */
export function columnOf({ table, head, title, version, outcomes }: TargetReport, date: string): BrokerColumn {
  const cells = ROWS.map((row): [CaseRow, Cell] => {
    const own = outcomes.filter((outcome) => outcome.row === row);
    const results = new Set(own.map(({ result }) => (result === "differs" ? "works" : result)));
    const result = (["fails", "cannot", "works", "untried"] as const).find((each) => results.has(each)) ?? "untried";
    return [row, { result, texts: [...new Set(own.flatMap(({ texts }) => texts))] }];
  });
  return { table, head, title, version, date, cells: Object.fromEntries(cells) as Record<CaseRow, Cell> };
}

/** These columns as a table of Markdown, without rows that were tried with none; below it what the heads stand for, and numbered notes. */
export function tableText(columns: readonly BrokerColumn[]): string {
  const notes: string[] = [];
  const numberOf = (text: string) => {
    if (!notes.includes(text)) notes.push(text);
    return `[${notes.indexOf(text) + 1}]`;
  };
  const cellText = ({ result, texts }: Cell) => [WORDS[result], ...texts.map(numberOf)].join(" ");
  const tried = ROWS.filter((row) => columns.some(({ cells }) => cells[row].result !== "untried"));
  const rows = [
    ["", ...columns.map(({ head }) => head)],
    ["---", ...columns.map(() => "---")],
    ...tried.map((row) => [CASE_ROWS[row], ...columns.map(({ cells }) => cellText(cells[row]))]),
  ];
  const paragraphs = [
    rows.map((cells) => `| ${cells.join(" | ")} |`),
    columns.map(({ head, title, version, date }) => `- **${head}**: ${title} (${version}, ${date})`),
    notes.map((note, index) => `${index + 1}. ${note}`),
  ];
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

/** The columns of such a table, without rows that there are not any more; throws an Error that says where it is not one. */
export function parseTable(text: string, table: TableName): BrokerColumn[] {
  const lines = text.split("\n");
  const rows = lines
    .filter((line) => line.startsWith("|"))
    .map((line) => line.slice(1, -1).split("|"))
    .map((cells) => cells.map((cell) => cell.trim()));
  const notes = lines.flatMap((line) => /^\d+\. (.+)$/.exec(line)?.slice(1) ?? []);
  const legend = new Map(lines.flatMap(legendOf));
  const [[corner, ...heads] = [], , ...results] = rows;
  if (corner !== "") throw new Error("the table does not begin with the names of brokers");
  const odd = rows.find((cells) => cells.length !== heads.length + 1);
  if (odd !== undefined) throw new Error(`the row "${odd[0]}" has ${odd.length - 1} cells of ${heads.length}`);
  const byRow = new Map(results.map(([sentence, ...cells]) => [sentence, cells]));
  return heads.map((head, index) => {
    const [title, version, date] = legend.get(head) ?? [];
    if (title === undefined || version === undefined || date === undefined) {
      throw new Error(`nothing says what "${head}" stands for`);
    }
    const cells = ROWS.map((row) => {
      const cell = byRow.get(CASE_ROWS[row])?.[index];
      return [row, cell === undefined ? NO_CELL : parseCell(cell, notes)];
    });
    return { table, head, title, version, date, cells: Object.fromEntries(cells) as Record<CaseRow, Cell> };
  });
}

/** What a head stands for, where the line says that: title, version and day. */
function legendOf(line: string): [head: string, meaning: string[]][] {
  const [, head, ...meaning] = LEGEND.exec(line) ?? [];
  return head === undefined ? [] : [[head, meaning]];
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
