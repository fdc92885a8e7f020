import type { ClientList, ClientState } from "../http/answers.ts";
import { byId } from "./by-id.ts";
import { countText } from "./count-text.ts";
import { type ListQuery, PAGE_SIZE } from "./list-query.ts";
import { make } from "./make.ts";
import { setText } from "./set-text.ts";
import { StateBadge } from "./state-badge.ts";
import { STATE_LOOKS, STATES } from "./state-words.ts";

/** So long nothing is typed before it is searched. */
const TYPING_MS = 200;

/** What chooses from the clients: the search, the states, and the pages of the list. */
export class ClientSearch {
  readonly #search = byId("search", HTMLInputElement);
  readonly #counts = new Map<ClientState, { box: HTMLInputElement; count: HTMLElement; label: HTMLElement }>();
  readonly #onChange: (change: Partial<ListQuery>, isTyped: boolean) => void;
  #typing: number | undefined;

  constructor(onChange: (change: Partial<ListQuery>, isTyped: boolean) => void) {
    this.#onChange = onChange;
    const states = byId("states", HTMLElement);
    for (const state of STATES) states.append(this.#stateBox(state));
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#onChange({ search: this.#search.value, page: 0 }, true), TYPING_MS);
    });
    byId("search-form", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
    byId("all", HTMLButtonElement).addEventListener("click", () => {
      this.#onChange({ search: "", states: [], page: 0 }, false);
      this.#search.focus();
    });
  }

  /** What the query asks for, as after the browser's way back. */
  showQuery({ search, states }: ListQuery): void {
    // What is being typed is not taken out of somebody's hands.
    if (this.#search.value !== search) this.#search.value = search;
    for (const [state, { box }] of this.#counts) box.checked = states.includes(state);
  }

  /** How many there are, and which of them the list shows. */
  showCounts({ total, offset, clients, states }: ClientList, { page, search, states: chosen }: ListQuery): void {
    let all = 0;
    for (const [state, { count, label, box }] of this.#counts) {
      setText(count, countText(states[state]));
      label.classList.toggle("none", states[state] === 0 && !box.checked);
      all += states[state];
    }
    const isAll = search === "" && chosen.length === 0;
    const of = isAll ? "" : ` of ${countText(all)}`;
    const some = `${countText(offset + 1)} to ${countText(offset + clients.length)} of ${countText(total)} clients`;
    const shown =
      total <= PAGE_SIZE && page === 0 ? `${countText(total)}${of} ${all === 1 && isAll ? "client" : "clients"}` : some;
    setText(byId("shown", HTMLElement), clients.length === 0 ? noneText(all) : shown);
    byId("all", HTMLButtonElement).hidden = isAll;
    this.#showPages(page, Math.max(1, Math.ceil(total / PAGE_SIZE)));
  }

  #showPages(page: number, pages: number): void {
    const nav = byId("pages", HTMLElement);
    nav.hidden = pages === 1 && page === 0;
    setText(byId("page", HTMLElement), `page ${countText(page + 1)} of ${countText(pages)}`);
    this.#pageButton("first", 0, page > 0);
    this.#pageButton("previous", Math.min(page, pages) - 1, page > 0);
    this.#pageButton("next", page + 1, page + 1 < pages);
    this.#pageButton("last", pages - 1, page + 1 < pages);
  }

  /** A button that leads nowhere keeps its place and the focus. */
  #pageButton(id: string, page: number, leads: boolean): void {
    const button = byId(id, HTMLButtonElement);
    button.setAttribute("aria-disabled", String(!leads));
    button.onclick = leads ? () => this.#onChange({ page }, false) : null;
  }

  #stateBox(state: ClientState): HTMLElement {
    const label = make("label", "chip");
    const box = make("input");
    box.type = "checkbox";
    box.value = state;
    box.name = "state";
    const badge = new StateBadge();
    badge.show(state);
    const count = make("b", "count", "0");
    label.title = STATE_LOOKS[state].meaning;
    label.append(box, badge.element, " ", count);
    box.addEventListener("change", () => {
      const chosen = STATES.filter((each) => this.#counts.get(each)?.box.checked === true);
      this.#onChange({ states: chosen, page: 0 }, false);
    });
    this.#counts.set(state, { box, count, label });
    return label;
  }
}

function noneText(all: number): string {
  return all === 0
    ? "No client yet. Point a device at one of the listeners above, or try: mqtt-sn-gateway simulate --nodes 5"
    : "No client fits.";
}
