import type { Instant } from "../../src/gateway/contract.ts";

interface Entry {
  at: Instant;
  order: number;
  run: () => void;
}

/** What happens later, by its time; what has the same time happens in the order in which it was asked for. */
export class EventQueue {
  #entries: Entry[] = [];
  #order = 0;

  get next(): Instant {
    return this.#entries[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  add(at: Instant, run: () => void): void {
    this.#order += 1;
    const entry = { at, order: this.#order, run };
    // Sorted in from the end: most entries are later than most others, and there are few.
    let index = this.#entries.length;
    while (index > 0 && this.#entries[index - 1]!.at > at) index -= 1;
    this.#entries.splice(index, 0, entry);
  }

  /** Runs what is due at the earliest time. */
  runNext(): void {
    this.#entries.shift()?.run();
  }
}
