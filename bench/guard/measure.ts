/** Octets that each subject allocates on V8's heap, as JSON. Started by octets-allocated.ts, which says how often. */
import { SUBJECTS, type Subject } from "./subjects.ts";

const [warmUp, rounds, perRound] = process.argv.slice(2).map(Number) as [number, number, number];

function octetsOf({ prepare }: Subject): number {
  const run = prepare();
  for (let count = 0; count < warmUp; count += 1) run();
  const octets: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < perRound; count += 1) run();
    const allocated = process.memoryUsage().heapUsed - before;
    // Else there was a collection, which frees more than a round allocates.
    if (allocated >= 0) octets.push(allocated / perRound);
  }
  // The median: in one round or another V8 has work of its own.
  octets.sort((one, other) => one - other);
  return octets[octets.length >> 1]!;
}

const entries = SUBJECTS.map((subject) => [subject.name, Math.round(octetsOf(subject))]);
process.stdout.write(JSON.stringify(Object.fromEntries(entries)), () => {
  // Runners have timers.
  process.exit();
});
