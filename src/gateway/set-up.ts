import type { Connect, WillTopic } from "../sn/message.ts";
import type { Instant } from "./contract.ts";
import { FIXED } from "./fixed-messages.ts";
import type { Will } from "./packet.ts";
import type { Settings } from "./settings.ts";
import type { State } from "./state.ts";
import { willOf, willPayloadOf } from "./will.ts";

/** What a CONNECT means: a new connection, or that a sleeping client wakes up, with or without a prompt for its will. */
export type SetUpKind = Settings["wakeByConnect"];

const EMPTY = new Uint8Array(0);

/** A CONNECT that is being worked on (§6.2): what the client said, its will as far as it is known, and the step that is supervised. */
export class SetUp {
  readonly connect: Connect;
  readonly kind: SetUpKind;
  readonly #settings: Settings;
  state: Extract<State, "awaiting will topic" | "awaiting will message" | "awaiting broker">;
  /** The will of the connection that is to be: the stored one, or the one that was prompted for; undefined where it is deleted (W2). */
  will: Will | undefined;
  /** When the step is repeated or given up. */
  due: Instant = 0;
  #tries = 0;

  /** `stored` is the will that stays in force where the client is not asked for another one. */
  constructor(connect: Connect, kind: SetUpKind, stored: Will | undefined, settings: Settings) {
    this.connect = connect;
    this.kind = kind;
    this.will = stored;
    this.#settings = settings;
    this.state = connect.will && kind !== "resume" ? "awaiting will topic" : "awaiting broker";
  }

  /** The client wakes up with it: its session goes on as it was, whatever CleanSession says (Z12). */
  get keepsSession(): boolean {
    return this.kind !== "new";
  }

  /** The message that asks for the will, to be sent now; its supervision starts anew. */
  prompt(now: Instant): Uint8Array {
    this.due = now + this.#settings.tRetryMs;
    return this.state === "awaiting will topic" ? FIXED.willTopicReq : FIXED.willMsgReq;
  }

  /** `due` has come while the will is asked for: the message again, or undefined when that has been done often enough. */
  repeatPrompt(now: Instant): Uint8Array | undefined {
    if (this.#tries >= this.#settings.nRetry) return undefined;
    this.#tries += 1;
    return this.prompt(now);
  }

  /** Takes in WILLTOPIC, after which the message is asked for, or nothing more (W2); or says why it cannot be the will topic. */
  takeWillTopic(message: WillTopic): string | undefined {
    if (message.empty) {
      this.will = undefined;
      this.state = "awaiting broker";
      return undefined;
    }
    const will = willOf(message, EMPTY, this.#settings);
    if (typeof will === "string") return will;
    this.will = will;
    this.state = "awaiting will message";
    this.#tries = 0;
    return undefined;
  }

  /** Takes in WILLMSG, or says why it cannot be the will message. */
  takeWillMsg(willMsg: Uint8Array): string | undefined {
    const payload = willPayloadOf(willMsg, this.#settings);
    if (typeof payload === "string") return payload;
    this.will = { ...this.will!, payload };
    this.state = "awaiting broker";
    return undefined;
  }

  /** The broker is asked from now on. */
  superviseBroker(now: Instant): void {
    this.due = now + this.#settings.connectTimeoutMs;
  }
}

/** Whether two CONNECTs of one client ask for the same (C9, C12). */
export function sameConnect(one: Connect, other: Connect): boolean {
  return one.will === other.will && one.cleanSession === other.cleanSession && one.duration === other.duration;
}
