import type { Instant } from "./contract.ts";

/** Something that wants to be called at an instant. The two other fields belong to the heap. */
export interface Scheduled {
  /** Infinity: never. May move later at any time without telling the heap; earlier only through `schedule`. */
  readonly deadline: Instant;
  heapIndex: number;
  heapDue: Instant;
}

/** What a new `Scheduled` starts with. */
export const NOT_IN_HEAP = -1;

/**
 * The deadlines of all sessions: a binary heap in which a deadline that moves later costs nothing (the entry is looked at again when
 * its old time comes). So a client that talks all the time is sorted in once a keep alive, not once a message.
 */
export class DeadlineHeap<T extends Scheduled> {
  readonly #items: T[] = [];

  /** The earliest instant at which there may be something to do. */
  get next(): Instant {
    const first = this.#items[0];
    return first === undefined ? Number.POSITIVE_INFINITY : first.heapDue;
  }

  /** Takes note of the item's present deadline. */
  schedule(item: T): void {
    const due = item.deadline;
    if (item.heapIndex === NOT_IN_HEAP) {
      if (due === Number.POSITIVE_INFINITY) return;
      item.heapDue = due;
      item.heapIndex = this.#items.length;
      this.#items.push(item);
      this.#up(item);
    } else if (due < item.heapDue) {
      item.heapDue = due;
      this.#up(item);
    }
  }

  /** An item whose deadline has come, no longer in the heap; undefined when there is none. */
  takeDue(now: Instant): T | undefined {
    for (;;) {
      const item = this.#items[0];
      if (item === undefined || item.heapDue > now) return undefined;
      if (item.deadline <= now) {
        this.remove(item);
        return item;
      }
      if (item.deadline === Number.POSITIVE_INFINITY) {
        this.remove(item);
      } else {
        item.heapDue = item.deadline;
        this.#down(item);
      }
    }
  }

  remove(item: T): void {
    const index = item.heapIndex;
    if (index === NOT_IN_HEAP) return;
    item.heapIndex = NOT_IN_HEAP;
    const last = this.#items.pop()!;
    if (last === item) return;
    last.heapIndex = index;
    this.#items[index] = last;
    this.#up(last);
    this.#down(last);
  }

  #up(item: T): void {
    const items = this.#items;
    let index = item.heapIndex;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex]!;
      if (parent.heapDue <= item.heapDue) break;
      items[index] = parent;
      parent.heapIndex = index;
      index = parentIndex;
    }
    items[index] = item;
    item.heapIndex = index;
  }

  #down(item: T): void {
    const items = this.#items;
    let index = item.heapIndex;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= items.length) break;
      const right = items[childIndex + 1];
      if (right !== undefined && right.heapDue < items[childIndex]!.heapDue) childIndex += 1;
      const child = items[childIndex]!;
      if (child.heapDue >= item.heapDue) break;
      items[index] = child;
      child.heapIndex = index;
      index = childIndex;
    }
    items[index] = item;
    item.heapIndex = index;
  }
}
