import type { Instant } from "../../src/gateway/contract.ts";

/** How many arrows a failure shows. */
const KEPT = 50;

interface Arrow {
  readonly at: Instant;
  readonly text: () => string;
}

/** What has happened, one line each; put into words only where somebody reads it. */
export class ArrowLog {
  readonly #onArrow: ((arrow: string) => void) | undefined;
  #arrows: Arrow[] = [];

  /** `onArrow` is called with every arrow. */
  constructor(onArrow: ((arrow: string) => void) | undefined) {
    this.#onArrow = onArrow;
  }

  /** The last ones. */
  get last(): string[] {
    return this.#arrows.slice(-KEPT).map(textOf);
  }

  add(at: Instant, text: () => string): void {
    const arrow = { at, text };
    this.#onArrow?.(textOf(arrow));
    this.#arrows.push(arrow);
    if (this.#arrows.length > 2 * KEPT) this.#arrows = this.#arrows.slice(-KEPT);
  }
}

function textOf({ at, text }: Arrow): string {
  return `${(at / 1000).toFixed(3).padStart(9)} ${text()}`;
}
