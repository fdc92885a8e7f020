/** From one step up to the next. */
const GROWTH = 1.5;

/** Steps between the highest rate that passed and the lowest that did not: each halves what is unknown. */
const BISECTIONS = 4;

/** Below it there is nothing to find. */
const RATE_MIN = 100;

/**
 * The highest rate that passes, in a few steps: up by half as much again until one does not pass, or down by half until one does, then in
 * between. `passes` is asked again for a rate that did not pass: a single hiccup of the machine does not count. 0 where none passes.
 */
export async function highestRate(first: number, passes: (rate: number) => Promise<boolean>): Promise<number> {
  const isGood = async (rate: number): Promise<boolean> => (await passes(rate)) || (await passes(rate));
  let low = 0;
  let high = first;
  while (await isGood(high)) {
    low = high;
    high *= GROWTH;
  }
  while (low === 0) {
    if (high / 2 < RATE_MIN) return 0;
    if (await isGood(high / 2)) low = high / 2;
    else high /= 2;
  }
  for (let bisection = 0; bisection < BISECTIONS; bisection += 1) {
    const middle = (low + high) / 2;
    if (await isGood(middle)) low = middle;
    else high = middle;
  }
  return low;
}
