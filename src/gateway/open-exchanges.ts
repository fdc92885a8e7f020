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
  #open: Map<number, OpenExchange> | undefined;
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
    return this.#open === undefined || this.#open.size === 0;
  }

  /** How many there are. */
  get size(): number {
    return this.#open?.size ?? 0;
  }

  get(packetId: number): OpenExchange | undefined {
    return this.#open?.get(packetId);
  }

  has(packetId: number): boolean {
    return this.#open?.has(packetId) === true;
  }

  values(): Iterable<OpenExchange> {
    return this.#open?.values() ?? [];
  }

  add(exchange: OpenExchange): void {
    if (exchange.type !== "own") this.sawMsgId(exchange.type, exchange.msgId);
    this.#open ??= new Map();
    this.#open.set(exchange.packetId, exchange);
  }

  delete({ packetId }: OpenExchange): void {
    this.#open?.delete(packetId);
  }

  clear(): void {
    this.#open = undefined;
  }

  /** The client has made a request of this type under this number. */
  sawMsgId(type: "register" | Exclude<OpenExchange["type"], "own">, msgId: number): void {
    if (msgId === this.#lastMsgId && type !== this.#lastType) this.reusesMsgIds = true;
    this.#lastType = type;
    this.#lastMsgId = msgId;
  }

  /** The request of this type that the client knows by this MsgId. */
  find<T extends OpenExchange["type"]>(msgId: number, type: T): Extract<OpenExchange, { type: T }> | undefined {
    if (this.#open === undefined || this.#open.size === 0) return undefined;
    const direct = this.#open.get(msgId);
    if (direct?.type === type && direct.msgId === msgId) return direct as Extract<OpenExchange, { type: T }>;
    for (const exchange of this.#open.values()) {
      if (exchange.type === type && exchange.msgId === msgId) return exchange as Extract<OpenExchange, { type: T }>;
    }
    return undefined;
  }

  /**
   * The MsgId itself where it is free, else a free number from the top; or what stood for it before a restart, `earlier`. Undefined when
   * too much is open (P4).
   */
  packetIdFor(msgId: number, earlier?: number): number | undefined {
    const open = this.#open;
    if (open !== undefined && open.size >= this.#settings.inFlightMax) return undefined;
    if (earlier !== undefined) return open?.has(earlier) === true ? undefined : earlier;
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
