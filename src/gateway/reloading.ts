import type { Context } from "./context.ts";
import type { Instant } from "./contract.ts";
import type { Sessions } from "./sessions.ts";
import type { Settings } from "./settings.ts";

/** How the core goes on with other settings. Whoever reads them when they are of use follows by itself; the others are told here. */
export class Reloading {
  readonly #context: Context;
  readonly #sessions: Sessions;

  constructor(context: Context, sessions: Sessions) {
    this.#context = context;
    this.#sessions = sessions;
  }

  /**
   * From now on these settings hold. Nobody is disconnected by that. A smaller limit takes nothing away from who has more: it holds for
   * what comes. What is due keeps its time, and what follows it has the new one.
   */
  reload(settings: Settings, now: Instant): void {
    const { names, predefined, settings: ours } = this.#context;
    const before = { ...ours };
    Object.assign(ours, settings);
    if (ours.namesOctetsMax < before.namesOctetsMax) names.limitLowered();
    if (ours.clientsMax < before.clientsMax) this.#sessions.limitLowered();
    const queuesLess = ours.queuedMax < before.queuedMax || ours.queuedOctetsMax < before.queuedOctetsMax;
    const reservesMore = predefined.replace(ours.predefinedTopics);
    if (!queuesLess && !reservesMore) return;
    for (const session of this.#sessions.all) {
      this.#sessions.contained(session, "reload", now, () => {
        if (queuesLess) session.queueLimitLowered();
        if (reservesMore) session.idsReserved(now);
      });
    }
  }
}
