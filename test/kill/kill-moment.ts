import type { Random } from "../../src/device/random.ts";

/** What can be waited for before the gateway is killed. */
export type Happening = "datagram of a device" | "datagram of the gateway" | "message at the far end";

/** When to kill: at the n-th time that something happens, in the middle of whatever goes on then, or some time after the start. */
export type KillMoment = { happening: Happening; count: number } | { happening: "start"; count: number };

/** The longest that the gateway lives when what was waited for does not happen, in milliseconds. */
export const LIFE_MS_MAX = 3000;

const HAPPENINGS: readonly Happening[] = ["datagram of a device", "datagram of the gateway", "message at the far end"];

/** The next moment. Of one that is counted from the start, `count` is milliseconds. */
export function drawMoment(random: Random): KillMoment {
  // While it starts, and just after.
  if (random.next() < 0.15) return { happening: "start", count: random.integer(0, 800) };
  const happening = HAPPENINGS[random.integer(0, HAPPENINGS.length - 1)]!;
  // Some soon, some after what has happened was written down: that takes up to a second.
  const countMax = random.next() < 0.5 ? 100 : 800;
  return { happening, count: random.integer(1, happening === "message at the far end" ? countMax / 10 : countMax) };
}
