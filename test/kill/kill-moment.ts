import type { Random } from "../../src/device/random.ts";

/** After what the gateway is killed: a message of a device, one of the gateway, or one that has come to the far end; or some time after its start. */
export type Happening = (typeof HAPPENINGS)[number];

/** The gateway is killed when something has happened so often; of "start" the count is in milliseconds. */
export interface KillMoment {
  happening: Happening | "start";
  count: number;
}

/** The longest that the gateway lives when what is waited for does not happen, in milliseconds. */
export const LIFE_MS_MAX = 2000;

/** Every step of an exchange, so that each of them is the last one now and then. */
const HAPPENINGS = [
  "-> PUBLISH",
  "-> PUBACK",
  "-> PUBREC",
  "-> PUBREL",
  "-> PUBCOMP",
  "-> REGISTER",
  "-> REGACK",
  "-> PINGREQ",
  "-> DISCONNECT",
  "<- PUBLISH",
  "<- PUBACK",
  "<- PUBREC",
  "<- PUBREL",
  "<- PUBCOMP",
  "<- REGISTER",
  "<- REGACK",
  "<- PINGRESP",
  "<- DISCONNECT",
  "far end",
] as const;

export function drawMoment(random: Random): KillMoment {
  // While it starts, and just after.
  if (random.next() < 0.15) return { happening: "start", count: random.integer(0, 800) };
  const happening = HAPPENINGS[random.integer(0, HAPPENINGS.length - 1)]!;
  // Some soon, some after what has happened was written down: that takes up to a second.
  return { happening, count: random.integer(1, random.next() < 0.5 ? 10 : 100) };
}
