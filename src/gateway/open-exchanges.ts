import type { Client } from "./client.ts";
import type { NoteFields } from "./contract.ts";
import type { OpenExchange } from "./open-exchange.ts";
import type { Settings } from "./settings.ts";

const PACKET_ID_MAX = 65535;

/**
 * What a client has asked of the broker and that waits for its answer, and the packet identifiers that stand for it. That is the client's
 * MsgId, so that a gateway that lost its memory, or a new connection to the broker, still speaks of the same exchange; only where that
 * number is taken, or 0, it is another.
 */
export class OpenExchanges {
  readonly #settings: Settings;
  /** The one that was begun while there was no other: most clients have one at a time, and a map for one costs more than it saves. */
  #first: OpenExchange | undefined;
  /** Those that were begun since, by their packet identifiers. */
  #others: Map<number, OpenExchange> | undefined;
  #lastType: OpenExchange["type"] | "register" = "own";
  #lastMsgId = 0;
  /** The client has given two requests in a row one MsgId: with such a client the same number is no sign of a copy. */
  reusesMsgIds = false;
  /** Whether the broker may hold something else under a packet identifier. */
  occupies: ((packetId: number) => boolean) | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  get empty(): boolean {
    return this.size === 0;
  }

  /** How many there are. */
  get size(): number {
    return (this.#first === undefined ? 0 : 1) + (this.#others?.size ?? 0);
  }

  get(packetId: number): OpenExchange | undefined {
    return this.#first?.packetId === packetId ? this.#first : this.#others?.get(packetId);
  }

  has(packetId: number): boolean {
    return this.get(packetId) !== undefined;
  }

  /** All of them, oldest first. */
  *values(): Iterable<OpenExchange> {
    if (this.#first !== undefined) yield this.#first;
    if (this.#others !== undefined) yield* this.#others.values();
  }

  add(exchange: OpenExchange): void {
    if (exchange.type !== "own") this.sawMsgId(exchange.type, exchange.msgId);
    if (this.empty) {
      this.#first = exchange;
      return;
    }
    this.#others ??= new Map();
    this.#others.set(exchange.packetId, exchange);
  }

  delete({ packetId }: OpenExchange): void {
    if (this.#first?.packetId === packetId) this.#first = undefined;
    else this.#others?.delete(packetId);
  }

  clear(): void {
    this.#first = undefined;
    this.#others = undefined;
  }

  /** The client has made a request of this type under this number. */
  sawMsgId(type: "register" | Exclude<OpenExchange["type"], "own">, msgId: number): void {
    if (msgId === this.#lastMsgId && type !== this.#lastType) this.reusesMsgIds = true;
    this.#lastType = type;
    this.#lastMsgId = msgId;
  }

  /** The request of this type that the client knows by this MsgId. */
  find<T extends OpenExchange["type"]>(msgId: number, type: T): Extract<OpenExchange, { type: T }> | undefined {
    type Found = Extract<OpenExchange, { type: T }>;
    const first = this.#first;
    if (first?.type === type && first.msgId === msgId) return first as Found;
    const others = this.#others;
    if (others === undefined || others.size === 0) return undefined;
    const direct = others.get(msgId);
    if (direct?.type === type && direct.msgId === msgId) return direct as Found;
    for (const exchange of others.values()) {
      if (exchange.type === type && exchange.msgId === msgId) return exchange as Found;
    }
    return undefined;
  }

  /**
   * The MsgId itself where it is free, else a free number from the top; or what stood for it before a restart, `earlier`. Undefined when
   * too much is open (P4).
   */
  packetIdFor(msgId: number, earlier?: number): number | undefined {
    if (this.size >= this.#settings.inFlightMax) return undefined;
    if (earlier !== undefined) return this.has(earlier) ? undefined : earlier;
    if (msgId !== 0 && !this.#isTaken(msgId)) return msgId;
    return this.freePacketId();
  }

  /** A free number, from the top. */
  freePacketId(): number {
    let packetId = PACKET_ID_MAX;
    while (this.#isTaken(packetId)) packetId -= 1;
    return packetId;
  }

  /** Why nothing more is asked of the broker at the moment. */
  obstacle({ writable }: Client): NoteFields {
    return writable ? { limit: "clients.max_in_flight" } : { reason: "the broker connection takes no more" };
  }

  #isTaken(packetId: number): boolean {
    return this.has(packetId) || this.occupies?.(packetId) === true;
  }
}
