import type { OwnConnectionEnd } from "../../mqtt/own-connection.ts";
import { runInvocation } from "../invocation.ts";
import type { Log } from "../log/log.ts";

/** Prints whether the broker at `url` can be reached, with how long it could not, or what to do about it. */
export class ReachabilityReport {
  readonly #log: Log;
  readonly #url: string;
  #wasReached = false;
  #unreachableSinceMs: number | undefined;

  constructor(log: Log, url: string) {
    this.#log = log;
    this.#url = url;
  }

  /** It can be reached. */
  reachable(): void {
    const url = this.#url;
    const sinceMs = this.#unreachableSinceMs;
    const outageMs = sinceMs === undefined ? undefined : Math.round(performance.now() - sinceMs);
    this.#unreachableSinceMs = undefined;
    this.#log.info("broker.reachable", { url, outageMs }, this.#message(outageMs));
    this.#wasReached = true;
  }

  /** It cannot. `isRefusal` and `broker` as the gateway's own client says them. */
  unreachable(reason: string, isRefusal: boolean, broker: OwnConnectionEnd["broker"]): void {
    this.#unreachableSinceMs ??= performance.now();
    const url = this.#url;
    const sentence = reason.endsWith("?") ? reason : `${reason}.`;
    const remedy = remedyOf(isRefusal, broker);
    const message = `the broker at ${url} cannot be reached: ${sentence} The gateway keeps trying. ${remedy}`;
    this.#log.warn("broker.unreachable", { url, reason }, message.trimEnd());
  }

  #message(outageMs: number | undefined): string {
    if (!this.#wasReached || outageMs === undefined) return `the broker at ${this.#url} is there`;
    const seconds = Math.max(1, Math.round(outageMs / 1000));
    return `the broker at ${this.#url} is there again after ${seconds} s; the connections of clients are made anew`;
  }
}

/** What to do about a broker that cannot be reached, where the reason does not say it. */
function remedyOf(isRefusal: boolean, broker: OwnConnectionEnd["broker"]): string {
  if (isRefusal) return "Check broker.username, broker.password and what the broker allows.";
  if (broker === "heard") return "";
  if (broker === "silent") return "Is it an MQTT broker, and does it speak bare MQTT at this port, not TLS (mqtts://)?";
  return `Start a broker there; or name another one (${runInvocation()} --broker mqtt://host:port), or use the one inside (--broker embedded:).`;
}
