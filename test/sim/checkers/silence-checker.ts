import type { Instant } from "../../../src/gateway/contract.ts";
import type { Message } from "../../../src/sn/message.ts";
import type { SimOptions } from "../sim-options.ts";
import type { ExchangeChecker } from "./exchange-checker.ts";
import type { Fail } from "./fail.ts";

/** What the gateway was at when it closed a connection to the broker. */
export type Occasion = "stop" | "time" | "broker" | "this client" | "another client";

/**
 * Whether a client is lost when it has been silent for too long, and only then: its broker connection ends without DISCONNECT, so that
 * its will fires. Everything else ends it with DISCONNECT.
 */
export class SilenceChecker {
  readonly #fail: Fail;
  readonly #exchange: ExchangeChecker;
  /** How long a client may leave one message unanswered. */
  readonly #patienceMs: number;
  readonly #tRetryMs: number;
  #heardAt: Instant = 0;
  #keepAliveMs = Number.POSITIVE_INFINITY;
  /** As announced: one that is active after all is given more. */
  #announcedMs = Number.POSITIVE_INFINITY;
  #askedKeepAliveMs = Number.POSITIVE_INFINITY;
  #sleepMs = Number.POSITIVE_INFINITY;
  /** Since when there is a connection to the broker with its will; Infinity while one is made. */
  #linkSince: Instant = 0;

  constructor({ tRetryMs, nRetry }: SimOptions, exchange: ExchangeChecker, fail: Fail) {
    this.#tRetryMs = tRetryMs;
    this.#patienceMs = tRetryMs * (nRetry + 1);
    this.#exchange = exchange;
    this.#fail = fail;
  }

  toGateway(message: Message, now: Instant): void {
    this.#heardAt = now;
    if (message.type === "CONNECT") this.#askedKeepAliveMs = allowedMs(message.duration);
    else if (message.type === "DISCONNECT") this.#sleepMs = allowedMs(message.duration ?? 0);
  }

  toClient(message: Message, now: Instant): void {
    if (message.type === "CONNACK") {
      this.#keepAliveMs = this.#askedKeepAliveMs;
      this.#announcedMs = this.#askedKeepAliveMs;
      this.#heardAt = now;
    } else if (message.type === "PINGRESP" && this.#exchange.state === "asleep") {
      this.#heardAt = now;
    }
  }

  /** Whether the client has been silent for so long that it is lost. */
  isLost(now: Instant): boolean {
    return now >= Math.max(this.#heardAt + (this.#allowedMs ?? Number.POSITIVE_INFINITY), this.#linkSince);
  }

  /** Whether a client without a connection to the broker may be taken for lost. */
  mayBeLost(now: Instant): boolean {
    if (this.#exchange.state === "awake") return now >= this.#heardAt + this.#sleepMs;
    return this.isLost(now) || this.hasLeftUnanswered(now);
  }

  /** The gateway has started: it waits for the client as if that had just been heard. */
  restored(keepAliveS: number, sleepS: number, now: Instant): void {
    this.#heardAt = now;
    this.#keepAliveMs = allowedMs(keepAliveS);
    this.#announcedMs = this.#keepAliveMs;
    this.#sleepMs = allowedMs(sleepS);
    this.#linkSince = 0;
  }

  /** It was kept as active, and shows itself to sleep: for how long it will is not known, unless it did before. */
  isAsleepAfterAll(): void {
    if (this.#sleepMs === Number.POSITIVE_INFINITY) this.#sleepMs = this.#announcedMs;
  }

  /** It was kept as sleeping, and shows itself to be active: it may be silent for as long as either allows. */
  isActiveAfterAll(now: Instant): void {
    this.#heardAt = now;
    this.#keepAliveMs = Math.max(this.#keepAliveMs, this.#sleepMs);
  }

  /** Whether this is the duration that is supervised in its present state. */
  hasAnnounced(durationS: number): boolean {
    return (this.#exchange.state === "active" ? this.#announcedMs : this.#sleepMs) === allowedMs(durationS);
  }

  /** A connection to the broker is made for the client; until it is there the client is not lost, for its will would not fire. */
  linkIsMade(): void {
    this.#linkSince = Number.POSITIVE_INFINITY;
  }

  /** It could not be made. */
  linkGone(): void {
    this.#linkSince = 0;
  }

  linkOpened(now: Instant): void {
    this.#linkSince = now;
  }

  /** Time has come to `now`, and the client's connection to the broker is still there. */
  passed(now: Instant): void {
    const allowed = this.#allowedMs;
    if (allowed !== undefined && now > Math.max(this.#heardAt + allowed, this.#linkSince) + 1) {
      const silentS = Math.round((now - this.#heardAt) / 1000);
      this.#fail(`K3: silent for ${silentS} s while ${this.#exchange.state}, allowed ${allowed / 1000}, and not lost`);
    }
  }

  /** The gateway closes a connection to the broker that was open, or not yet. */
  closed(withDisconnect: boolean, wasOpen: boolean, occasion: Occasion, now: Instant): void {
    const { state } = this.#exchange;
    if (withDisconnect) {
      if (!wasOpen) this.linkGone();
      else if (this.#exchange.isConnected) this.linkIsMade();
      if (!wasOpen) return;
      if (occasion === "time" && this.#exchange.isConnected)
        this.#fail(`W: a client that is ${state} is lost without its will`);
      if (occasion === "another client" && this.#exchange.isConnected)
        this.#fail("C16: a client is replaced without its will");
      return;
    }
    if (occasion === "another client") return;
    if (occasion !== "time") this.#fail(`W: a will fires while the gateway is at ${occasion}`);
    const allowed = this.#allowedMs;
    if (allowed !== undefined && now >= this.#heardAt + allowed) return;
    // Asleep again since it left something unanswered, though nothing showed it (Z11).
    if (state === "awake" && now >= this.#heardAt + this.#sleepMs) return;
    if (this.hasLeftUnanswered(now)) return;
    this.#fail(`K3: a client that is ${state} is lost after ${Math.round(now - this.#heardAt)} ms, and had answered`);
  }

  /** Whether the client has left a message unanswered for so long that it is lost. */
  hasLeftUnanswered(now: Instant): boolean {
    const { open, unansweredSince, releasedAgainSince, connect } = this.#exchange;
    // What is sent to a client that has just woken up counts as a repetition, where its connection to the broker was made anew.
    const patienceMs = connect.keepsSession ? this.#patienceMs - this.#tRetryMs : this.#patienceMs;
    for (const since of [open?.since, unansweredSince, releasedAgainSince, connect.promptedSince]) {
      if (since !== undefined && now >= since + patienceMs - 1) return true;
    }
    return false;
  }

  get #allowedMs(): number | undefined {
    if (this.#exchange.state === "active") return this.#keepAliveMs;
    if (this.#exchange.state === "asleep") return this.#sleepMs;
    return undefined;
  }
}

/** A half more than announced up to a minute, a tenth beyond that, and never less than what a minute has (K4, Z2). */
function allowedMs(durationS: number): number {
  if (durationS === 0) return Number.POSITIVE_INFINITY;
  return durationS <= 60 ? durationS * 1500 : Math.max(durationS * 1100, 90_000);
}
