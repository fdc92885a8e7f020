import { encode } from "../sn/encode.ts";
import type { Message } from "../sn/message.ts";
import type { DeviceEffect, Instant, Outcome } from "./contract.ts";
import type { Random } from "./random.ts";
import type { Retry } from "./retry.ts";
import type { DeviceSettings } from "./settings.ts";

/** Collects the effects of one event, and knows when a message is due again. */
export class Outbox {
  readonly #settings: DeviceSettings;
  readonly #random: Random;
  #effects: DeviceEffect[] = [];

  constructor(settings: DeviceSettings, random: Random) {
    this.#settings = settings;
    this.#random = random;
  }

  send(message: Message): void {
    this.#effects.push({ type: "send", data: encode(message) });
  }

  tell(outcome: Outcome): void {
    this.#effects.push(outcome);
  }

  /** Sends a message that expects an answer (R1). */
  request(message: Message, now: Instant): Retry {
    this.send(message);
    return { message, tries: 0, due: now + this.#pauseMs() };
  }

  /** Sends it again, with DUP where the message has it (R3). False: Nretry are used up. */
  repeat(retry: Retry, now: Instant): boolean {
    const { message } = retry;
    if (retry.tries >= this.#settings.nRetry) {
      this.tell({ type: "gave-up", message: message.type });
      return false;
    }
    if (message.type === "PUBLISH" || message.type === "SUBSCRIBE") message.dup = true;
    retry.tries += 1;
    retry.due = now + this.#pauseMs();
    this.send(message);
    this.tell({ type: "retransmitted", message: message.type });
    return true;
  }

  take(): DeviceEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #pauseMs(): number {
    return this.#settings.tRetryMs * (1 + this.#settings.jitter * this.#random.next());
  }
}
