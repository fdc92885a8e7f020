import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DeadlineHeap, NOT_IN_HEAP, type Scheduled } from "../../src/gateway/deadline-heap.ts";

class Item implements Scheduled {
  deadline = Number.POSITIVE_INFINITY;
  heapIndex = NOT_IN_HEAP;
  heapDue = Number.POSITIVE_INFINITY;
}

type Step =
  | { do: "set"; item: number; deadline: number }
  | { do: "postpone"; item: number; by: number }
  | { do: "remove"; item: number }
  | { do: "take"; after: number };

const ITEMS = 12;
const item = fc.nat(ITEMS - 1);
const deadline = fc.oneof({ weight: 9, arbitrary: fc.nat(1000) }, fc.constant(Number.POSITIVE_INFINITY));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("set" as const), item, deadline }),
  fc.record({ do: fc.constant("postpone" as const), item, by: fc.nat(500) }),
  fc.record({ do: fc.constant("remove" as const), item }),
  fc.record({ do: fc.constant("take" as const), after: fc.nat(200) }),
);

describe("the heap of deadlines", () => {
  test("it hands out what a sorted list would, whatever is scheduled, postponed and removed before", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new DeadlineHeap<Item>();
        const items = Array.from({ length: ITEMS }, () => new Item());
        const scheduled = new Set<Item>();
        let now = 0;
        for (const move of steps) {
          if (move.do === "set") {
            const one = items[move.item]!;
            one.deadline = now + move.deadline;
            heap.schedule(one);
            scheduled.add(one);
          } else if (move.do === "postpone") {
            // Later needs no word to the heap.
            items[move.item]!.deadline += move.by;
          } else if (move.do === "remove") {
            heap.remove(items[move.item]!);
            scheduled.delete(items[move.item]!);
          } else {
            now += move.after;
            const due = [...scheduled].filter((one) => one.deadline <= now);
            const taken = new Set<Item>();
            for (let one = heap.takeDue(now); one !== undefined; one = heap.takeDue(now)) taken.add(one);
            expect(taken).toEqual(new Set(due));
            for (const one of taken) scheduled.delete(one);
          }
          const earliest = Math.min(...[...scheduled].map((one) => one.deadline), Number.POSITIVE_INFINITY);
          expect(heap.next).toBeLessThanOrEqual(earliest);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("what is due comes out in the order of its deadlines", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 100 }), (deadlines) => {
        const heap = new DeadlineHeap<Item>();
        for (const due of deadlines) heap.schedule(Object.assign(new Item(), { deadline: due }));
        const out: number[] = [];
        for (let one = heap.takeDue(1000); one !== undefined; one = heap.takeDue(1000)) out.push(one.deadline);
        expect(out).toEqual([...deadlines].sort((a, b) => a - b));
        expect(heap.next).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });

  test("a deadline that moves later costs nothing until its old time has come", () => {
    const heap = new DeadlineHeap<Item>();
    const one = Object.assign(new Item(), { deadline: 10 });
    heap.schedule(one);
    one.deadline = 30;
    heap.schedule(one);
    expect(heap.next).toBe(10);
    expect(heap.takeDue(10)).toBeUndefined();
    expect(heap.next).toBe(30);
    expect(heap.takeDue(30)).toBe(one);
  });

  test("an item without a deadline takes no place", () => {
    const heap = new DeadlineHeap<Item>();
    const one = new Item();
    heap.schedule(one);
    expect(one.heapIndex).toBe(NOT_IN_HEAP);
    one.deadline = 10;
    heap.schedule(one);
    one.deadline = Number.POSITIVE_INFINITY;
    expect(heap.takeDue(10)).toBeUndefined();
    expect(one.heapIndex).toBe(NOT_IN_HEAP);
  });
});
