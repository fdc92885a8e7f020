import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { LOOPBACK, networkOf } from "./network-of.ts";

/** Wrong tokens in this time that are looked at: of one network, and of all but this machine. */
const WINDOW_MS = 60_000;
const WRONG_OF_NETWORK_MAX = 10;
const WRONG_OF_ALL_MAX = 100;

/** Networks that have shown the right one: these are not kept waiting because of what others do. */
const TRUSTED_MAX = 100;

/** Whether somebody may come in: `wait` where there have been too many wrong tokens. */
export type Verdict = "yes" | "no" | "wait";

/** Who may come in: who has the token, or a cookie that was given for it. */
export class TokenGuard {
  readonly #onWrong: (address: string) => void;
  readonly #now: () => number;
  /** Of this start: cookies of before are worth nothing. */
  readonly #key = randomBytes(32);
  #token: string | undefined;
  #cookie = "";
  #windowStart = Number.NEGATIVE_INFINITY;
  /** Wrong tokens in this window, by network; as many networks as wrong tokens at most. */
  readonly #wrong = new Map<string, number>();
  #wrongOfAll = 0;
  readonly #trusted = new Set<string>();

  /** `onWrong` is told of each wrong token that was looked at. `now` in milliseconds. */
  constructor(onWrong: (address: string) => void, now = () => performance.now()) {
    this.#onWrong = onWrong;
    this.#now = now;
  }

  /** From now on this is the token; undefined where none is needed. Cookies for another one are worth nothing any more. */
  set token(token: string | undefined) {
    if (token === this.#token) return;
    this.#token = token;
    this.#cookie = token === undefined ? "" : this.#digest(`cookie ${token}`).toString("base64url");
    this.#trusted.clear();
    // Who was late with the new one need not wait for it.
    this.#forgetWrong();
  }

  /** Whether a token is needed. */
  get isNeeded(): boolean {
    return this.#token !== undefined;
  }

  /** The value of the cookie of who has shown the token. */
  get cookie(): string {
    return this.#cookie;
  }

  /** Whether this is the cookie. Nobody guesses it, so that one may try as often as one likes. */
  isCookie(value: string): boolean {
    return this.#cookie !== "" && this.#isSame(value, this.#cookie);
  }

  /**
   * Whether this is the token. `isByOwnName`: we were called by a name of ours. A page of others may have a browser call us by
   * one of its own (DNS rebinding): its guesses are not those of who sits there.
   */
  judge(token: string, address: string, isByOwnName = true): Verdict {
    if (this.#token === undefined) return "yes";
    const network = networkOf(address);
    const who = isByOwnName ? network : `${network} by another name`;
    if (this.#mustWait(who, network)) return "wait";
    if (this.#isSame(token, this.#token)) {
      if (this.#trusted.size < TRUSTED_MAX) this.#trusted.add(who);
      return "yes";
    }
    this.#wrong.set(who, (this.#wrong.get(who) ?? 0) + 1);
    // Those of this machine are limited apart: strangers do not make who sits at it wait, nor the other way round.
    if (network !== LOOPBACK) this.#wrongOfAll += 1;
    this.#onWrong(address);
    return "no";
  }

  #mustWait(who: string, network: string): boolean {
    const now = this.#now();
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now;
      this.#forgetWrong();
    }
    if ((this.#wrong.get(who) ?? 0) >= WRONG_OF_NETWORK_MAX) return true;
    return this.#wrongOfAll >= WRONG_OF_ALL_MAX && network !== LOOPBACK && !this.#trusted.has(who);
  }

  #forgetWrong(): void {
    this.#wrong.clear();
    this.#wrongOfAll = 0;
  }

  /** In a time that says nothing of where they differ, and of how long they are. */
  #isSame(one: string, other: string): boolean {
    return timingSafeEqual(this.#digest(one), this.#digest(other));
  }

  #digest(text: string): Buffer {
    return createHmac("sha256", this.#key).update(text).digest();
  }
}
