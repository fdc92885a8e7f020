import type { Instant } from "./contract.ts";
import type { KnownGateway, SearchSettings } from "./search-contract.ts";

interface Entry {
  gateway: KnownGateway;
  /** When it has missed NADV ADVERTISEs. */
  until: Instant;
}

/** The gateways that a client knows (D4), the one to choose first. */
export class GatewayList {
  readonly #settings: SearchSettings;
  #entries: Entry[] = [];

  constructor(settings: SearchSettings) {
    this.#settings = settings;
  }

  get gateways(): KnownGateway[] {
    return this.#entries.map(({ gateway }) => gateway);
  }

  get first(): KnownGateway | undefined {
    return this.#entries[0]?.gateway;
  }

  /** When the next one may be gone. */
  get deadline(): Instant {
    return this.#entries.reduce((earliest, { until }) => Math.min(earliest, until), Number.POSITIVE_INFINITY);
  }

  /** The gateway itself was heard. `advMs`: the time to its next ADVERTISE, where it told. Returns whether that is news. */
  heard(gateway: KnownGateway, advMs: number | undefined, now: Instant): boolean {
    const { tAdvMs, gatewaysMax } = this.#settings;
    const entry = this.#entries.find((each) => each.gateway.gwId === gateway.gwId);
    if (entry === undefined) {
      if (this.#entries.length >= gatewaysMax) return false;
      this.#entries.push({ gateway, until: this.#missedAt(advMs ?? tAdvMs, now) });
      return true;
    }
    if (advMs !== undefined) entry.until = this.#missedAt(advMs, now);
    if (entry.gateway.address === gateway.address) return false;
    entry.gateway = gateway;
    return true;
  }

  /** Another client told of a gateway: what the gateway itself said goes before that. Returns whether that is news. */
  toldOf(gateway: KnownGateway, now: Instant): boolean {
    const isKnown = this.#entries.some((each) => each.gateway.gwId === gateway.gwId);
    return !isKnown && this.heard(gateway, undefined, now);
  }

  /** It is the last one to be chosen from now on. */
  putLast(gwId: number): void {
    const entry = this.#entries.find((each) => each.gateway.gwId === gwId);
    if (entry !== undefined) this.#entries = [...this.#entries.filter((each) => each !== entry), entry];
  }

  /** Takes out those that have missed NADV ADVERTISEs, and returns them. */
  takeSilent(now: Instant): KnownGateway[] {
    const silent = this.#entries.filter(({ until }) => until <= now);
    if (silent.length > 0) this.#entries = this.#entries.filter(({ until }) => until > now);
    return silent.map(({ gateway }) => gateway);
  }

  /** An ADVERTISE is missed half an interval after it was due: none is exactly in time. */
  #missedAt(advMs: number, now: Instant): Instant {
    return now + advMs * (this.#settings.nAdv + 0.5);
  }
}
