import type { Message } from "../sn/message.ts";

/** A message of a client that waits for the broker connection. */
export interface HeldMessage {
  readonly message: Message;
  /** The period of the client in which it came; see `Client.sleeps`. */
  askedIn: number;
}

/** What a client says while its broker connection is made anew, in order. */
export class HeldMessages {
  readonly #max: number;
  #held: HeldMessage[] | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get empty(): boolean {
    return this.#held === undefined;
  }

  /** Whether one of this type waits. */
  has(type: Message["type"]): boolean {
    return this.#held?.some(({ message }) => message.type === type) === true;
  }

  /** False where there is no room. A repetition of what waits takes none (R7). */
  add(message: Message, askedIn: number): boolean {
    this.#held ??= [];
    const first = this.#held.find((held) => isRepetition(held.message, message));
    if (first !== undefined) {
      first.askedIn = askedIn;
      return true;
    }
    if (this.#held.length >= this.#max) return false;
    this.#held.push({ message: detached(message), askedIn });
    return true;
  }

  /** Those of this type are held no longer. Whether there was one. */
  drop(type: Message["type"]): boolean {
    if (!this.has(type)) return false;
    this.#held = this.#held!.filter(({ message }) => message.type !== type);
    if (this.#held.length === 0) this.#held = undefined;
    return true;
  }

  /** The oldest, which is held no longer. */
  take(): HeldMessage | undefined {
    const oldest = this.#held?.shift();
    if (this.#held?.length === 0) this.#held = undefined;
    return oldest;
  }

  clear(): void {
    this.#held = undefined;
  }
}

/** Whether a message stands for the same as one that came before it and has not been looked at. */
function isRepetition(first: Message, message: Message): boolean {
  if (first.type !== message.type || (message.type === "PUBLISH" && message.qos === 0)) return false;
  if (message.type === "PINGREQ") return true;
  return "msgId" in message && message.msgId !== 0 && "msgId" in first && first.msgId === message.msgId;
}

/** Octets of a message are a view into its datagram, which is not to be kept. */
function detached(message: Message): Message {
  if (message.type === "PUBLISH") return { ...message, data: new Uint8Array(message.data) };
  if (message.type === "WILLMSGUPD") return { ...message, willMsg: new Uint8Array(message.willMsg) };
  return message;
}
