import type { ClientState } from "../http/answers.ts";
import { setText } from "./set-text.ts";
import { STATE_LOOKS } from "./state-words.ts";

const SVG = "http://www.w3.org/2000/svg";

/** The state of a client as shape and word. It changes in place. */
export class StateBadge {
  readonly element: HTMLSpanElement;
  readonly #path: SVGPathElement;
  readonly #word: HTMLSpanElement;
  #state: ClientState | undefined;

  constructor() {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("aria-hidden", "true");
    this.#path = document.createElementNS(SVG, "path");
    this.#path.setAttribute("fill-rule", "evenodd");
    svg.append(this.#path);
    this.#word = document.createElement("span");
    this.element = document.createElement("span");
    this.element.append(svg, this.#word);
  }

  show(state: ClientState): void {
    if (state === this.#state) return;
    this.#state = state;
    const look = STATE_LOOKS[state];
    this.element.className = `state tone-${look.tone}`;
    this.element.title = look.meaning;
    this.#path.setAttribute("d", look.path);
    setText(this.#word, look.word);
  }
}
