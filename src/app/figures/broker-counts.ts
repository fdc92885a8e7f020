/** Whether the broker can be reached, and how often it could not be reached any more. */
export class BrokerCounts {
  #reachable = false;
  #outages = 0;

  get reachable(): boolean {
    return this.#reachable;
  }

  /** How often it was there and then was not. */
  get outages(): number {
    return this.#outages;
  }

  /** It can be reached, or it cannot; may be said again. */
  reached(reachable: boolean): void {
    if (this.#reachable && !reachable) this.#outages += 1;
    this.#reachable = reachable;
  }
}
