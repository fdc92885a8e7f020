import type { Instant } from "./contract.ts";
import { silenceAllowedMs } from "./tolerance.ts";

/** How long a client may be silent, and since when it is (K3, Z2). */
export class Silence {
  #allowedMs = 0;
  #since: Instant = 0;

  /** From now on it may last this long; `capMs` stands for a keep alive of 0 (K5). */
  supervise(durationSeconds: number, factor: number | undefined, capMs: number, now: Instant): void {
    this.#allowedMs = durationSeconds === 0 ? capMs : silenceAllowedMs(durationSeconds, factor);
    this.#since = now;
  }

  /** The client has said something. */
  broken(now: Instant): void {
    this.#since = now;
  }

  get since(): Instant {
    return this.#since;
  }

  /** When it has lasted too long. */
  get deadline(): Instant {
    return this.#since + this.#allowedMs;
  }
}
