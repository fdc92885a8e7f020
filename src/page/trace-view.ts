import type { TracedDatagram } from "../http/answers.ts";
import { byId } from "./by-id.ts";
import { exactText } from "./clock-text.ts";
import { countText } from "./count-text.ts";
import { LiveEvents } from "./live-events.ts";
import { make } from "./make.ts";
import { setText } from "./set-text.ts";
import { visibleText } from "./visible-text.ts";

/** So many are shown; older ones go. */
const ROWS_MAX = 500;

/** How near to its end the list is for it to follow what comes, in pixels. */
const END_PX = 24;

const TIME = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});

/** Datagrams in words, as they come and go. Paused, what is shown stands still, and goes on with what came meanwhile. */
export class TraceView {
  readonly #path: string;
  readonly #rows = byId("trace-rows", HTMLTableSectionElement);
  readonly #scroll = byId("trace-scroll", HTMLElement);
  readonly #start = byId("trace-start", HTMLButtonElement);
  readonly #pause = byId("trace-pause", HTMLButtonElement);
  #live: LiveEvents | undefined;
  #waiting: TracedDatagram[] = [];
  #shown: TracedDatagram[] = [];
  #omitted = 0;
  #isPaused = false;
  #isConnected = false;
  #isDrawDue = false;

  /** `path` is that of the stream. */
  constructor(path: string) {
    this.#path = path;
    this.#start.addEventListener("click", () => (this.#live === undefined ? this.start() : this.#stop()));
    this.#pause.addEventListener("click", () => this.#setPaused(!this.#isPaused));
    byId("trace-clear", HTMLButtonElement).addEventListener("click", () => this.#clear());
    byId("trace-copy", HTMLButtonElement).addEventListener("click", () => void this.#copy());
    this.#tell();
  }

  start(): void {
    const handlers = {
      datagram: (data: unknown) => this.#add(data as TracedDatagram),
      omitted: (data: unknown) => this.#omit((data as { count: number }).count),
    };
    this.#live ??= new LiveEvents(this.#path, handlers, (isLive) => {
      this.#isConnected = isLive;
      this.#tell();
    });
    this.#setPaused(false);
  }

  #stop(): void {
    this.#live?.close();
    this.#live = undefined;
    this.#isConnected = false;
    this.#setPaused(false);
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused && this.#live !== undefined;
    this.#drawSoon();
    this.#tell();
  }

  #clear(): void {
    this.#waiting = [];
    this.#shown = [];
    this.#omitted = 0;
    this.#rows.replaceChildren();
    this.#tell();
  }

  #add(datagram: TracedDatagram): void {
    this.#waiting.push(datagram);
    if (this.#waiting.length > ROWS_MAX) {
      this.#waiting.shift();
      this.#omitted += 1;
    }
    this.#drawSoon();
  }

  #omit(count: number): void {
    this.#omitted += count;
    this.#drawSoon();
  }

  /** However many come, they are drawn once a frame. */
  #drawSoon(): void {
    if (this.#isDrawDue) return;
    this.#isDrawDue = true;
    requestAnimationFrame(() => {
      this.#isDrawDue = false;
      this.#draw();
    });
  }

  #draw(): void {
    if (!this.#isPaused && this.#waiting.length > 0) {
      const scroll = this.#scroll;
      const follows = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < END_PX;
      this.#rows.append(...this.#waiting.map(rowOf));
      this.#shown.push(...this.#waiting);
      this.#waiting = [];
      const tooMany = this.#shown.length - ROWS_MAX;
      if (tooMany > 0) {
        this.#shown.splice(0, tooMany);
        for (let count = 0; count < tooMany; count += 1) this.#rows.rows[0]!.remove();
      }
      if (follows) scroll.scrollTop = scroll.scrollHeight;
    }
    this.#tell();
  }

  #tell(): void {
    const isOn = this.#live !== undefined;
    setText(this.#start, isOn ? "Stop" : "Start");
    setText(this.#pause, this.#isPaused ? "Go on" : "Pause");
    this.#pause.setAttribute("aria-disabled", String(!isOn));
    setText(byId("trace-state", HTMLElement), this.#state(isOn));
    const omitted = this.#omitted === 0 ? "" : `${countText(this.#omitted)} left out: more came than can be shown`;
    setText(byId("trace-omitted", HTMLElement), omitted);
  }

  #state(isOn: boolean): string {
    if (!isOn) return "off";
    if (!this.#isConnected) return "no connection to the gateway";
    if (this.#isPaused) return `paused, ${countText(this.#waiting.length)} waiting`;
    return this.#shown.length === 0 ? "waiting for a datagram" : "running";
  }

  async #copy(): Promise<void> {
    const text = this.#shown.map((datagram) => lineOf(datagram)).join("\n");
    const done = await copyText(text);
    setText(
      byId("trace-copied", HTMLElement),
      done ? `copied ${this.#shown.length} lines` : "the browser does not allow it",
    );
  }
}

/** Browsers let only pages over HTTPS or of this machine use the clipboard in the new way; the old way works everywhere. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", "offscreen", text);
    const before = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (before instanceof HTMLElement) before.focus();
    return done;
  }
}

function lineOf({ at, direction, octets, text, hex }: TracedDatagram): string {
  return `${new Date(at).toISOString()} ${direction.padEnd(3)} ${octets} ${visibleText(text)} [${hex}]`;
}

function rowOf({ at, direction, octets, text, hex }: TracedDatagram): HTMLTableRowElement {
  const row = make("tr", `way-${direction}`);
  const time = make("time", "", TIME.format(at));
  time.dateTime = new Date(at).toISOString();
  time.title = exactText(at);
  const cell = make("td");
  cell.append(time);
  const said = make("td", "said");
  const message = make("span", "", visibleText(text));
  message.dir = "auto";
  said.append(message, make("code", "hex", hex));
  row.append(
    cell,
    make("td", "way", direction === "in" ? "← in" : "→ out"),
    make("td", "number", String(octets)),
    said,
  );
  return row;
}
