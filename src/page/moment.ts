import { exactText } from "./clock-text.ts";
import { durationText } from "./duration-text.ts";
import { setText } from "./set-text.ts";

/** A time as people say it, `12 s ago` or `in 3 min`, that has the exact one with it. It changes in place. */
export class Moment {
  readonly element = document.createElement("time");
  #at = Number.NaN;

  /** Milliseconds since 1970. */
  show(at: number, now: number): void {
    if (at !== this.#at) {
      this.#at = at;
      this.element.dateTime = new Date(at).toISOString();
      this.element.title = exactText(at);
    }
    setText(this.element, at <= now ? agoText(now - at) : `in ${durationText(at - now)}`);
  }
}

function agoText(ms: number): string {
  return ms < 1500 ? "now" : `${durationText(ms)} ago`;
}
