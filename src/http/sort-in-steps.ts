import type { Job } from "./work-share.ts";

/** Elements that are sorted, or put together, in one step: some 0.2 ms. */
const STEP = 500;

type Compare<T> = (one: T, other: T) => number;

/** A sorted copy of a long list, made in steps. What is equal stays in its order. */
export function* sortInSteps<T>(list: readonly T[], compare: Compare<T>): Job<T[]> {
  let runs: T[][] = [];
  for (let start = 0; start < list.length; start += STEP) {
    runs.push(list.slice(start, start + STEP).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const longer: T[][] = [];
    for (let index = 0; index < runs.length; index += 2) {
      const [one, other] = [runs[index]!, runs[index + 1]];
      longer.push(other === undefined ? one : yield* merged(one, other, compare));
    }
    runs = longer;
  }
  return runs[0] ?? [];
}

function* merged<T>(one: readonly T[], other: readonly T[], compare: Compare<T>): Job<T[]> {
  const all: T[] = [];
  let [first, second] = [0, 0];
  while (first < one.length && second < other.length) {
    all.push(compare(one[first]!, other[second]!) <= 0 ? one[first++]! : other[second++]!);
    if (all.length % (4 * STEP) === 0) yield;
  }
  while (first < one.length) all.push(one[first++]!);
  while (second < other.length) all.push(other[second++]!);
  return all;
}
