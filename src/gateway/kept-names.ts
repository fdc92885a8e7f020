import type { Settings } from "./settings.ts";

/** What an entry takes beside its name, in octets, with the maps that it stands in: as measured, see docs/memory.md. */
const TOPIC_OCTETS = 160;
const SUBSCRIPTION_OCTETS = 400;

/** Above this part of the limit stored sessions of disconnected clients make room for those that are there. */
const HIGH_MARK = 7 / 8;

/** The topic names and subscriptions of all clients, stored sessions included: the memory that they take, within a limit. */
export class KeptNames {
  readonly #settings: Pick<Settings, "namesOctetsMax">;
  #octets = 0;
  /** What of it was there when the limit was lowered. */
  #inheritedOctets = 0;

  constructor(settings: Pick<Settings, "namesOctetsMax">) {
    this.#settings = settings;
  }

  /** The limit is smaller from now on. What there is stays, even where it is more than that. */
  limitLowered(): void {
    this.#inheritedOctets = this.#octets;
  }

  /** No new one is taken. */
  get isFull(): boolean {
    return this.#octets >= this.#settings.namesOctetsMax;
  }

  get isNearlyFull(): boolean {
    return this.#octets > Math.max(this.#settings.namesOctetsMax * HIGH_MARK, this.#inheritedOctets);
  }

  addTopic(name: string): void {
    this.#octets += TOPIC_OCTETS + name.length;
  }

  removeTopic(name: string): void {
    this.#remove(TOPIC_OCTETS + name.length);
  }

  addSubscription(filter: string): void {
    this.#octets += SUBSCRIPTION_OCTETS + filter.length;
  }

  removeSubscription(filter: string): void {
    this.#remove(SUBSCRIPTION_OCTETS + filter.length);
  }

  #remove(octets: number): void {
    this.#octets -= octets;
    if (this.#inheritedOctets > this.#octets) this.#inheritedOctets = this.#octets;
  }
}
