import type { StateCounts } from "../../gateway/state-counts.ts";
import type { ClientState } from "../../http/answers.ts";

/** How many clients are in each state, as people are told of it: the steps of a CONNECT are one. */
export function clientStates(counts: Readonly<StateCounts>): Record<ClientState, number> {
  const { active, asleep, awake, disconnected, lost, refused, abandoned } = counts;
  const connecting = counts["awaiting will topic"] + counts["awaiting will message"] + counts["awaiting broker"];
  return { connecting, active, asleep, awake, disconnected, lost, refused, abandoned };
}
