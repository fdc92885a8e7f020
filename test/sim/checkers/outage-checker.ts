import type { Instant } from "../../../src/gateway/contract.ts";
import { DEFAULT_SETTINGS } from "../../../src/gateway/settings.ts";
import type { SimOptions } from "../sim-options.ts";
import type { Fail } from "./fail.ts";

/** Waits in a row that are looked at together: one alone may be short by chance. */
const WAITS_TOGETHER = 3;

/**
 * One client whose broker connection is lost: it is made anew with growing waits, and the client is not told before the outage has lasted.
 */
export class OutageChecker {
  readonly #options: SimOptions;
  readonly #fail: Fail;
  #lostAt: Instant | undefined;
  /** When it was lost, or the last attempt failed. */
  #brokenAt: Instant = Number.NEGATIVE_INFINITY;
  #waits: number[] = [];
  #isHurried = false;
  /** When the broker has ended the connection, and no attempt has failed since. */
  #closedByBrokerAt: Instant | undefined;
  #pingedAt: Instant | undefined;

  constructor(options: SimOptions, fail: Fail) {
    this.#options = options;
    this.#fail = fail;
  }

  get isLost(): boolean {
    return this.#lostAt !== undefined;
  }

  /** There is a reason to try soon: the broker is back, or a sleeping client woke up and is the first that is served. */
  hurried(): void {
    this.#isHurried = true;
  }

  /** The connection is gone, or could not be made. */
  lost(now: Instant, byBroker = false): void {
    this.#closedByBrokerAt = byBroker && this.#lostAt === undefined ? now : undefined;
    this.#lostAt ??= now;
    this.#brokenAt = now;
  }

  /** When the connection in use was ended by the broker, where nothing has been tried since. */
  get closedByBrokerAt(): Instant | undefined {
    return this.#closedByBrokerAt;
  }

  /** The gateway has started, and connects for a client that was there before: at once. */
  restored(now: Instant): void {
    this.#lostAt = now;
    this.#brokenAt = Number.NEGATIVE_INFINITY;
  }

  /** The client has connected elsewhere, as the gateway takes it. */
  takenOver(): void {
    if (this.#lostAt === undefined) this.#fail("taken over, and the connection is there");
  }

  /** There is a connection, or nobody whom it would be for. */
  over(): void {
    this.#closedByBrokerAt = undefined;
    this.#lostAt = undefined;
    this.#waits = [];
    this.#isHurried = false;
    this.#pingedAt = undefined;
  }

  /** The gateway tries again. Whether that is in its turn among all clients: one that woke up comes before the others. */
  tries(now: Instant): boolean {
    const isInTurn = this.#pingedAt === undefined;
    if (this.#brokenAt > Number.NEGATIVE_INFINITY) this.#checkWait(now);
    return isInTurn;
  }

  #checkWait(now: Instant): void {
    const { reconnectMinMs, reconnectMaxMs, devices, ghostMs, habits } = this.#options;
    const waitMs = now - this.#brokenAt;
    if (waitMs < reconnectMinMs - 1)
      this.#fail(`the next connection after ${Math.round(waitMs)} ms, at least ${reconnectMinMs}`);
    if (this.#isHurried) this.#waits = [];
    else this.#waits.push(waitMs);
    this.#isHurried = false;
    // With several clients, strangers included, the waits of one may all be short by chance.
    const isAlone = devices === 1 && !Number.isFinite(ghostMs) && !Number.isFinite(habits.receiveMax);
    if (!isAlone || this.#waits.length < WAITS_TOGETHER) return;
    // Each may last up to twice as long as the one before, and not all are by chance much shorter than that.
    const first = this.#waits.length - WAITS_TOGETHER;
    const longestMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** (first + 1));
    if (Math.max(...this.#waits.slice(first)) < reconnectMinMs + (longestMs - reconnectMinMs) / 2 - 1)
      this.#fail(`no back-off: ${this.#waits.map(Math.round).join(", ")} ms`);
  }

  /** A sleeping client asks for its messages. */
  pinged(now: Instant): void {
    if (this.#lostAt === undefined) return;
    this.hurried();
    this.#pingedAt ??= now;
  }

  answered(): void {
    this.#pingedAt = undefined;
  }

  /** The client is told that its connection has ended, which it has not asked for. */
  told(now: Instant): void {
    if (this.#lostAt !== undefined && now >= this.#lostAt + this.#options.outageLimitMs - 1) return;
    const lasted =
      this.#lostAt === undefined ? "without an outage" : `after ${Math.round(now - this.#lostAt)} ms of it`;
    this.#fail(`DISCONNECT ${lasted}, and the limit is ${this.#options.outageLimitMs}`);
  }

  /** Time has come to `now`: a sleeping client that asked for its messages, and to which nothing is under way, has to have its PINGRESP. */
  passedWhileAwake(now: Instant): void {
    const { reconnectMinMs, reconnectsPerSecond, devices } = this.#options;
    const allowedMs = reconnectMinMs + DEFAULT_SETTINGS.connectTimeoutMs + (1000 * devices) / reconnectsPerSecond;
    if (this.#lostAt !== undefined && this.#pingedAt !== undefined && now > this.#pingedAt + allowedMs + 1)
      this.#fail(`PINGREQ is not answered for ${Math.round(now - this.#pingedAt)} ms while there is no broker`);
  }

  /** Time has come to `now`: a client that is there has to know by now. */
  passedWhileActive(now: Instant): void {
    if (this.#lostAt !== undefined && now > this.#lostAt + this.#options.outageLimitMs + 1)
      this.#fail(`not told for ${Math.round(now - this.#lostAt)} ms that there is no broker`);
  }
}
