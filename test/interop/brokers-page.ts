import { readFileSync, writeFileSync } from "node:fs";
import { type BrokerColumn, parseTable, tableText } from "./broker-table.ts";

const BEGIN = "<!-- begin: written by npm run interop -- --write -->\n\n";
const END = "\n\n<!-- end -->";

/** docs/brokers.md, in which a table is generated. */
export class BrokersPage {
  readonly #path: string;
  readonly #before: string;
  readonly #table: string;
  readonly #after: string;
  readonly columns: readonly BrokerColumn[];

  private constructor(path: string, before: string, table: string, after: string) {
    this.#path = path;
    this.#before = before;
    this.#table = table;
    this.#after = after;
    this.columns = parseTable(table);
  }

  /** Throws an Error that says so where the table cannot be found or read. */
  static read(path: string): BrokersPage {
    const page = readFileSync(path, "utf8");
    const begin = page.indexOf(BEGIN);
    const end = page.indexOf(END);
    if (begin < 0 || end < begin) throw new Error(`${path} has no table between its marks`);
    const table = page.slice(begin + BEGIN.length, end);
    return new BrokersPage(path, page.slice(0, begin + BEGIN.length), table, page.slice(end));
  }

  /** Whether the table would be written just so now: with the rows that there are, and nothing else. */
  get isAsWritten(): boolean {
    return tableText(this.columns) === this.#table;
  }

  /** Writes the page with these columns in the place of those with the same title; the others keep what stands there. */
  write(columns: readonly BrokerColumn[]): void {
    const isNew = ({ title }: BrokerColumn) => !this.columns.some((column) => column.title === title);
    const kept = this.columns.map((column) => columns.find(({ title }) => title === column.title) ?? column);
    const table = tableText([...kept, ...columns.filter(isNew)]);
    writeFileSync(this.#path, this.#before + table + this.#after);
  }
}
