import type { Session } from "./session.ts";

/**
 * Sessions of clients that are disconnected or lost (W1). There may be so many; of more, one without subscriptions and will is forgotten
 * first, for it costs nobody anything, and of these as of the others the one that ended first.
 */
export class StoredSessions {
  readonly #max: number;
  readonly #bare = new Set<Session>();
  readonly #others = new Set<Session>();

  constructor(max: number) {
    this.#max = max;
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

  /** Takes out the one that is to be forgotten, where there are too many. */
  get oneTooMany(): Session | undefined {
    if (this.#bare.size + this.#others.size <= this.#max) return undefined;
    const [session] = this.#bare.size > 0 ? this.#bare : this.#others;
    this.delete(session!);
    return session;
  }
}
