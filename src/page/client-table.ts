import type { ClientList, ClientSummary } from "../http/answers.ts";
import { ClientRow } from "./client-row.ts";
import { COLUMNS } from "./columns.ts";
import type { ListQuery, SortKey } from "./list-query.ts";
import { make } from "./make.ts";

/** Numbers are looked at from the largest on, and names from A. */
const DESCENDING_FIRST: ReadonlySet<SortKey> = new Set([...COLUMNS.map(({ key }) => key), "lastSeen"]);

/**
 * The list of clients. Rows keep their place and their nodes while somebody points at them, has the focus in them or has selected of
 * their text; what they show goes on. What has changed of the order follows when they are left.
 */
export class ClientTable {
  readonly #body: HTMLTableSectionElement;
  readonly #onSort: (sort: SortKey, order: ListQuery["order"]) => void;
  readonly #heads = new Map<SortKey, HTMLTableCellElement>();
  readonly #rows = new Map<string, ClientRow>();
  #clients: readonly ClientSummary[] = [];
  #isPointedAt = false;
  #isOrderDue = false;

  constructor(table: HTMLTableElement, onSort: (sort: SortKey, order: ListQuery["order"]) => void) {
    this.#onSort = onSort;
    table.tHead!.replaceWith(columnGroup(), this.#head());
    this.#body = table.tBodies[0]!;
    this.#body.addEventListener("pointerenter", (event) => {
      this.#isPointedAt = event.pointerType === "mouse";
    });
    this.#body.addEventListener("pointerleave", () => {
      this.#isPointedAt = false;
    });
  }

  /** Shows another list, at once: somebody has asked for it. */
  replace(list: ClientList, now: number, startedAt: number): void {
    this.#clients = list.clients;
    this.#arrange();
    this.refresh(now, startedAt);
  }

  /** The same list as it is now. */
  update(list: ClientList, now: number, startedAt: number): void {
    this.#clients = list.clients;
    this.#isOrderDue = true;
    this.refresh(now, startedAt);
  }

  /** Time has passed. */
  refresh(now: number, startedAt: number): void {
    if (this.#isOrderDue && !this.#isHeld) this.#arrange();
    for (const client of this.#clients) this.#rows.get(client.clientId)?.show(client, now, startedAt);
  }

  /** Which column it is sorted by. */
  showOrder({ sort, order }: ListQuery): void {
    for (const [key, head] of this.#heads) {
      if (key === sort) head.setAttribute("aria-sort", order === "asc" ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
  }

  get #isHeld(): boolean {
    if (this.#isPointedAt || this.#body.contains(document.activeElement)) return true;
    const selection = getSelection();
    return selection !== null && !selection.isCollapsed && this.#body.contains(selection.anchorNode);
  }

  /** Puts the rows into the order of the clients. Those that stay where they are are not touched. */
  #arrange(): void {
    this.#isOrderDue = false;
    const kept = new Set(this.#clients.map(({ clientId }) => clientId));
    for (const [clientId, row] of this.#rows) {
      if (kept.has(clientId)) continue;
      row.element.remove();
      this.#rows.delete(clientId);
    }
    let next = this.#body.firstElementChild;
    for (const { clientId } of this.#clients) {
      let row = this.#rows.get(clientId);
      if (row === undefined) {
        row = new ClientRow(clientId);
        this.#rows.set(clientId, row);
      }
      if (row.element === next) next = next.nextElementSibling;
      else this.#body.insertBefore(row.element, next);
    }
  }

  #head(): HTMLTableSectionElement {
    const head = make("thead");
    const groups = make("tr", "groups");
    const labels = make("tr");
    const first: readonly [SortKey, string, string, string][] = [
      ["state", "State", "what it is doing", "state-cell"],
      ["clientId", "Client", "its client id", "name"],
      ["address", "Address", "where it was heard last; behind a forwarder, its node as well", "address rank-1"],
      ["lastSeen", "Last seen", "when its last message came", "seen"],
    ];
    for (const [key, label, meaning, className] of first) {
      groups.append(make("td", className));
      labels.append(this.#sortHead(key, label, label, meaning, className));
    }
    for (const { key, group, label, meaning, rank } of COLUMNS) {
      const before = groups.lastElementChild;
      if (group === "") groups.append(make("td", `rank-${rank}`));
      else if (before instanceof HTMLTableCellElement && before.textContent === group) before.colSpan += 1;
      else {
        const cell = make("th", `number rank-${rank}`, group);
        cell.scope = "colgroup";
        groups.append(cell);
      }
      labels.append(this.#sortHead(key, label, `${group} ${label}`.trimStart(), meaning, `number rank-${rank}`));
    }
    head.append(groups, labels);
    return head;
  }

  #sortHead(key: SortKey, label: string, name: string, meaning: string, className: string): HTMLTableCellElement {
    const cell = make("th", className);
    cell.scope = "col";
    const button = make("button", "sort", label);
    button.type = "button";
    button.title = meaning;
    if (name !== label) button.setAttribute("aria-label", name);
    button.addEventListener("click", () => {
      const present = cell.getAttribute("aria-sort");
      const first = DESCENDING_FIRST.has(key) ? "desc" : "asc";
      if (present === null) this.#onSort(key, first);
      else this.#onSort(key, present === "ascending" ? "desc" : "asc");
    });
    cell.append(button);
    this.#heads.set(key, cell);
    return cell;
  }
}

/** The widths of the columns, which do not depend on what is in them: nothing jumps. */
function columnGroup(): HTMLTableColElement {
  const group = make("colgroup");
  const names = ["state-cell", "name", "address rank-1", "seen", ...COLUMNS.map(({ rank }) => `number rank-${rank}`)];
  group.append(...names.map((name) => make("col", name)));
  return group;
}
