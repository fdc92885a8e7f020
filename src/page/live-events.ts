import { ask } from "./api.ts";

const RETRY_MS = { first: 1000, most: 15_000 } as const;

/**
 * After so long without an event, not even the one by which the gateway says every 15 s that it is there, the stream is dead: a network that is
 * gone, or a gateway without power, does not say so.
 */
const SILENT_MS = 20_000;

/** What is done with the events of a stream, by their name. */
type EventHandlers = Readonly<Record<string, (data: unknown) => void>>;

/**
 * Server-sent events that go on: after an end it is tried again, more and more rarely. While nobody looks at the page nothing is read.
 * `onChange` is told when it is live, and when it is not any more; `answers`: the gateway is there, and has no room for the stream.
 */
export class LiveEvents {
  readonly #handlers: EventHandlers;
  readonly #onChange: (isLive: boolean, answers: boolean) => void;
  #path: string;
  #source: EventSource | undefined;
  #retryMs: number = RETRY_MS.first;
  #retry: number | undefined;
  #heardAt = 0;
  readonly #watch: number;
  /** The gateway has answered since the stream ended. */
  #answers = false;
  #isClosed = false;

  constructor(path: string, handlers: EventHandlers, onChange: (isLive: boolean, answers: boolean) => void) {
    this.#path = path;
    this.#handlers = handlers;
    this.#onChange = onChange;
    document.addEventListener("visibilitychange", this.#onVisibility);
    // A page that the browser keeps for the way back comes to life again.
    addEventListener("pageshow", this.#onVisibility);
    addEventListener("pagehide", this.#pause);
    this.#watch = setInterval(() => void this.#lookAfter(), SILENT_MS / 4);
    this.#open();
  }

  /** Goes on with another stream. */
  follow(path: string): void {
    if (path === this.#path) return;
    this.#path = path;
    this.#retryMs = RETRY_MS.first;
    this.#open();
  }

  /** Ends it for good. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#watch);
    this.#pause();
    document.removeEventListener("visibilitychange", this.#onVisibility);
    removeEventListener("pageshow", this.#onVisibility);
    removeEventListener("pagehide", this.#pause);
  }

  readonly #onVisibility = (): void => {
    if (document.hidden) this.#pause();
    else if (this.#source === undefined) this.#open();
  };

  readonly #pause = (): void => {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = undefined;
  };

  #open(): void {
    this.#pause();
    if (this.#isClosed || document.hidden) return;
    const source = new EventSource(this.#path);
    this.#source = source;
    this.#heardAt = performance.now();
    source.addEventListener("open", () => this.#onOpen());
    source.addEventListener("error", () => this.#onError());
    source.addEventListener("beat", () => {
      this.#heardAt = performance.now();
    });
    for (const [name, handle] of Object.entries(this.#handlers)) {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        this.#heardAt = performance.now();
        handle(JSON.parse(event.data));
      });
    }
  }

  #onOpen(): void {
    this.#retryMs = RETRY_MS.first;
    this.#heardAt = performance.now();
    this.#answers = false;
    this.#onChange(true, true);
  }

  #onError(): void {
    this.#pause();
    this.#onChange(false, this.#answers);
    // Many pages that lost the gateway at once do not come back at once.
    const waitMs = this.#retryMs * (0.75 + Math.random() / 2);
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS.most);
    this.#retry = setTimeout(() => void this.#tryAgain(), waitMs);
  }

  /** A stream does not say why it was refused: an ordinary question does, and leads to the login where that is why. */
  async #tryAgain(): Promise<void> {
    const { ok } = await ask("/api/gateway");
    if (this.#isClosed || this.#source !== undefined) return;
    this.#answers = ok;
    if (ok) this.#open();
    else this.#onError();
  }

  async #lookAfter(): Promise<void> {
    const source = this.#source;
    if (source === undefined || performance.now() - this.#heardAt < SILENT_MS) return;
    const askedAt = performance.now();
    this.#heardAt = askedAt;
    const { ok } = await ask("/api/gateway");
    if (source !== this.#source || this.#heardAt !== askedAt) return;
    this.#answers = false;
    if (ok) this.#open();
    else this.#onError();
  }
}
