import type { Settings } from "./settings.ts";

/** Answers for a client that has gone to sleep since it asked (Z3), at most as many as it can have open requests. */
export class HeldAnswers {
  readonly #settings: Settings;
  #messages: Uint8Array[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  add(message: Uint8Array): void {
    // The oldest goes: the client repeats what it has no answer to, and is answered then.
    if (this.#messages.length >= this.#settings.inFlightMax) this.#messages.shift();
    this.#messages.push(message);
  }

  /** All of them, in order; none are held after that. */
  take(): Uint8Array[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }
}
