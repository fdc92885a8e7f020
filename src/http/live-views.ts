import type { EventStream } from "./event-stream.ts";
import { type Job, Overloaded, type WorkShare } from "./work-share.ts";

/** How often a view is looked at. */
const INTERVAL_MS = 1000;

/** One event of a view; a look tells the same number of them each time. */
export interface ViewEvent {
  event: string;
  /** JSON. */
  data: string;
  /** By which it is seen whether something has changed; `data` where it is not given. */
  sameAs?: string;
}

/** What is shown to all who asked for the same. */
interface View {
  look: () => Job<ViewEvent[]>;
  /** The last events, in the order in which a look tells them, and how often each has changed. */
  readonly last: { text: string; compared: string; version: number }[];
  /** The versions that each reader has. */
  readonly readers: Map<EventStream, number[]>;
}

/**
 * What streams show, about once a second, and only what has changed. Who asks for the same is shown the same, which is made once. A slow
 * reader is shown what there is when it has read on.
 */
export class LiveViews {
  readonly #share: WorkShare;
  readonly #onFailure: (error: unknown) => void;
  readonly #views = new Map<string, View>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  /** `onFailure` is told of a bug. */
  constructor(share: WorkShare, onFailure: (error: unknown) => void) {
    this.#share = share;
    this.#onFailure = onFailure;
  }

  /** Shows `look` to a reader until what is returned is called. `key` is the same where it is asked for the same. */
  show(key: string, look: () => Job<ViewEvent[]>, reader: EventStream): () => void {
    let view = this.#views.get(key);
    if (view === undefined) {
      view = { look, last: [], readers: new Map() };
      this.#views.set(key, view);
    }
    view.readers.set(reader, []);
    this.#timer ??= setInterval(() => void this.#lookAtAll(), INTERVAL_MS);
    void this.#lookAt(view);
    return () => this.#remove(key, view, reader);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#views.clear();
  }

  #remove(key: string, view: View, reader: EventStream): void {
    view.readers.delete(reader);
    if (view.readers.size === 0) this.#views.delete(key);
    if (this.#views.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Where the last look has not ended, there is more to do than one second has room for. */
  async #lookAtAll(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      for (const view of [...this.#views.values()]) {
        if (view.readers.size > 0) await this.#lookAt(view);
      }
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookAt(view: View): Promise<void> {
    let events: ViewEvent[];
    try {
      events = await this.#share.do(lookIfRead(view), "view");
    } catch (error) {
      // Where too many others ask at the moment, the next look comes in a second.
      if (!(error instanceof Overloaded)) this.#onFailure(error);
      return;
    }
    for (const [index, { event, data, sameAs = data }] of events.entries()) {
      const before = view.last[index];
      const compared = `${event} ${sameAs}`;
      const text = `event: ${event}\ndata: ${data}\n\n`;
      // Who comes later gets what is true then.
      if (before?.compared === compared) before.text = text;
      else view.last[index] = { text, compared, version: (before?.version ?? 0) + 1 };
    }
    const now = performance.now();
    for (const [reader, versions] of view.readers) {
      for (const [index, { text, version }] of view.last.entries()) {
        if (versions[index] !== version && reader.write(text, now)) versions[index] = version;
      }
    }
    this.#share.charge(performance.now() - now);
  }
}

/** Who has gone before the turn came is not worth it. */
function* lookIfRead(view: View): Job<ViewEvent[]> {
  return view.readers.size === 0 ? [] : yield* view.look();
}
