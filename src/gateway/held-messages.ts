import type { Message } from "../sn/message.ts";
import type { Buffered } from "./buffered.ts";
import type { Settings } from "./settings.ts";

/** A message of a client that waits for the broker connection. */
export interface HeldMessage {
  readonly message: Message;
  /** The period of the client in which it came; see `Client.sleeps`. */
  askedIn: number;
}

/** Octets that a message counts for beside what is in it of any length. */
const OVERHEAD_OCTETS = 32;

/** What a client says while its broker connection is made anew, in order. */
export class HeldMessages {
  readonly #settings: Settings;
  readonly #buffered: Buffered;
  #held: HeldMessage[] | undefined;
  #octets = 0;

  constructor(settings: Settings, buffered: Buffered) {
    this.#settings = settings;
    this.#buffered = buffered;
  }

  get empty(): boolean {
    return this.#held === undefined;
  }

  /** Whether one of this type waits. */
  has(type: Message["type"]): boolean {
    return this.#held?.some(({ message }) => message.type === type) === true;
  }

  /** Where there is no room, the limit that leaves none, by its key. A repetition of what waits takes none (R7). */
  add(message: Message, askedIn: number): string | undefined {
    const first = this.#held?.find((held) => isRepetition(held.message, message));
    if (first !== undefined) {
      first.askedIn = askedIn;
      return undefined;
    }
    const { inFlightMax, queuedOctetsMax } = this.#settings;
    const octets = octetsOf(message);
    if ((this.#held?.length ?? 0) >= inFlightMax) return "clients.max_in_flight";
    // An answer takes next to nothing, and may end what takes more.
    if (octets > OVERHEAD_OCTETS) {
      if (this.#octets + octets > queuedOctetsMax) return "clients.max_queued_bytes";
      if (this.#buffered.isFull) return "clients.max_buffered_bytes";
    }
    this.#held ??= [];
    this.#held.push({ message: detached(message), askedIn });
    this.#count(1, octets);
    return undefined;
  }

  /** Those of this type are held no longer. Whether there was one. */
  drop(type: Message["type"]): boolean {
    if (!this.has(type)) return false;
    this.#held = this.#held!.filter(({ message }) => {
      if (message.type === type) this.#count(-1, -octetsOf(message));
      return message.type !== type;
    });
    if (this.#held.length === 0) this.#held = undefined;
    return true;
  }

  /** The oldest, which is held no longer. */
  take(): HeldMessage | undefined {
    const oldest = this.#held?.shift();
    if (oldest !== undefined) this.#count(-1, -octetsOf(oldest.message));
    if (this.#held?.length === 0) this.#held = undefined;
    return oldest;
  }

  clear(): void {
    this.#count(-(this.#held?.length ?? 0), -this.#octets);
    this.#held = undefined;
  }

  #count(messages: number, octets: number): void {
    this.#octets += octets;
    this.#buffered.add(messages, octets);
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

function octetsOf(message: Message): number {
  switch (message.type) {
    case "PUBLISH":
      return OVERHEAD_OCTETS + message.data.length;
    case "WILLMSGUPD":
      return OVERHEAD_OCTETS + message.willMsg.length;
    default:
      return OVERHEAD_OCTETS + nameOf(message).length;
  }
}

function nameOf(message: Message): string {
  if ("topicName" in message) return message.topicName ?? "";
  return "willTopic" in message ? (message.willTopic ?? "") : "";
}
