/**
 * How a client that looks for gateways (§6.1) and the world talk.
 *
 *     search.handle(event, now) → effects        synchronous; never throws on input; a throw is a bug
 *     search.deadline                            the earliest instant at which it wants a `deadline` event
 */
import type { Address } from "./contract.ts";

/** What has happened, or what the application wants. */
export type SearchEvent =
  /** Heard in the discovery group, or sent to this client alone; not what this client itself has sent. `from` is `host:port` or `[v6]:port`. */
  | { type: "datagram"; from: Address; data: Uint8Array }
  /** `search.deadline` has come. Early or late makes no difference: `now` decides. */
  | { type: "deadline" }
  /** Look for gateways with SEARCHGW until one is known (D6). Ends at once where one is. */
  | { type: "search" }
  /** Look no longer. */
  | { type: "stop" }
  /** A gateway did not answer this client: others go before it from now on (K6, R1). */
  | { type: "no-answer"; gwId: number };

/** What is to be done, and what the application has to know. */
export type SearchEffect =
  /** Send to the discovery group, `radius` hops far; 0 is the whole network (D7). */
  | { type: "broadcast"; radius: number; data: Uint8Array }
  /** A gateway is known that was not, or at another address. */
  | { type: "found"; gateway: KnownGateway }
  /** A gateway has missed NADV ADVERTISEs in a row (D4). */
  | { type: "gone"; gateway: KnownGateway }
  /** SEARCHGW was repeated as often as is allowed, and nobody answered. */
  | { type: "not-found" };

export interface KnownGateway {
  readonly gwId: number;
  readonly address: Address;
}

/** What can be set in a search. The defaults are those of §7.2. */
export interface SearchSettings {
  /** Of SEARCHGW, in hops; 0 is the whole network. */
  radius: number;
  /** TSEARCHGW: the most that is waited, at random, before SEARCHGW. */
  tSearchGwMs: number;
  /** TGWINFO: the most that is waited, at random, before this client answers another one's SEARCHGW. */
  tGwInfoMs: number;
  /** How long SEARCHGW may go without an answer before it is repeated; doubles with each time up to `repeatMaxMs` (D11). */
  repeatMinMs: number;
  repeatMaxMs: number;
  /** How often it is repeated. */
  repeats: number;
  /** NADV. */
  nAdv: number;
  /** The interval between ADVERTISEs that is taken for a gateway's which has not told its own. */
  tAdvMs: number;
  /** Gateways that are kept. */
  gatewaysMax: number;
}

export const DEFAULT_SEARCH_SETTINGS: SearchSettings = {
  radius: 0,
  tSearchGwMs: 5000,
  tGwInfoMs: 5000,
  // A client that answers may take TGWINFO for it.
  repeatMinMs: 10_000,
  repeatMaxMs: 600_000,
  repeats: Number.POSITIVE_INFINITY,
  nAdv: 3,
  tAdvMs: 900_000,
  gatewaysMax: 32,
};
