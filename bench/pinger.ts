import { setTimeout as delay } from "node:timers/promises";
import { Sleeper } from "./sleeper.ts";

/** A client that is there and pings all the time: it sees for how long the gateway does nothing else. */
export class Pinger {
  intervalMs: number;
  readonly #client: Sleeper;
  #isStopped = false;
  #maxMs = 0;
  readonly #pinging: Promise<void>;

  private constructor(client: Sleeper, intervalMs: number) {
    this.intervalMs = intervalMs;
    this.#client = client;
    this.#pinging = this.#ping();
    // Told by `stop`.
    this.#pinging.catch(() => undefined);
  }

  static async start(gatewayPort: number, intervalMs: number): Promise<Pinger> {
    const clientId = "pinger";
    const client = await Sleeper.open(clientId, gatewayPort);
    await client.ask(
      { type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration: 3600, clientId },
      "CONNACK",
    );
    return new Pinger(client, intervalMs);
  }

  /** The longest time to PINGRESP since the last call, in ms. */
  takeMaxMs(): number {
    const max = this.#maxMs;
    this.#maxMs = 0;
    return max;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#pinging;
    await this.#client.ask({ type: "DISCONNECT", duration: undefined }, "DISCONNECT");
    this.#client.close();
  }

  async #ping(): Promise<void> {
    while (!this.#isStopped) {
      const startedAt = performance.now();
      await this.#client.ask({ type: "PINGREQ", clientId: "" }, "PINGRESP");
      this.#maxMs = Math.max(this.#maxMs, performance.now() - startedAt);
      await delay(this.intervalMs);
    }
  }
}
