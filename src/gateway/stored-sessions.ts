import type { KeptNames } from "./kept-names.ts";
import type { Session } from "./session.ts";

/**
 * Sessions of clients that are disconnected or lost (W1). There may be so many, while there is room for what they hold; of more, one
 * without subscriptions and will is forgotten first, for it costs nobody anything, and of these as of the others the one that ended first.
 */
export class StoredSessions {
  readonly #max: number;
  readonly #names: KeptNames;
  readonly #bare = new Set<Session>();
  readonly #others = new Set<Session>();

  constructor(max: number, names: KeptNames) {
    this.#max = max;
    this.#names = names;
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

  /** The limit that leaves no place for all of them, by its key. */
  get exceededLimit(): string | undefined {
    const size = this.#bare.size + this.#others.size;
    if (size > this.#max) return "clients.max";
    return size > 0 && this.#names.isNearlyFull ? "clients.max_topic_bytes" : undefined;
  }

  /** Takes out the one that is to be forgotten first. There has to be one. */
  takeFirst(): Session {
    const [session] = this.#bare.size > 0 ? this.#bare : this.#others;
    this.delete(session!);
    return session!;
  }
}
