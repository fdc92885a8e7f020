interface LinkPulseOptions {
  /** 0 is none. */
  keepAliveMs: number;
  answerTimeoutMs: number;
  tickMs: number;
}

/**
 * Whether the broker at the other end of a link is still there. It is told what is written and heard, and ticks: what a tick says is to
 * be done.
 */
export class LinkPulse {
  #keepAliveMs: number;
  readonly #answerTimeoutMs: number;
  readonly #tickMs: number;

  #pingsSent = 0;
  #pingsAnswered = 0;
  /** Which of the pings are probes, oldest first. */
  #probes: number[] | undefined;
  #wrote = false;
  #heard = false;
  #wroteAtMs = 0;
  #heardAtMs = 0;
  /** Something that has an answer was written, and nothing has been heard since. */
  #awaitsAnswer = false;
  /**
   * For how many whole ticks nothing has been heard though an answer is due, from the ping on where one is under way. Ticks are counted
   * and not time: a process that stood still has heard nothing either.
   */
  #silentTicks = NOT_ONE_TICK;

  constructor({ keepAliveMs, answerTimeoutMs, tickMs }: LinkPulseOptions) {
    this.#keepAliveMs = keepAliveMs;
    this.#answerTimeoutMs = answerTimeoutMs;
    this.#tickMs = tickMs;
  }

  /**
   * The broker has accepted the connection; it wants a keep alive of `serverKeepAliveMs`, where it has said so. `phase`, from 0 to 1,
   * spreads the pings: ten thousand links that were opened within a second would otherwise ping within a second, for ever.
   */
  opened(nowMs: number, phase: number, serverKeepAliveMs: number | undefined): void {
    // With none at all a broker that is gone would not be noticed: ours goes on, which no broker minds.
    if (serverKeepAliveMs !== undefined && serverKeepAliveMs > 0) this.#keepAliveMs = serverKeepAliveMs;
    this.#heardAtMs = nowMs;
    this.#wroteAtMs = nowMs - this.#keepAliveMs * phase;
  }

  wrote(): void {
    this.#wrote = true;
  }

  /** Something was written that the broker has an answer to. */
  wroteQuestion(): void {
    this.#awaitsAnswer = true;
  }

  heard(): void {
    this.#heard = true;
    this.#awaitsAnswer = false;
  }

  /** The broker reads. One that reads slowly, and answers what it has read, is no broker that is gone. */
  drained(): void {
    this.#heard = true;
  }

  /** A PINGREQ is sent. */
  pinged(isProbe: boolean): void {
    if (this.#pingsSent === this.#pingsAnswered) this.#silentTicks = NOT_ONE_TICK;
    this.#pingsSent += 1;
    if (!isProbe) return;
    this.#probes ??= [];
    this.#probes.push(this.#pingsSent);
  }

  /** A PINGRESP has come; whether it answers a probe. */
  answered(): boolean {
    // A PINGRESP that nobody asked for is as good a sign of life, but answers nothing.
    if (this.#pingsAnswered === this.#pingsSent) return false;
    this.#pingsAnswered += 1;
    if (this.#probes?.[0] !== this.#pingsAnswered) return false;
    this.#probes.shift();
    return true;
  }

  /**
   * Some time has passed: it is `nowMs`, and was `beforeMs` the last time. Gives what is due: a PINGREQ, or the end of a connection over
   * which nothing comes back. While reading is paused nothing can be heard: silence means nothing.
   */
  tick(nowMs: number, beforeMs: number, isPaused: boolean): "ping" | "end" | undefined {
    if (this.#wrote) {
      this.#wrote = false;
      this.#wroteAtMs = beforeMs;
    }
    const pinged = this.#pingsSent > this.#pingsAnswered;
    if (!pinged && !this.#awaitsAnswer) this.#silentTicks = NOT_ONE_TICK;
    else this.#silentTicks += 1;
    if (this.#heard || isPaused) {
      this.#heard = false;
      this.#heardAtMs = beforeMs;
      this.#silentTicks = Math.min(this.#silentTicks, 0);
    }
    const isSilent = this.#silentTicks * this.#tickMs >= this.#answerTimeoutMs;
    if (isSilent && pinged) return "end";
    if (!isSilent && !this.#keepAliveIsDue(nowMs, pinged)) return undefined;
    this.pinged(false);
    if (!pinged) this.#silentTicks = 0;
    return "ping";
  }

  #keepAliveIsDue(nowMs: number, pinged: boolean): boolean {
    if (this.#keepAliveMs === 0) return false;
    const dueMs = nowMs + this.#tickMs - this.#keepAliveMs;
    // A stream that only takes tells nothing of a broker that is gone: a ping is also due when nothing has been heard.
    return this.#wroteAtMs < dueMs || (this.#heardAtMs < dueMs && !pinged);
  }
}

/** What is written between two ticks has not waited for a whole one at the next. */
const NOT_ONE_TICK = -1;
