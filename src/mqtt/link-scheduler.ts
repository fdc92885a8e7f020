import { performance } from "node:perf_hooks";

/** What a link has done for it. */
export interface ScheduledLink {
  /** The event-loop turn in which it asked is over. */
  endTurn(): void;
  /** Some time has passed: it is `nowMs`, and was `beforeMs` the last time. */
  tick(nowMs: number, beforeMs: number): void;
}

/** How exact keep alives are, unless told otherwise. */
const TICK_MS = 1000;

/**
 * What all links share: the end of the event-loop turn, at which each writes once what it was given during the turn, and one coarse
 * clock for their keep alives, for a timer each would cost ten thousand links memory and time. Neither keeps the process alive by
 * itself.
 */
export class LinkScheduler {
  readonly tickMs: number;
  readonly #ticking = new Set<ScheduledLink>();
  #timer: NodeJS.Timeout | undefined;
  #tickedAtMs = 0;
  #turn: ScheduledLink[] = [];

  constructor(tickMs: number = TICK_MS) {
    this.tickMs = tickMs;
  }

  /** `endTurn` is called once for each call of this. */
  atEndOfTurn(link: ScheduledLink): void {
    if (this.#turn.length === 0) setImmediate(this.#endTurn);
    this.#turn.push(link);
  }

  /** From now on `link` is told the time. */
  startTicking(link: ScheduledLink): void {
    this.#ticking.add(link);
    if (this.#timer !== undefined) return;
    this.#tickedAtMs = performance.now();
    this.#timer = setInterval(this.#tick, this.tickMs).unref();
  }

  stopTicking(link: ScheduledLink): void {
    this.#ticking.delete(link);
    if (this.#ticking.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  readonly #endTurn = (): void => {
    const links = this.#turn;
    this.#turn = [];
    for (const link of links) link.endTurn();
  };

  readonly #tick = (): void => {
    const nowMs = performance.now();
    const beforeMs = this.#tickedAtMs;
    this.#tickedAtMs = nowMs;
    for (const link of this.#ticking) link.tick(nowMs, beforeMs);
  };
}
