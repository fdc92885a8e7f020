import type { Instant } from "./contract.ts";
import { RateLimit } from "./rate-limit.ts";
import type { Settings } from "./settings.ts";

/** How far apart two things may be that count as one: a broker that goes away closes its connections one after the other. */
const TOGETHER_MS = 1000;

/** The part of the golden ratio behind the point: its multiples are spread evenly over any interval, however many there are. */
const GOLDEN = 0.618_033_988_749_895;

/** Connections that were lost within one such time. */
export interface Losses {
  readonly since: Instant;
  /** Open connections at its beginning. */
  readonly of: number;
  count: number;
}

/** A broker that goes away, or a part of it, closes at least this part of the connections, and more than one. */
const LARGE_PART = 0.25;

/**
 * What the lost broker connections of all clients have in common: whether the broker is gone or only one connection, when each is tried
 * again, and how many a second.
 */
export class Reconnects {
  readonly #settings: Settings;
  readonly #rate: RateLimit;
  #reachable = false;
  #unreachableAt: Instant = Number.NEGATIVE_INFINITY;
  #losses: Losses = { since: Number.NEGATIVE_INFINITY, of: 0, count: 0 };
  /** Connections that are open. */
  openLinks = 0;
  #spread = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#rate = new RateLimit(() => settings.reconnectsPerSecond, 1);
  }

  /** Whether the broker can be reached, by the gateway's own connection. */
  brokerIs(reachable: boolean, now: Instant): void {
    if (!reachable) this.#unreachableAt = now;
    this.#reachable = reachable;
  }

  /** One of the connections that were open was lost: together with which others will show. */
  lost(now: Instant): Losses {
    if (now - this.#losses.since >= TOGETHER_MS) this.#losses = { since: now, of: this.openLinks + 1, count: 0 };
    this.#losses.count += 1;
    return this.#losses;
  }

  /** Whether the broker has been there ever since, as far as the gateway's own connection shows. */
  brokerStayed(since: Instant): boolean {
    return this.#reachable && this.#unreachableAt < since - TOGETHER_MS;
  }

  /** The gateway's own connection has never been there: the broker may not let it in, and nothing follows from that. */
  get isBlind(): boolean {
    return !this.#reachable && this.#unreachableAt === Number.NEGATIVE_INFINITY;
  }

  /** Whether so few connections were lost together that it was for what their clients have done. */
  areFew({ count, of }: Losses): boolean {
    return count < Math.max(2, LARGE_PART * of);
  }

  /** How long to wait after the `failures`th attempt, in milliseconds: up to twice as long each time, and no two clients alike. */
  waitMs(failures: number): number {
    const { reconnectMinMs, reconnectMaxMs } = this.#settings;
    const longestMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** (failures + 1));
    return Math.round(reconnectMinMs + this.#jitter() * Math.max(0, longestMs - reconnectMinMs));
  }

  /** From 0 to 1. */
  #jitter(): number {
    this.#spread = (this.#spread + GOLDEN) % 1;
    return this.#spread;
  }

  /** When the next connection may be made: now, or a time that is kept free for the one who asked. */
  reserve(now: Instant): Instant {
    return this.#rate.reserve(now);
  }
}
