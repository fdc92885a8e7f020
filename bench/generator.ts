/** The load, in a process of its own. It gets one `Job`, answers with one `Outcome`, and ends. */
import { measureClosedLoop } from "./closed-loop.ts";
import { measureConnects } from "./connects.ts";
import type { Figures } from "./figures.ts";
import { measureIdle } from "./idle.ts";
import type { Job, Outcome } from "./job.ts";
import { measureOpenLoop } from "./open-loop.ts";
import { measureRoundTrip } from "./round-trip.ts";
import { measureWakeUp } from "./wake-up.ts";

async function measure(job: Job): Promise<Figures> {
  const { mode } = job;
  switch (mode.kind) {
    case "publish":
    case "deliver":
      return measureClosedLoop(job, mode.kind === "publish", mode.qos);
    case "open-publish":
    case "open-deliver":
      return measureOpenLoop(job, mode.kind === "open-publish", mode.qos);
    case "connect":
      return measureConnects(job);
    case "wake-up":
      return measureWakeUp(job);
    case "idle":
      return measureIdle(job);
    case "round-trip":
      return measureRoundTrip(job);
    case "base":
      throw new Error("this mode has no load");
  }
}

function finish(outcome: Outcome): void {
  process.send!(outcome, () => process.exit(outcome.ok ? 0 : 1));
}

function fail(error: unknown): void {
  finish({ ok: false, reason: error instanceof Error ? error.message : String(error) });
}

process.on("uncaughtException", fail);
// Whoever started it is gone.
process.on("disconnect", () => process.exit(1));
process.once("message", (job: Job) => {
  measure(job).then((figures) => finish({ ok: true, figures }), fail);
});
