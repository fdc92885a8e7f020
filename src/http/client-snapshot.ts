import type { ClientList, ClientState, ClientSummary } from "./answers.ts";
import { CLIENT_STATES, type ClientQuery, type SortKey } from "./client-query.ts";
import { naturalOrder } from "./natural-order.ts";
import { sortInSteps } from "./sort-in-steps.ts";
import type { Job } from "./work-share.ts";

/** Clients that are looked at in one step: some 0.3 ms. */
const STEP = 250;

/** How all clients were at one moment, or nearly; what is asked of it is answered in steps. */
export class ClientSnapshot {
  readonly clients: readonly ClientSummary[];
  /** How many there are in each state. */
  readonly states: Record<ClientState, number>;
  /** In ascending order of these columns. */
  readonly #sorted = new Map<SortKey, readonly ClientSummary[]>();

  private constructor(clients: readonly ClientSummary[], states: Record<ClientState, number>) {
    this.clients = clients;
    this.states = states;
  }

  /** Goes through all clients. One that comes twice, for it has gone meanwhile, is there once, as it was the last time. */
  static *take(all: Iterable<ClientSummary>): Job<ClientSnapshot> {
    const clients = new Map<string, ClientSummary>();
    let seen = 0;
    for (const client of all) {
      clients.set(client.clientId, client);
      seen += 1;
      if (seen % STEP === 0) yield;
    }
    const states = Object.fromEntries(CLIENT_STATES.map((state) => [state, 0])) as Record<ClientState, number>;
    for (const { state } of clients.values()) states[state] += 1;
    return new ClientSnapshot([...clients.values()], states);
  }

  /** One page of those that fit. */
  *list(query: ClientQuery): Job<ClientList> {
    const { offset, limit, descending } = query;
    const sorted = yield* this.#by(query.sort);
    const clients: ClientSummary[] = [];
    let total = 0;
    for (let index = 0; index < sorted.length; index += 1) {
      const client = sorted[descending ? sorted.length - 1 - index : index]!;
      if (fits(client, query)) {
        if (total >= offset && clients.length < limit) clients.push(client);
        total += 1;
      }
      if (index % (4 * STEP) === 0) yield;
    }
    return { total, offset, limit, clients, states: this.states };
  }

  /** Sorted once, for all who ask. */
  *#by(key: SortKey): Job<readonly ClientSummary[]> {
    const known = this.#sorted.get(key);
    if (known !== undefined) return known;
    const sorted = yield* sortInSteps(this.clients, (one, other) => compare(one, other, key));
    this.#sorted.set(key, sorted);
    return sorted;
  }
}

function fits(client: ClientSummary, { states, search }: ClientQuery): boolean {
  if (states !== undefined && !states.has(client.state)) return false;
  if (search === "") return true;
  const { clientId, address, wirelessNodeId } = client;
  return [clientId, address, wirelessNodeId].some((text) => text?.toLowerCase().includes(search) === true);
}

/** What is null comes first; those that are equal in this column are in the order of their ids. */
function compare(one: ClientSummary, other: ClientSummary, key: SortKey): number {
  const order = key === "clientId" ? 0 : compareValues(one[key], other[key]);
  return order === 0 ? naturalOrder(one.clientId, other.clientId) : order;
}

type Value = string | number | boolean | null;

function compareValues(one: Value, other: Value): number {
  if (one === other) return 0;
  if (one === null) return -1;
  if (other === null) return 1;
  return one < other ? -1 : 1;
}
