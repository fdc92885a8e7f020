import { make } from "./make.ts";
import { setText } from "./set-text.ts";

/** Makes the body of a table show these texts; the first cell of a row is its head. Cells that stay are not made anew. */
export function showRows(body: HTMLTableSectionElement, rows: readonly (readonly string[])[]): void {
  for (const [index, texts] of rows.entries()) {
    const row = body.rows[index] ?? newRow(body, texts.length);
    for (const [cell, text] of texts.entries()) setText(row.cells[cell]!, text);
  }
  while (body.rows.length > rows.length) body.deleteRow(-1);
}

function newRow(body: HTMLTableSectionElement, cells: number): HTMLTableRowElement {
  const row = body.insertRow();
  const head = make("th");
  head.scope = "row";
  head.dir = "auto";
  row.append(head);
  while (row.cells.length < cells) row.insertCell();
  return row;
}
