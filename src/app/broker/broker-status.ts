import type { GatewayStatus } from "../../http/answers.ts";

/** Whether the broker can be reached, and since when it is so. */
export class BrokerStatus {
  #reachable = false;
  #since: number | null = null;
  #reason: string | null = null;

  /** It can be reached; may be said again. */
  reached(): void {
    if (!this.#reachable) this.#since = Date.now();
    this.#reachable = true;
    this.#reason = null;
  }

  /** It cannot; may be said again. `reason` is for people. */
  unreachable(reason: string): void {
    if (this.#reachable || this.#since === null) this.#since = Date.now();
    this.#reachable = false;
    this.#reason = reason;
  }

  get now(): Pick<GatewayStatus["broker"], "reachable" | "since" | "reason"> {
    return { reachable: this.#reachable, since: this.#since, reason: this.#reason };
  }
}
