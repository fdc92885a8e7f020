import { encode } from "../sn/encode.ts";
import type { Message } from "../sn/message.ts";
import { type Context, note } from "./context.ts";
import type { Address, Instant, NoteFields } from "./contract.ts";
import { FIXED } from "./fixed-messages.ts";
import type { Forwarding } from "./forwarding.ts";
import { SourceLimit } from "./source-limit.ts";
import { TRANSITIONS } from "./transitions.ts";

/** A sender without a session is answered with a DISCONNECT and two repetitions, and then once a second (X7). */
const STRANGER_ANSWERS = { perSecond: () => 1, burst: 3 } as const;

/** CONNACKs that refuse, to one address: a device that is refused waits before it tries again. */
const REFUSALS = { perSecond: () => 100, burst: 300 } as const;

/** What senders are told that have no session, or get none, and how often. */
export class Strangers {
  readonly #context: Context;
  readonly #answers: SourceLimit;
  readonly #refusals: SourceLimit;

  constructor(context: Context) {
    const perSecond = () => context.settings.strangerAnswersPerSecond;
    this.#context = context;
    this.#answers = new SourceLimit(STRANGER_ANSWERS, perSecond);
    this.#refusals = new SourceLimit(REFUSALS, perSecond);
  }

  /** A CONNECT that is not accepted. `fields` say why. The octets of the answer, 0 where there is none. */
  refuse(
    returnCode: number,
    fields: NoteFields,
    address: Address,
    forwarding: Forwarding | undefined,
    now: Instant,
  ): number {
    note(this.#context, "client.refused", { ...fields, address, returnCode });
    if (this.#refusals.allows(address, forwarding?.forwarder, now)) {
      return this.#send(encode({ type: "CONNACK", returnCode }), address, forwarding);
    }
    this.#limit(address, "CONNECT");
    return 0;
  }

  /** Any other message of somebody without a session. */
  hear(message: Message, address: Address, forwarding: Forwarding | undefined, now: Instant): void {
    if (TRANSITIONS[message.type].disconnected === "drop") this.drop(address, `${message.type} is not for a gateway`);
    else this.answer(message, address, forwarding, now);
  }

  /** The sender learns that it has no session. */
  answer({ type }: Message, address: Address, forwarding: Forwarding | undefined, now: Instant): void {
    if (!this.#answers.allows(address, forwarding?.forwarder, now)) {
      this.#limit(address, type);
      return;
    }
    this.#send(FIXED.disconnect, address, forwarding);
    note(this.#context, "stranger.answered", { address, message: type });
  }

  /** What is not a message that a gateway handles. */
  drop(address: Address, reason: string): void {
    note(this.#context, "datagram.dropped", { address, reason });
  }

  #limit(address: Address, message: string): void {
    note(this.#context, "stranger.limited", { address, message, limit: "clients.max_stranger_answers" });
  }

  /** The octets that it has sent. */
  #send(message: Uint8Array, address: Address, forwarding: Forwarding | undefined): number {
    const data = forwarding === undefined ? message : forwarding.wrap(message);
    this.#context.effects.add({ type: "send", to: forwarding?.forwarder ?? address, data });
    return data.length;
  }
}
