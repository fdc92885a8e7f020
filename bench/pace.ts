/** What a timer sends at once at most, in messages due in so much time: it comes about every millisecond, and makes up for being late. */
const BURST_MS = 4;

/** When the messages of an open loop are due: evenly over its time, and never later because the sender is late. */
export class Pace {
  /** How many are due in all. */
  readonly total: number;
  /** How many may leave in one go of the timer. */
  readonly burstMax: number;
  readonly #startedAt: number;
  readonly #msBetween: number;

  /** So many a second, for `ms`, from `startedAt` on. */
  constructor(rate: number, ms: number, startedAt: number) {
    this.total = Math.round((rate * ms) / 1000);
    this.burstMax = Math.ceil((rate * BURST_MS) / 1000);
    this.#startedAt = startedAt;
    this.#msBetween = 1000 / rate;
  }

  /** Of the message with this number, from 0. */
  dueAt(number: number): number {
    return this.#startedAt + number * this.#msBetween;
  }

  /** How many are due by now, and not among those that were sent. */
  behind(sent: number, now: number): number {
    return Math.min(this.total, Math.floor((now - this.#startedAt) / this.#msBetween) + 1) - sent;
  }
}
