import { performance } from "node:perf_hooks";

/** The part of time that the work may take while there is any: so many times as long as it worked it rests. */
const REST_FACTOR = 9;

/** How long it works before it looks whether to rest. A datagram that comes meanwhile waits. */
const TURN_MS = 2;

/** Jobs that may wait besides the one that is begun, of requests and of live views each. */
const WAITING_MAX = 64;

/** For whom a job is done. Each kind has its own places, and they take turns: however many ask, who only looks on is shown what is new. */
type For = "request" | "view";

/** Work in steps: each `next()` does a little of it. */
export type Job<T> = Generator<void, T>;

interface Waiting {
  job: Job<unknown>;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/** More is asked for than can be answered soon. */
export class Overloaded extends Error {
  readonly code = "OVERLOADED";
}

/** The clock and timers that it works with; tests have their own. */
interface WorkTime {
  now(): number;
  after(delayMs: number, callback: () => void): void;
}

const SYSTEM_TIME: WorkTime = {
  now: () => performance.now(),
  after: (delayMs, callback) => {
    setTimeout(callback, delayMs);
  },
};

/**
 * Work that must not slow the gateway: one job after the other, a few milliseconds at a time, and a tenth of the time in all. Many who ask
 * get slower answers, not slower sensors.
 */
export class WorkShare {
  readonly #time: WorkTime;
  readonly #waiting: Readonly<Record<For, Waiting[]>> = { request: [], view: [] };
  /** The job that is begun. */
  #current: Waiting | undefined;
  #lastFor: For = "view";
  /** It works, or rests. */
  #isBusy = false;
  /** Milliseconds of other work, for which it has not rested yet. */
  #owedMs = 0;

  constructor(time = SYSTEM_TIME) {
    this.#time = time;
  }

  /** Does this job when its turn comes. Rejects with `Overloaded` at once where too many wait, and with what the job throws. */
  do<T>(job: Job<T>, whose: For = "request"): Promise<T> {
    const waiting = this.#waiting[whose];
    if (waiting.length >= WAITING_MAX) return Promise.reject(new Overloaded("too many requests wait"));
    return new Promise<T>((resolve, reject) => {
      waiting.push({ job, resolve, reject });
      if (this.#isBusy) return;
      this.#isBusy = true;
      this.#work();
    });
  }

  /** Work that was done apart from jobs, such as writing to who looks on: it rests for that too. */
  charge(workMs: number): void {
    this.#owedMs += workMs;
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#rest(0);
  }

  readonly #work = (): void => {
    const start = this.#time.now();
    let workedMs = 0;
    while (workedMs < TURN_MS) {
      this.#current ??= this.#next();
      if (this.#current === undefined) break;
      this.#step(this.#current);
      workedMs = this.#time.now() - start;
    }
    // It also rests behind the last job: the next one may be asked for at once.
    this.#rest(workedMs);
  };

  #rest(workedMs: number): void {
    const restMs = (workedMs + this.#owedMs) * REST_FACTOR;
    this.#owedMs = 0;
    this.#time.after(restMs, this.#goOn);
  }

  readonly #goOn = (): void => {
    if (this.#owedMs > 0) this.#rest(0);
    else if (this.#current === undefined && this.#isNobodyWaiting) this.#isBusy = false;
    else this.#work();
  };

  get #isNobodyWaiting(): boolean {
    return this.#waiting.request.length + this.#waiting.view.length === 0;
  }

  /** Of those who had no turn the last time, where any of them waits. */
  #next(): Waiting | undefined {
    const other = this.#lastFor === "request" ? "view" : "request";
    if (this.#waiting[other].length > 0) this.#lastFor = other;
    return this.#waiting[this.#lastFor].shift();
  }

  #step(current: Waiting): void {
    try {
      const { done, value } = current.job.next();
      if (done !== true) return;
      this.#current = undefined;
      current.resolve(value as never);
    } catch (error) {
      this.#current = undefined;
      current.reject(error);
    }
  }
}
