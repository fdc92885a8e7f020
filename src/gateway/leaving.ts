import type { ClientRecord } from "./client-record.ts";
import type { Connecting } from "./connecting.ts";
import { FIXED } from "./fixed-messages.ts";

/** How a client leaves without having said so: another one has its place, the gateway stops, or whoever operates it wants it so. */
export class Leaving {
  readonly #client: ClientRecord;
  readonly #connecting: Connecting;

  constructor(client: ClientRecord, connecting: Connecting) {
    this.#client = client;
    this.#connecting = connecting;
  }

  /** Another client uses the address now, so this one cannot be there any more (C16). */
  replaced(): void {
    const reason = "its address is used by another client";
    if (this.#isConnected || this.#client.link.isOpen) this.#client.lose(reason);
    else this.#connecting.abandon(reason);
  }

  /** The gateway stops: whoever listens is told, and no will fires. */
  stop(): void {
    const client = this.#client;
    if (!this.#isConnected) {
      this.#connecting.stop();
      return;
    }
    if (client.state === "asleep" && client.settings.savesSessions) {
      // It finds everything as it was after the restart, and is not told.
      client.link.close(true);
      client.renewal.cancel();
      client.changed();
      return;
    }
    if (client.listening) client.send(FIXED.disconnect);
    client.disconnect("the gateway stops");
  }

  /** Whoever operates the gateway sends it away: it is told, and no will fires. With `forget` nothing is kept of it. */
  dismiss(forget: boolean): void {
    const client = this.#client;
    const reason = forget ? "sent away, and forgotten" : "sent away";
    if (forget) client.durable = false;
    if (this.#isConnected) {
      if (client.listening) client.send(FIXED.disconnect);
      client.disconnect(reason);
    } else if (client.state !== "disconnected" && client.state !== "lost") {
      client.send(FIXED.disconnect);
      this.#connecting.abandon(reason);
    } else if (forget) {
      client.end("disconnected", true);
    }
  }

  /** A bug was found in its session: nothing that it holds is trusted any more. */
  fail(): void {
    this.#client.durable = false;
    this.#client.lose("internal error");
  }

  get #isConnected(): boolean {
    const { state } = this.#client;
    return state === "active" || state === "asleep" || state === "awake";
  }
}
