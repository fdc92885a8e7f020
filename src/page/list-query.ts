import type { ClientState, ClientSummary } from "../http/answers.ts";
import { STATES } from "./state-words.ts";

/** What a list can be sorted by. */
export type SortKey = Exclude<keyof ClientSummary, "parted">;

/** So many clients are on one page of the list. */
export const PAGE_SIZE = 50;

/** Which clients the list shows, in which order. The page's address has it, so that it can be shared and gone back to. */
export interface ListQuery {
  search: string;
  /** None is all. */
  states: readonly ClientState[];
  sort: SortKey;
  order: "asc" | "desc";
  /** From 0 on. */
  page: number;
}

/** Names stay where they are while everything else changes. */
const FIRST: ListQuery = { search: "", states: [], sort: "clientId", order: "asc", page: 0 };

/** Reads it from the page's address; what is not understood is as if it were not there. */
export function readListQuery(address: string, sortKeys: readonly SortKey[]): ListQuery {
  const said = new URLSearchParams(address);
  const named = (said.get("state") ?? "").split(",");
  const sort = sortKeys.find((key) => key === said.get("sort"));
  const page = Number(said.get("page") ?? "1");
  return {
    search: said.get("search") ?? "",
    states: STATES.filter((state) => named.includes(state)),
    sort: sort ?? FIRST.sort,
    order: said.get("order") === "desc" ? "desc" : "asc",
    page: Number.isSafeInteger(page) && page > 1 ? page - 1 : 0,
  };
}

/** The page's address for it: empty for what one begins with. */
export function listAddress({ search, states, sort, order, page }: ListQuery): string {
  const said = new URLSearchParams();
  if (search !== FIRST.search) said.set("search", search);
  if (states.length > 0) said.set("state", states.join(","));
  if (sort !== FIRST.sort || order !== FIRST.order) {
    said.set("sort", sort);
    said.set("order", order);
  }
  if (page > 0) said.set("page", String(page + 1));
  const text = said.toString();
  return text === "" ? "" : `?${text}`;
}

/** The same as the API understands it. */
export function apiQuery({ search, states, sort, order, page }: ListQuery): string {
  const said = new URLSearchParams({ offset: String(page * PAGE_SIZE), limit: String(PAGE_SIZE), sort, order });
  if (search !== "") said.set("search", search);
  if (states.length > 0) said.set("state", states.join(","));
  return said.toString();
}
