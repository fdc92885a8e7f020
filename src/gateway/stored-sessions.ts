import type { KeptNames } from "./kept-names.ts";
import type { Session } from "./session.ts";
import type { Settings } from "./settings.ts";

/**
 * Sessions of clients that are disconnected or lost (W1). There may be so many, while there is room for what they hold; of more, one
 * without subscriptions and will is forgotten first, for it costs nobody anything, and of these as of the others the one that ended first.
 */
export class StoredSessions {
  readonly #settings: Settings;
  readonly #names: KeptNames;
  /** Sessions that have been there since the limit was lowered, those of clients that are connected included. */
  #inherited = 0;
  readonly #bare = new Set<Session>();
  readonly #others = new Set<Session>();

  constructor(settings: Settings, names: KeptNames) {
    this.#settings = settings;
    this.#names = names;
  }

  /** The limit is smaller from now on. The sessions that there are, `all` of them, stay, even where they are more than that. */
  limitLowered(all: number): void {
    this.#inherited = all;
  }

  has(session: Session): boolean {
    return this.#bare.has(session) || this.#others.has(session);
  }

  add(session: Session): void {
    (session.isBare ? this.#bare : this.#others).add(session);
  }

  delete(session: Session): void {
    this.#bare.delete(session);
    this.#others.delete(session);
  }

  /** The limit that leaves no place for all of them, by its key; undefined where there is none. `all` is how many sessions there are. */
  limitExceeded(all: number): string | undefined {
    this.#inherited = Math.min(this.#inherited, all);
    if (this.#size > Math.max(this.#settings.clientsMax, this.#inherited)) return "clients.max";
    return this.#size > 0 && this.#names.isNearlyFull ? "clients.max_topic_bytes" : undefined;
  }

  /** Takes out the one that is to be forgotten first. There has to be one. */
  takeFirst(): Session {
    const [session] = this.#bare.size > 0 ? this.#bare : this.#others;
    this.delete(session!);
    return session!;
  }

  get #size(): number {
    return this.#bare.size + this.#others.size;
  }
}
