import type { Delivery } from "./delivery-queue.ts";
import { FINGERPRINT_BASIS, fingerprint } from "./fingerprint.ts";
import type { PublishPacket } from "./packet.ts";

/**
 * The message that a client was sent over a connection to the broker that is over, and had not acknowledged by then: the broker is to
 * send it again, under the same packet identifier. As one exchange is in flight at a time (G6), there is one such message at most.
 */
export class InterruptedDelivery {
  #packetId = 0;
  /** What it says, as a number. */
  #content = 0;
  /** The same before a restart, as far as that was saved: it may be that one no more. */
  #savedPacketId = 0;
  /** The client has acknowledged it since. */
  #acknowledged = false;

  /** Its packet identifier; 0 for none. */
  get packetId(): number {
    return this.#packetId || this.#savedPacketId;
  }

  /** What `packetId` was before a restart. */
  restore(packetId: number): void {
    this.#savedPacketId = packetId;
  }

  /** The connection is over, and the client was sent this message over it. */
  begin(packet: PublishPacket): void {
    this.#packetId = packet.messageId;
    this.#content = contentOf(packet);
    this.#acknowledged = false;
  }

  /** The broker does not send it again any more. */
  end(): void {
    this.#packetId = 0;
    this.#acknowledged = false;
  }

  /** The exchange of a message is over: its packet identifier stands for another message from now on. */
  endOf(packetId: number): void {
    if (packetId === this.#packetId) this.end();
  }

  /** PUBACK of the client. */
  acknowledge(msgId: number): void {
    if (msgId === this.#packetId) this.#acknowledged = true;
  }

  /** Whether this is it, and the client has acknowledged it since. */
  isAcknowledged({ packet, packetId, sent }: Delivery): boolean {
    return this.#acknowledged && sent && packetId === this.#packetId && packet?.qos === 1;
  }

  /** Whether what the broker sends again is this message. What was saved is believed once. */
  comesAgain(packet: PublishPacket): boolean {
    const packetId = packet.messageId;
    if (packetId === this.#packetId) {
      // RabbitMQ numbers anew what it sends again.
      if (contentOf(packet) === this.#content) return true;
      this.end();
      return false;
    }
    if (packetId !== this.#savedPacketId) return false;
    this.#savedPacketId = 0;
    return true;
  }
}

function contentOf({ qos, topic, payload }: PublishPacket): number {
  return fingerprint(fingerprint(FINGERPRINT_BASIS ^ qos, Buffer.from(topic)), payload);
}
