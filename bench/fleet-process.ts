/** A part of the sleepers, in a process of its own: it takes one `FleetOrder` after the other, and ends when nobody asks any more. */
import type { FleetOrder, FleetReport } from "./fleet-order.ts";
import { Sleeper } from "./sleeper.ts";

let sleepers: Sleeper[] = [];
let usual = 1;

/** Each in its turn, some at once; how long each took, in ms. */
async function timed(some: readonly Sleeper[], atOnce: number, work: (sleeper: Sleeper) => Promise<void>) {
  const ms: number[] = [];
  const left = some.values();
  const worker = async (): Promise<void> => {
    for (const sleeper of left) {
      const startedAt = performance.now();
      await work(sleeper);
      ms.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return ms;
}

async function perform(order: FleetOrder): Promise<number[]> {
  switch (order.kind) {
    case "open": {
      usual = order.atOnce;
      const numbers = Array.from({ length: order.to - order.from }, (_, index) => order.from + index);
      sleepers = await Promise.all(numbers.map((number) => Sleeper.open(`sensor-${number}`, order.gatewayPort)));
      return [];
    }
    case "sleep":
      return timed(sleepers, usual, (sleeper) => sleeper.fallAsleep(0, 1));
    case "wake": {
      const some = sleepers.filter((_, index) => index % order.step === 0);
      return timed(some, order.atOnce, (sleeper) => sleeper.wake(1000));
    }
  }
}

function answer(report: FleetReport): void {
  process.send!(report);
}

const repeated = (): number => sleepers.reduce((sum, sleeper) => sum + sleeper.repeated, 0);

// Whoever started it is gone.
process.on("disconnect", () => process.exit(0));
process.on("message", (order: FleetOrder) => {
  const before = repeated();
  perform(order).then(
    (ms) => answer({ ok: true, ms, repeated: repeated() - before }),
    (error) => answer({ ok: false, reason: error instanceof Error ? error.message : String(error) }),
  );
});
