import type { ChangeListener } from "./change-listener.ts";
import type { KeptNames } from "./kept-names.ts";
import type { MqttQoS } from "./packet.ts";

/** A subscription that the broker has granted. */
export interface Subscription {
  readonly filter: string;
  /** How the client named it; messages go out with the same kind of topic id (G7). */
  readonly topicIdType: "normal" | "predefined" | "short";
  /** The predefined id or the octets of the short name; 0 for a name or filter. */
  readonly topicId: number;
  /** As granted. */
  readonly qos: MqttQoS;
}

/** The subscriptions of one client, by filter. They outlive a disconnect with CleanSession=0 (W1, A-54). */
export class SubscriptionTable {
  readonly #names: KeptNames;
  readonly #listener: ChangeListener;
  #byFilter: Map<string, Subscription> | undefined;

  constructor(names: KeptNames, listener: ChangeListener) {
    this.#names = names;
    this.#listener = listener;
  }

  get size(): number {
    return this.#byFilter?.size ?? 0;
  }

  get(filter: string): Subscription | undefined {
    return this.#byFilter?.get(filter);
  }

  set(subscription: Subscription): void {
    this.restore(subscription);
    this.#listener.changed();
  }

  /** One of before a restart. */
  restore(subscription: Subscription): void {
    const { filter } = subscription;
    this.#byFilter ??= new Map();
    if (!this.#byFilter.has(filter)) this.#names.addSubscription(filter);
    this.#byFilter.set(filter, subscription);
  }

  delete(filter: string): void {
    if (this.#byFilter?.delete(filter) !== true) return;
    this.#names.removeSubscription(filter);
    this.#listener.changed();
  }

  clear(): void {
    if (this.size > 0) this.#listener.changed();
    for (const { filter } of this.values()) this.#names.removeSubscription(filter);
    this.#byFilter = undefined;
  }

  values(): Iterable<Subscription> {
    return this.#byFilter?.values() ?? [];
  }
}
