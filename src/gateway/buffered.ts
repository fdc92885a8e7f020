import type { Settings } from "./settings.ts";

/** What a message takes in memory beside its topic and payload, in octets: as measured, see docs/memory.md. */
const MESSAGE_OCTETS = 400;

/** What is used of the limit when reading goes on again, so that it does not stop and go with every message. */
const LOW_MARK = 7 / 8;

/**
 * Messages that wait in the gateway, to and from all clients together: the memory that they take, within a limit, and for which clients
 * the broker is not read because of it. Each client may have one message in spite of it, or those that came late would get none.
 */
export class Buffered {
  readonly #settings: Pick<Settings, "bufferedOctetsMax">;
  #messages = 0;
  #octets = 0;
  readonly #waiting = new Set<string>();

  constructor(settings: Pick<Settings, "bufferedOctetsMax">) {
    this.#settings = settings;
  }

  /** Messages that wait. */
  get messages(): number {
    return this.#messages;
  }

  /** The memory that they take, in octets. */
  get octets(): number {
    return this.#octets;
  }

  /** No more may come. */
  get isFull(): boolean {
    return this.#octets >= this.#settings.bufferedOctetsMax;
  }

  /** There is room again, by a margin. */
  get hasRoom(): boolean {
    return this.#octets <= this.#settings.bufferedOctetsMax * LOW_MARK;
  }

  /** Whether there is room again for clients that wait for it. */
  get callsWaiting(): boolean {
    return this.#waiting.size > 0 && this.hasRoom;
  }

  /** So many messages more wait, or less, with so many octets of topic and payload. */
  add(messages: number, octets: number): void {
    this.#messages += messages;
    this.#octets += messages * MESSAGE_OCTETS + octets;
  }

  /** The broker is not read for this client until there is room. */
  wait(clientId: string): void {
    this.#waiting.add(clientId);
  }

  /** The client does not wait any more, if it did. */
  waitsNot(clientId: string): void {
    if (this.#waiting.size > 0) this.#waiting.delete(clientId);
  }

  /** The client that has waited longest, which waits no longer; undefined while there is no room, or nobody waits. */
  takeWaiting(): string | undefined {
    if (!this.callsWaiting) return undefined;
    const [clientId] = this.#waiting;
    this.#waiting.delete(clientId!);
    return clientId;
  }
}
