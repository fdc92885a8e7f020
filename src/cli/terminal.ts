import { isatty } from "node:tty";

/** The standard streams, by their descriptors. */
const STREAMS = [0, 1, 2];

/** The terminal that the process was started on, if it was. */
export class Terminal {
  readonly #streams = STREAMS.filter((stream) => isatty(stream));

  /** Whether there was one, and its window was closed, or its line hung up. Of such a one the system says that it is no terminal. */
  get isGone(): boolean {
    return this.#streams.some((stream) => !isatty(stream));
  }
}
