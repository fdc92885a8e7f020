import { byId } from "./by-id.ts";
import { clockText } from "./clock-text.ts";
import { setText } from "./set-text.ts";

/** Says whether what the page shows is of now; when it is not any more, since when, in words that screen readers read out. */
export class LiveSign {
  readonly #sign = byId("live", HTMLElement);
  readonly #word = byId("live-word", HTMLElement);
  readonly #banner = byId("not-live", HTMLElement);
  #deadSince: number | undefined;

  get isLive(): boolean {
    return this.#sign.dataset.live === "yes";
  }

  /** `answers`: it is not live though the gateway is there. */
  show(isLive: boolean, answers: boolean): void {
    const now = Date.now();
    if (isLive) this.#deadSince = undefined;
    else this.#deadSince ??= now;
    this.#sign.dataset.live = isLive ? "yes" : "no";
    document.body.classList.toggle("stale", !isLive);
    setText(this.#word, isLive ? "live" : "not live");
    setText(this.#banner, this.#deadSince === undefined ? "" : deadText(clockText(this.#deadSince, now), answers));
  }
}

function deadText(since: string, answers: boolean): string {
  const why = answers
    ? "The gateway has no room for one more live view (http.max_streams)"
    : `No connection to the gateway since ${since}`;
  return `${why}: what is shown is not of now. The page tries again by itself.`;
}
