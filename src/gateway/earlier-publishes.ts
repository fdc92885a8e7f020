import type { SavedPublish } from "./saved-session.ts";

/**
 * QoS 2 exchanges of a client that were open when something was saved for the last time before a restart. What has become of them since
 * is not known, so that they mean nothing until the client speaks of one of them again: then it stands for the same packet identifier
 * at the broker as before.
 */
export class EarlierPublishes {
  readonly #byMsgId = new Map<number, SavedPublish>();
  /** Packet identifiers under which the broker may hold a message, and that are not the MsgId itself. */
  readonly #occupied = new Set<number>();

  /** Of more than `max` the first ones are forgotten. */
  constructor(publishes: readonly SavedPublish[], max: number) {
    for (const publish of publishes.slice(-max)) {
      if (!isIdentifier(publish.packetId)) continue;
      this.#byMsgId.set(publish.msgId, publish);
      if (publish.packetId !== publish.msgId) this.#occupied.add(publish.packetId);
    }
  }

  get empty(): boolean {
    return this.#byMsgId.size === 0;
  }

  get(msgId: number): SavedPublish | undefined {
    return this.#byMsgId.get(msgId);
  }

  values(): Iterable<SavedPublish> {
    return this.#byMsgId.values();
  }

  /** Whether the broker may hold a message under this identifier that another one would be taken for. */
  occupies(packetId: number): boolean {
    return this.#occupied.has(packetId);
  }

  /**
   * The client uses the MsgId in a PUBLISH: what it stands for if that is a repetition, else the exchange is forgotten. The broker does
   * not know of that.
   */
  repeated(msgId: number, fingerprint: number | undefined): number | undefined {
    const publish = this.#byMsgId.get(msgId);
    if (publish === undefined) return undefined;
    if (fingerprint !== undefined && (publish.fingerprint ?? fingerprint) === fingerprint) return publish.packetId;
    this.#byMsgId.delete(msgId);
    return undefined;
  }

  /** The exchange is over. */
  delete(msgId: number): void {
    const publish = this.#byMsgId.get(msgId);
    if (publish === undefined) return;
    this.#occupied.delete(publish.packetId);
    this.#byMsgId.delete(msgId);
  }
}

function isIdentifier(packetId: number): boolean {
  return Number.isInteger(packetId) && packetId >= 1 && packetId <= 0xffff;
}
