/** Between two attempts to listen: twice as long each time. One that is about to stop may still have the place. */
const RETRY_MIN_MS = 1000;
const RETRY_MAX_MS = 10_000;

/** Tries to listen until it works. */
export class ListenAttempts {
  readonly #listen: () => Promise<void>;
  readonly #onFirstFailure: (error: NodeJS.ErrnoException, retryMaxMs: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MIN_MS;
  #hasFailed = false;
  #isEnded = false;

  /** `onFirstFailure` is told why the first attempt failed, and how long it is at most from one to the next. */
  constructor(listen: () => Promise<void>, onFirstFailure: (error: NodeJS.ErrnoException, retryMaxMs: number) => void) {
    this.#listen = listen;
    this.#onFirstFailure = onFirstFailure;
  }

  /** Ends with the first attempt; others follow where that failed. Never rejects. */
  async begin(): Promise<void> {
    try {
      await this.#listen();
    } catch (error) {
      if (this.#isEnded) return;
      if (!this.#hasFailed) this.#onFirstFailure(error as NodeJS.ErrnoException, RETRY_MAX_MS);
      this.#hasFailed = true;
      this.#timer = setTimeout(() => void this.begin(), this.#retryMs).unref();
      this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MAX_MS);
    }
  }

  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#timer);
  }
}
