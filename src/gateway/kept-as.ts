import type { SavedSession } from "./saved-session.ts";
import type { State } from "./state.ts";

/**
 * What a restart is to make of a client in this state; undefined where nothing is kept. One that is awake has gone back to sleep by
 * then. `wakes`: it is in the middle of a CONNECT with which it wakes up, and will repeat it.
 */
export function keptAs(state: State, durable: boolean, wakes: boolean): SavedSession["state"] | undefined {
  switch (state) {
    case "asleep":
    case "awake":
      return "asleep";
    case "active":
      return durable ? "active" : undefined;
    case "disconnected":
    case "lost":
      return durable ? "disconnected" : undefined;
    default:
      if (wakes) return "asleep";
      return durable ? "disconnected" : undefined;
  }
}
