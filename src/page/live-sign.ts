import { byId } from "./by-id.ts";
import { clockText } from "./clock-text.ts";
import { setText } from "./set-text.ts";

/** Says whether what the page shows is of now; when it is not any more, since when, in words that screen readers read out. */
export class LiveSign {
  readonly #sign = byId("live", HTMLElement);
  readonly #word = byId("live-word", HTMLElement);
  readonly #banner = byId("not-live", HTMLElement);

  get isLive(): boolean {
    return this.#sign.dataset.live === "yes";
  }

  show(isLive: boolean): void {
    const state = isLive ? "yes" : "no";
    if (this.#sign.dataset.live === state) return;
    this.#sign.dataset.live = state;
    document.body.classList.toggle("stale", !isLive);
    setText(this.#word, isLive ? "live" : "not live");
    const now = Date.now();
    const since = `No connection to the gateway since ${clockText(now, now)}: what is shown is of then. The page tries again by itself.`;
    setText(this.#banner, isLive ? "" : since);
  }
}
