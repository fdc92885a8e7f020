import type { PublishPacket } from "./packet.ts";

/** Identifiers that are remembered: as many as NATS has messages unacknowledged. */
const REMEMBERED_MAX = 1024;

/**
 * Messages that a broker sends again on the same connection because it waits for their acknowledgement, as NATS does and MQTT does not
 * allow. While nothing is read such copies gather behind what they are copies of, and that may be acknowledged when they are read.
 */
export class SentAgain {
  /** Under which the broker has been answered since reading stopped for the first time on this connection, oldest first. */
  #acknowledged: Set<number> | undefined;

  /** Reading stops: copies may gather. */
  expect(): void {
    this.#acknowledged ??= new Set();
  }

  /** The broker has been answered for this identifier. */
  acknowledged(packetId: number): void {
    const acknowledged = this.#acknowledged;
    if (acknowledged === undefined) return;
    acknowledged.delete(packetId);
    acknowledged.add(packetId);
    if (acknowledged.size <= REMEMBERED_MAX) return;
    const [oldest] = acknowledged;
    acknowledged.delete(oldest!);
  }

  /** Whether a PUBLISH is a copy of one that was acknowledged. Without DUP it is another message, and so are its copies. */
  isCopy({ dup, messageId }: PublishPacket): boolean {
    const acknowledged = this.#acknowledged;
    if (acknowledged === undefined) return false;
    if (dup) return acknowledged.has(messageId);
    acknowledged.delete(messageId);
    return false;
  }

  /** Another connection: what comes over it again has not been acknowledged. */
  forget(): void {
    this.#acknowledged = undefined;
  }
}
