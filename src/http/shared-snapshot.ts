import type { ClientSummary } from "./answers.ts";
import { ClientSnapshot } from "./client-snapshot.ts";
import type { Job } from "./work-share.ts";

/** So long one look at all clients is shown to everybody: a little less than the second in which live views look again. */
const SHOWN_MS = 900;

/** So long it is kept where nobody asks: of many clients it is large. */
const KEPT_MS = 5000;

/** The last look at all clients, for all who ask about the same time. */
export class SharedSnapshot {
  readonly #clients: () => Iterable<ClientSummary>;
  #last: { of: ClientSnapshot; takenAtMs: number } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(clients: () => Iterable<ClientSummary>) {
    this.#clients = clients;
  }

  /** All clients, as they are or were a second ago. */
  *take(): Job<ClientSnapshot> {
    if (this.#last !== undefined && performance.now() - this.#last.takenAtMs < SHOWN_MS) return this.#last.of;
    const of = yield* ClientSnapshot.take(this.#clients());
    this.#last = { of, takenAtMs: performance.now() };
    // One timer, which holds none of them: those of before are free at once.
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#release, KEPT_MS).unref();
    return of;
  }

  readonly #release = (): void => {
    this.#last = undefined;
  };
}
