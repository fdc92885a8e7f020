import type { SimulatedBroker } from "../simulated-broker.ts";

/** Who knows of a subscription that a client was told is made. */
interface Confirmed {
  /** Names of the gateways that will make it again when the broker has forgotten it. */
  readonly gateways: Set<string>;
}

/**
 * Which subscriptions every client has to have, from what it was told. One that the gateway has forgotten is gone when the broker forgets
 * it as well: a gateway without a store that ends, one that dies before it has written, or that drops the session of a client that is not
 * connected for want of room. Nobody else may forget.
 */
export class SubscriptionChecker {
  readonly #broker: SimulatedBroker;
  readonly #confirmed = new Map<string, Map<string, Confirmed>>();

  constructor(broker: SimulatedBroker) {
    this.#broker = broker;
  }

  /** Filters that the broker has to know for this client. */
  of(clientId: string): string[] {
    return [...(this.#confirmed.get(clientId)?.keys() ?? [])];
  }

  /** The client was told by this gateway that it is subscribed. */
  subscribed(clientId: string, filter: string, gateway: string): void {
    let filters = this.#confirmed.get(clientId);
    if (filters === undefined) {
      filters = new Map();
      this.#confirmed.set(clientId, filters);
    }
    const confirmed = filters.get(filter) ?? { gateways: new Set() };
    confirmed.gateways.add(gateway);
    filters.set(filter, confirmed);
  }

  /** The client wants it no more: whether it has it is not known before the next SUBACK. */
  unsubscribes(clientId: string, filter: string): void {
    this.#confirmed.get(clientId)?.delete(filter);
  }

  /** A clean session begins. */
  begins(clientId: string): void {
    this.#confirmed.delete(clientId);
  }

  /** The client has connected by way of this gateway, which makes nothing again at the broker that it does not know of. */
  connects(clientId: string, gateway: string): void {
    for (const [filter, { gateways }] of this.#confirmed.get(clientId) ?? []) {
      if (gateways.has(gateway) || this.#broker.hasSubscription(clientId, filter)) continue;
      this.#confirmed.get(clientId)?.delete(filter);
    }
  }

  /** A gateway remembers no more than these filters of the client. */
  remembers(gateway: string, clientId: string, remembered: readonly string[]): void {
    for (const [filter, { gateways }] of this.#confirmed.get(clientId) ?? []) {
      if (remembered.includes(filter)) continue;
      gateways.delete(gateway);
      if (!this.#broker.hasSubscription(clientId, filter)) this.#confirmed.get(clientId)?.delete(filter);
    }
  }

  /**
   * A gateway starts, and remembers these. Where the one before had got a new session from a broker that had forgotten the old one, and
   * ended before it had subscribed again, the new one takes that session for the old one: nobody makes the subscriptions again.
   */
  restarts(gateway: string, remembered: ReadonlyMap<string, readonly string[]>): void {
    for (const [clientId, filters] of this.#confirmed) {
      const kept = remembered.get(clientId) ?? [];
      const isTakenForOld = this.#broker.hasSession(clientId);
      for (const filter of filters.keys())
        if (isTakenForOld && !this.#broker.hasSubscription(clientId, filter)) filters.delete(filter);
      this.remembers(gateway, clientId, kept);
    }
  }

  /** The broker has forgotten the session; `gateway` is where the client is. */
  brokerForgot(clientId: string, gateway: string): void {
    for (const [filter, { gateways }] of this.#confirmed.get(clientId) ?? []) {
      if (!gateways.has(gateway)) this.#confirmed.get(clientId)?.delete(filter);
    }
  }
}
