import { byId } from "./by-id.ts";
import { setText } from "./set-text.ts";

/** Screen readers are not talked to more often than this of what happens by itself. */
const RARELY_MS = 30_000;

/** What screen readers say of changes: what somebody has asked for at once, what happens by itself rarely. */
export class Announcer {
  readonly #place = byId("announcement", HTMLElement);
  #saidAt = Number.NEGATIVE_INFINITY;

  answer(text: string): void {
    setText(this.#place, text);
  }

  /** Whether it was said. */
  mention(text: string): boolean {
    const now = performance.now();
    if (now - this.#saidAt < RARELY_MS) return false;
    this.#saidAt = now;
    setText(this.#place, text);
    return true;
  }
}
