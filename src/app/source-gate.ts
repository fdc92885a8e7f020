import { performance } from "node:perf_hooks";
import { SourceNetworks } from "../transport/source-networks.ts";
import { networks } from "./configuration/client-rules.ts";
import type { Log } from "./log/log.ts";

/** A refused datagram is told at most once in this time: anybody can send many. */
const REPORT_INTERVAL_MS = 1000;

/** Keeps out datagrams from networks that `clients.allow` and `clients.deny` do not let in, before anything is done with them. */
export class SourceGate {
  /** Undefined where every source may send. */
  #networks: SourceNetworks | undefined;
  readonly #log: Log;
  #refused = 0;
  #reported = 0;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(allow: readonly string[], deny: readonly string[], log: Log) {
    this.#networks = SourceNetworks.of(networks(allow), networks(deny));
    this.#log = log;
  }

  /** From now on these rules hold. */
  reload(allow: readonly string[], deny: readonly string[]): void {
    this.#networks = SourceNetworks.of(networks(allow), networks(deny));
  }

  /** Datagrams that were refused so far. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether datagrams from this source may come in. */
  admits(address: string): boolean {
    return this.#networks === undefined || this.#networks.admit(address);
  }

  /** Counts a datagram that does not come in. */
  refuse(address: string): void {
    this.#refused += 1;
    const nowMs = performance.now();
    if (nowMs - this.#reportedAtMs < REPORT_INTERVAL_MS) return;
    const more = this.#refused - this.#reported - 1;
    this.#reportedAtMs = nowMs;
    this.#reported = this.#refused;
    const before = more === 0 ? "" : ` (and ${more} more since the last report)`;
    const message = `a datagram from ${address} was dropped: clients.allow or clients.deny does not let it in${before}`;
    this.#log.info("source.refused", { address, refused: this.#refused }, message);
  }
}
