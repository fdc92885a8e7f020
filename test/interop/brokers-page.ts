import { readFileSync, writeFileSync } from "node:fs";
import type { BrokerColumn } from "./broker-table.ts";
import { parseTables, tablesText } from "./broker-tables.ts";

const BEGIN = "<!-- begin: written by npm run interop -- --write -->\n\n";
const END = "\n\n<!-- end -->";

/** docs/brokers.md, in which the tables are generated. */
export class BrokersPage {
  readonly #path: string;
  readonly #before: string;
  readonly #tables: string;
  readonly #after: string;
  readonly columns: readonly BrokerColumn[];

  private constructor(path: string, before: string, tables: string, after: string) {
    this.#path = path;
    this.#before = before;
    this.#tables = tables;
    this.#after = after;
    this.columns = parseTables(tables);
  }

  /** Throws an Error that says so where the tables cannot be found or read. */
  static read(path: string): BrokersPage {
    const page = readFileSync(path, "utf8");
    const begin = page.indexOf(BEGIN);
    const end = page.indexOf(END);
    if (begin < 0 || end < begin) throw new Error(`${path} has no tables between its marks`);
    const tables = page.slice(begin + BEGIN.length, end);
    return new BrokersPage(path, page.slice(0, begin + BEGIN.length), tables, page.slice(end));
  }

  /** Whether the tables would be written just so now: with the rows that there are, and nothing else. */
  get isAsWritten(): boolean {
    return tablesText(this.columns) === this.#tables;
  }

  /** Writes the page with these columns in the place of those with the same head; the others keep what stands there. */
  write(columns: readonly BrokerColumn[]): void {
    const isSame = (one: BrokerColumn) => (other: BrokerColumn) => other.table === one.table && other.head === one.head;
    const kept = this.columns.map((column) => columns.find(isSame(column)) ?? column);
    const added = columns.filter((column) => !this.columns.some(isSame(column)));
    writeFileSync(this.#path, this.#before + tablesText([...kept, ...added]) + this.#after);
  }
}
