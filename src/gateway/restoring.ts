import type { Admission } from "./admission.ts";
import { type Context, note } from "./context.ts";
import type { Address, Instant } from "./contract.ts";
import { Forwarding } from "./forwarding.ts";
import type { SavedGateway, SavedSession } from "./saved-session.ts";
import type { Sessions } from "./sessions.ts";

/** What of before a restart comes back, under settings that may be others by now. */
export class Restoring {
  readonly #context: Context;
  readonly #sessions: Sessions;
  readonly #admission: Admission;

  constructor(context: Context, sessions: Sessions, admission: Admission) {
    this.#context = context;
    this.#sessions = sessions;
    this.#admission = admission;
  }

  restore({ sessions, lastTopicId, endedInOrder }: SavedGateway, now: Instant): void {
    this.#context.topicIds.continueAfter(lastTopicId, endedInOrder === true);
    this.#sessions.emitSave("");
    const counts = { active: 0, asleep: 0, stored: 0, dropped: 0 };
    for (const saved of sessions) counts[this.#restoreOne(saved, now)] += 1;
    note(this.#context, "sessions.restored", counts);
  }

  #restoreOne(saved: SavedSession, now: Instant): "active" | "asleep" | "stored" | "dropped" {
    const { clientId, durable, wirelessNodeId } = saved;
    if (this.#sessions.of(clientId) !== undefined) return "dropped";
    const forwarding = wirelessNodeId && new Forwarding(saved.address, wirelessNodeId);
    const state = this.#isWelcome(saved, forwarding?.nodeAddress ?? saved.address) ? saved.state : "disconnected";
    if (state === "disconnected" && !durable) {
      this.#sessions.emitSave(clientId);
      return "dropped";
    }
    if (!this.#sessions.restore(saved, state, forwarding, now)) return "dropped";
    return state === "disconnected" ? "stored" : state;
  }

  /** Whether a client that was connected before still is. */
  #isWelcome({ clientId, state, wirelessNodeId }: SavedSession, address: Address): boolean {
    if (state === "disconnected" || !this.#admission.admits(clientId)) return false;
    const { clientsMax, forwarders, migrateOnWake } = this.#context.settings;
    if (this.#sessions.liveCount >= clientsMax || (wirelessNodeId !== undefined && !forwarders)) return false;
    const there = this.#sessions.at(address);
    return there === undefined || (migrateOnWake && (state === "asleep" || there.state === "asleep"));
  }
}
