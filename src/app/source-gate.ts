import { performance } from "node:perf_hooks";
import { SourceNetworks } from "../transport/source-networks.ts";
import { networks } from "./client-rules.ts";
import type { Log } from "./log.ts";

/** A refused datagram is told at most once in this time: anybody can send many. */
const REPORT_INTERVAL_MS = 1000;

/** Keeps out datagrams from networks that `clients.allow` and `clients.deny` do not let in, before anything is done with them. */
export class SourceGate {
  readonly #networks: SourceNetworks;
  readonly #log: Log;
  #refused = 0;
  #reported = 0;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  /** The gate for these rules; undefined where none of them is about networks. */
  static of(allow: readonly string[], deny: readonly string[], log: Log): SourceGate | undefined {
    const sources = SourceNetworks.of(networks(allow), networks(deny));
    return sources === undefined ? undefined : new SourceGate(sources, log);
  }

  private constructor(sources: SourceNetworks, log: Log) {
    this.#networks = sources;
    this.#log = log;
  }

  /** Datagrams that were refused so far. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether a datagram from this source may come in. Counts those that may not. */
  admit(address: string): boolean {
    if (this.#networks.admit(address)) return true;
    this.#refused += 1;
    const nowMs = performance.now();
    if (nowMs - this.#reportedAtMs < REPORT_INTERVAL_MS) return false;
    const more = this.#refused - this.#reported - 1;
    this.#reportedAtMs = nowMs;
    this.#reported = this.#refused;
    const before = more === 0 ? "" : ` (and ${more} more since the last report)`;
    const message = `a datagram from ${address} was dropped: clients.allow or clients.deny does not let it in${before}`;
    this.#log.info("source.refused", { address, refused: this.#refused }, message);
    return false;
  }
}
