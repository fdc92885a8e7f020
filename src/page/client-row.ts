import type { ClientSummary } from "../http/answers.ts";
import { clientAddress } from "./client-address.ts";
import { COLUMNS } from "./columns.ts";
import { diagnosis } from "./diagnosis.ts";
import { dueText } from "./due-text.ts";
import { make } from "./make.ts";
import { Moment } from "./moment.ts";
import { setText } from "./set-text.ts";
import { StateBadge } from "./state-badge.ts";
import { visibleText } from "./visible-text.ts";

/** One client in the list. What changes is written into its cells; the cells stay what they are. */
export class ClientRow {
  readonly element = make("tr");
  readonly #badge = new StateBadge();
  readonly #due = make("small", "due");
  readonly #diagnosis = make("small", "diagnosis");
  readonly #address = make("td", "address rank-1");
  readonly #place = make("span");
  readonly #node = make("small");
  readonly #seen = new Moment();
  readonly #numbers: HTMLTableCellElement[];

  constructor(clientId: string) {
    const state = make("td", "state-cell");
    state.append(this.#badge.element, this.#due);
    const name = make("th", "name");
    name.scope = "row";
    const link = make("a", "", visibleText(clientId));
    link.href = clientAddress(clientId);
    link.title = visibleText(clientId);
    link.dir = "auto";
    name.append(link, this.#diagnosis);
    this.#address.append(this.#place, this.#node);
    const seen = make("td", "seen");
    seen.append(this.#seen.element);
    this.#numbers = COLUMNS.map(({ rank }) => make("td", `number rank-${rank}`));
    this.element.append(state, name, this.#address, seen, ...this.#numbers);
  }

  /** `now` and `startedAt`, when the gateway was started, are milliseconds since 1970. */
  show(client: ClientSummary, now: number, startedAt: number): void {
    this.#badge.show(client.state);
    setText(this.#due, dueText(client, now));
    const found = diagnosis(client, now, startedAt);
    setText(this.#diagnosis, found?.text ?? "");
    this.#diagnosis.dataset.severity = found?.severity ?? "";
    this.#diagnosis.title = found?.text ?? "";
    setText(this.#place, client.address);
    setText(this.#node, client.wirelessNodeId === null ? "" : `node ${client.wirelessNodeId}`);
    this.#seen.show(client.lastSeen, now);
    for (const [index, column] of COLUMNS.entries()) {
      const cell = this.#numbers[index]!;
      const text = column.text(client);
      setText(cell, text);
      const exact = column.exact(client);
      // What is shown in full needs no second word.
      if (exact !== text && cell.title !== exact) cell.title = exact;
      cell.classList.toggle("zero", client[column.key] === 0);
    }
  }
}
