/** What an entry takes beside its name, in octets, with the maps that it stands in: as measured, see docs/memory.md. */
const TOPIC_OCTETS = 160;
const SUBSCRIPTION_OCTETS = 400;

/** Above this part of the limit stored sessions of disconnected clients make room for those that are there. */
const HIGH_MARK = 7 / 8;

/** The topic names and subscriptions of all clients, stored sessions included: the memory that they take, within a limit. */
export class KeptNames {
  readonly #octetsMax: number;
  #octets = 0;

  constructor(octetsMax: number) {
    this.#octetsMax = octetsMax;
  }

  /** No new one is taken. */
  get isFull(): boolean {
    return this.#octets >= this.#octetsMax;
  }

  get isNearlyFull(): boolean {
    return this.#octets > this.#octetsMax * HIGH_MARK;
  }

  addTopic(name: string): void {
    this.#octets += TOPIC_OCTETS + name.length;
  }

  removeTopic(name: string): void {
    this.#octets -= TOPIC_OCTETS + name.length;
  }

  addSubscription(filter: string): void {
    this.#octets += SUBSCRIPTION_OCTETS + filter.length;
  }

  removeSubscription(filter: string): void {
    this.#octets -= SUBSCRIPTION_OCTETS + filter.length;
  }
}
