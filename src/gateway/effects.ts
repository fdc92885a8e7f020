import type { Effect } from "./contract.ts";

/** What is to be done about the event that is being handled, in order. */
export class Effects {
  #collected: Effect[] | undefined;

  /** An event is to be handled. */
  begin(): void {
    this.#collected = undefined;
  }

  add(effect: Effect): void {
    // Most events have one effect, and an empty list makes room for 17 when it is given its first.
    if (this.#collected === undefined) this.#collected = [effect];
    else this.#collected.push(effect);
  }

  /** All that has been added since `begin`. */
  take(): Effect[] {
    return this.#collected ?? [];
  }
}
