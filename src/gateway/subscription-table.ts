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
  /** How many of them were made with a predefined id or a short name. */
  #withIds = 0;

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

  /** The subscription to exactly this topic, where it was made with a predefined id or a short name: most clients have none. */
  withId(topicName: string): Subscription | undefined {
    if (this.#withIds === 0) return undefined;
    const subscription = this.get(topicName);
    return subscription !== undefined && hasId(subscription) ? subscription : undefined;
  }

  set(subscription: Subscription): void {
    this.restore(subscription);
    this.#listener.changed();
  }

  /** One of before a restart. */
  restore(subscription: Subscription): void {
    const { filter } = subscription;
    this.#byFilter ??= new Map();
    const before = this.#byFilter.get(filter);
    if (before === undefined) this.#names.addSubscription(filter);
    else if (hasId(before)) this.#withIds -= 1;
    if (hasId(subscription)) this.#withIds += 1;
    this.#byFilter.set(filter, subscription);
  }

  delete(filter: string): void {
    const subscription = this.get(filter);
    if (subscription === undefined) return;
    this.#byFilter!.delete(filter);
    if (hasId(subscription)) this.#withIds -= 1;
    this.#names.removeSubscription(filter);
    this.#listener.changed();
  }

  clear(): void {
    if (this.size > 0) this.#listener.changed();
    for (const { filter } of this.values()) this.#names.removeSubscription(filter);
    this.#byFilter = undefined;
    this.#withIds = 0;
  }

  values(): Iterable<Subscription> {
    return this.#byFilter?.values() ?? [];
  }
}

function hasId({ topicIdType }: Subscription): boolean {
  return topicIdType !== "normal";
}
