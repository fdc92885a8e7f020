import type { SavedSession } from "./saved-session.ts";
import type { State } from "./state.ts";

/**
 * What a restart is to make of a client in this state; undefined where nothing is kept. One that is awake has gone back to sleep by
 * then. It is in the middle of a CONNECT, which it will repeat: `wakes`: with which it wakes up; `renews`: with which its connection begins
 * anew.
 */
export function keptAs(
  state: State,
  durable: boolean,
  wakes: boolean,
  renews: boolean,
): SavedSession["state"] | undefined {
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
      if (durable && renews) return "active";
      return durable ? "disconnected" : undefined;
  }
}
