import type { ClientView } from "./client-view.ts";

/** How many clients there are in each state. */
export type StateCounts = Record<ClientView["state"], number>;

export function noStateCounts(): StateCounts {
  return {
    disconnected: 0,
    lost: 0,
    "awaiting will topic": 0,
    "awaiting will message": 0,
    "awaiting broker": 0,
    active: 0,
    asleep: 0,
    awake: 0,
    refused: 0,
    abandoned: 0,
  };
}
