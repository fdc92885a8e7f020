import type { ChangeListener } from "./change-listener.ts";
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
  readonly #listener: ChangeListener;
  #byFilter: Map<string, Subscription> | undefined;

  constructor(listener: ChangeListener) {
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
    this.#byFilter ??= new Map();
    this.#byFilter.set(subscription.filter, subscription);
  }

  delete(filter: string): void {
    if (this.#byFilter?.delete(filter) === true) this.#listener.changed();
  }

  clear(): void {
    if (this.size > 0) this.#listener.changed();
    this.#byFilter = undefined;
  }

  values(): Iterable<Subscription> {
    return this.#byFilter?.values() ?? [];
  }
}
