import type { ClientState, ClientSummary } from "./answers.ts";

/** The columns of a client that have an order. */
const SORTABLE = [
  "clientId",
  "state",
  "address",
  "wirelessNodeId",
  "durable",
  "keepAliveSeconds",
  "sleepSeconds",
  "lastSeen",
  "lostAt",
  "link",
  "queued",
  "queuedOctets",
  "unanswered",
  "subscriptions",
  "topics",
  "datagramsIn",
  "octetsIn",
  "datagramsOut",
  "octetsOut",
  "published",
  "delivered",
  "dropped",
  "refused",
  "repeatedIn",
  "repeatedOut",
  "connects",
  "wakeUps",
] as const satisfies readonly Exclude<keyof ClientSummary, "parted">[];

export type SortKey = (typeof SORTABLE)[number];

/** Every state that a client can be in, in the order in which they are told. */
export const CLIENT_STATES = [
  "connecting",
  "active",
  "asleep",
  "awake",
  "lost",
  "disconnected",
  "refused",
  "abandoned",
] as const satisfies readonly ClientState[];

/** Clients on a page of the list. */
const LIMIT_MAX = 500;
const LIMIT_USUAL = 50;

/** Characters of what is searched for. */
const SEARCH_MAX = 256;

const PARAMETERS = ["offset", "limit", "sort", "order", "state", "search"] as const;

/** Which clients are asked for, and in which order. */
export interface ClientQuery {
  offset: number;
  limit: number;
  sort: SortKey;
  descending: boolean;
  /** In one of these states; undefined where every state will do. */
  states: ReadonlySet<ClientState> | undefined;
  /** In small letters; to be found in the client id, the address or the wireless node id. */
  search: string;
}

/** What a query string asks for; or what is wrong with it, for people. */
export function clientQuery(parameters: URLSearchParams): ClientQuery | { problem: string } {
  const problem =
    unknownParameter(parameters, PARAMETERS) ??
    wrongNumber(parameters, "offset", 0, Number.MAX_SAFE_INTEGER) ??
    wrongNumber(parameters, "limit", 1, LIMIT_MAX) ??
    wrongWord(parameters, "sort", SORTABLE) ??
    wrongWord(parameters, "order", ["asc", "desc"]);
  if (problem !== undefined) return { problem };
  const states = parameters.get("state")?.split(",").filter(Boolean) ?? [];
  const unknown = states.find((state) => !(CLIENT_STATES as readonly string[]).includes(state));
  if (unknown !== undefined) {
    return {
      problem: `state: ${shown(unknown)} is not one of ${CLIENT_STATES.join(", ")}, or several of them with commas between`,
    };
  }
  const search = parameters.get("search") ?? "";
  if (search.length > SEARCH_MAX) return { problem: `search: has more than ${SEARCH_MAX} characters` };
  return {
    offset: Number(parameters.get("offset") ?? 0),
    limit: Number(parameters.get("limit") ?? LIMIT_USUAL),
    sort: (parameters.get("sort") ?? "clientId") as SortKey,
    descending: parameters.get("order") === "desc",
    states: states.length === 0 ? undefined : new Set(states as ClientState[]),
    search: search.toLowerCase(),
  };
}

/** What is wrong where there is a parameter that is not one of these, or one of them twice. */
export function unknownParameter(parameters: URLSearchParams, known: readonly string[]): string | undefined {
  for (const name of parameters.keys()) {
    if (!known.includes(name)) {
      const remedy = known.length === 0 ? "there are none here" : `there are ${known.join(", ")}`;
      return `${shown(name)} is not a parameter; ${remedy}`;
    }
    if (parameters.getAll(name).length > 1) return `${name}: is given more than once`;
  }
  return undefined;
}

/** What is wrong where this parameter is given and not one of these words. */
export function wrongWord(parameters: URLSearchParams, name: string, words: readonly string[]): string | undefined {
  const value = parameters.get(name);
  if (value === null || words.includes(value)) return undefined;
  return `${name}: ${shown(value)} is not one of ${words.join(", ")}`;
}

function wrongNumber(parameters: URLSearchParams, name: string, min: number, max: number): string | undefined {
  const value = parameters.get(name);
  if (value === null) return undefined;
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  return number >= min && number <= max
    ? undefined
    : `${name}: ${shown(value)} is not a whole number from ${min} to ${max}`;
}

/** Characters of a wrong value that are shown. */
const SHOWN_MAX = 60;

function shown(value: string): string {
  return JSON.stringify(value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value);
}
