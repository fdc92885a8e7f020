import type { History, HistoryPoint } from "../../http/answers.ts";

/** What there is at one moment; counts are since the gateway was started. */
export interface RateSample {
  readonly datagramsIn: number;
  readonly datagramsOut: number;
  readonly published: number;
  readonly delivered: number;
  readonly repeated: number;
  /** Clients that are active, asleep or awake. */
  readonly clients: number;
  readonly asleep: number;
  readonly brokerReachable: boolean;
}

/** The clocks and the timer that it goes by; tests have their own. */
interface HistoryTime {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Milliseconds since 1970. */
  wallClock(): number;
  /** Calls back each `intervalMs`, until what is returned is called. */
  every(intervalMs: number, callback: () => void): () => void;
}

const SECOND_MS = 1000;
const SECONDS_A_MINUTE = 60;

/** Points that are kept: ten minutes of seconds, and a day of minutes. */
const SECONDS_KEPT = 600;
const MINUTES_KEPT = 1440;

const SYSTEM_TIME: HistoryTime = {
  now: () => performance.now(),
  wallClock: () => Date.now(),
  every: (intervalMs, callback) => {
    const timer = setInterval(callback, intervalMs).unref();
    return () => clearInterval(timer);
  },
};

/** How much went through the gateway, second by second for ten minutes and minute by minute for a day, in a fixed piece of memory. */
export class RateHistory {
  readonly #sample: () => RateSample;
  readonly #time: HistoryTime;
  readonly #seconds = new Points(SECONDS_KEPT);
  readonly #minutes = new Points(MINUTES_KEPT);
  /** With what the second and the minute began that are under way. */
  #secondStart: Moment | undefined;
  #minuteStart: Moment | undefined;
  #secondsOfMinute = 0;
  /** The broker could be reached in the whole minute. */
  #reachableInMinute = true;
  #stop: (() => void) | undefined;

  /** `sample` is called each second. */
  constructor(sample: () => RateSample, time = SYSTEM_TIME) {
    this.#sample = sample;
    this.#time = time;
  }

  /** From now on it keeps what happens. */
  start(): void {
    const start = this.#moment();
    this.#secondStart = start;
    this.#minuteStart = start;
    this.#stop ??= this.#time.every(SECOND_MS, this.#onSecond);
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** What was kept, oldest first. */
  history(range: History["range"]): History {
    if (range === "10m") return { range, intervalSeconds: 1, points: this.#seconds.all(this.#sinceEpochMs) };
    return { range, intervalSeconds: SECONDS_A_MINUTE, points: this.#minutes.all(this.#sinceEpochMs) };
  }

  readonly #onSecond = (): void => {
    const now = this.#moment();
    const { brokerReachable } = now.sample;
    this.#seconds.add(this.#secondStart!, now, brokerReachable);
    this.#secondStart = now;
    this.#reachableInMinute &&= brokerReachable;
    this.#secondsOfMinute += 1;
    if (this.#secondsOfMinute < SECONDS_A_MINUTE) return;
    this.#minutes.add(this.#minuteStart!, now, this.#reachableInMinute);
    this.#minuteStart = now;
    this.#secondsOfMinute = 0;
    this.#reachableInMinute = true;
  };

  /** From the clock that never goes back to the time of day: somebody may have set the clock since a point was kept. */
  get #sinceEpochMs(): number {
    return this.#time.wallClock() - this.#time.now();
  }

  #moment(): Moment {
    return { atMs: this.#time.now(), sample: this.#sample() };
  }
}

interface Moment {
  readonly atMs: number;
  readonly sample: RateSample;
}

/** Numbers of a point. */
const FIELDS = 9;

/** The last so many points: of more, the oldest is forgotten. */
class Points {
  readonly #capacity: number;
  readonly #numbers: Float64Array;
  /** Points that were ever added. */
  #added = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#numbers = new Float64Array(capacity * FIELDS);
  }

  /** What happened between two moments. */
  add(from: Moment, to: Moment, brokerReachable: boolean): void {
    // The process may not have run for a while: what came then is spread over all of it.
    const seconds = Math.max(1, to.atMs - from.atMs) / SECOND_MS;
    const [before, now] = [from.sample, to.sample];
    const offset = (this.#added % this.#capacity) * FIELDS;
    const numbers = this.#numbers;
    numbers[offset] = to.atMs;
    numbers[offset + 1] = (now.datagramsIn - before.datagramsIn) / seconds;
    numbers[offset + 2] = (now.datagramsOut - before.datagramsOut) / seconds;
    numbers[offset + 3] = (now.published - before.published) / seconds;
    numbers[offset + 4] = (now.delivered - before.delivered) / seconds;
    numbers[offset + 5] = (now.repeated - before.repeated) / seconds;
    numbers[offset + 6] = now.clients;
    numbers[offset + 7] = now.asleep;
    numbers[offset + 8] = brokerReachable ? 1 : 0;
    this.#added += 1;
  }

  /** Oldest first. `sinceEpochMs` leads to the time of day. */
  all(sinceEpochMs: number): HistoryPoint[] {
    const count = Math.min(this.#added, this.#capacity);
    const first = this.#added - count;
    return Array.from({ length: count }, (_, index) => this.#point((first + index) % this.#capacity, sinceEpochMs));
  }

  #point(index: number, sinceEpochMs: number): HistoryPoint {
    const offset = index * FIELDS;
    const number = (field: number) => this.#numbers[offset + field]!;
    return {
      at: Math.round(number(0) + sinceEpochMs),
      datagramsInPerSecond: rounded(number(1)),
      datagramsOutPerSecond: rounded(number(2)),
      publishedPerSecond: rounded(number(3)),
      deliveredPerSecond: rounded(number(4)),
      repeatedPerSecond: rounded(number(5)),
      clients: number(6),
      asleep: number(7),
      brokerReachable: number(8) === 1,
    };
  }
}

/** To three decimals: a message in ten minutes is still seen, and the answer stays short. */
function rounded(rate: number): number {
  return Math.round(rate * 1000) / 1000;
}
