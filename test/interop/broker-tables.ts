import { type BrokerColumn, parseTable, tableText } from "./broker-table.ts";

/** The tables of docs/brokers.md, in their order, each with its heading: none is wider than a page. */
const BROKER_TABLES = {
  mosquitto: "Mosquitto, in each way to set it up",
  others: "Other brokers",
} as const satisfies Record<string, string>;

export type TableName = keyof typeof BROKER_TABLES;

const NAMES = Object.keys(BROKER_TABLES) as TableName[];

/** These columns as Markdown, each in its table; tables without any are left out. */
export function tablesText(columns: readonly BrokerColumn[]): string {
  return NAMES.map((name) => ({ name, own: columns.filter(({ table }) => table === name) }))
    .filter(({ own }) => own.length > 0)
    .map(({ name, own }) => `### ${BROKER_TABLES[name]}\n\n${tableText(own)}`)
    .join("\n\n");
}

/** The columns of such tables; throws an Error that says where they are none. */
export function parseTables(text: string): BrokerColumn[] {
  const [before, ...sections] = text.split(/^### /m);
  if (before !== "") throw new Error("the tables do not begin with a heading");
  return sections.flatMap((section) => {
    const heading = section.slice(0, section.indexOf("\n"));
    const table = NAMES.find((name) => BROKER_TABLES[name] === heading);
    if (table === undefined) throw new Error(`there is no table "${heading}"`);
    return parseTable(section, table);
  });
}
