import type { Client } from "./client.ts";
import type { Delivery } from "./delivery-queue.ts";
import type { Obstacle } from "./outbound-message.ts";
import type { PublishPacket } from "./packet.ts";
import { SentAgain } from "./sent-again.ts";

/** What the broker is told of the messages that it has sent to a client. */
export class BrokerAnswers {
  readonly #client: Client;
  /** Messages of QoS 2 that were given up: nobody but us answers their PUBREL. */
  #abandoned: Set<number> | undefined;
  readonly sentAgain = new SentAgain();
  /** Answers given since somebody set it to 0; each may make the broker send more. */
  given = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  /** The client has the message: the broker may forget it. Of an orphan it knows nothing. */
  finish({ packetId, orphaned }: Delivery, cmd: "puback" | "pubcomp"): void {
    if (!orphaned) this.acknowledge(packetId, cmd);
  }

  /** The broker may forget what it has sent under this identifier. */
  acknowledge(packetId: number, cmd: "puback" | "pubcomp"): void {
    this.#client.write({ cmd, messageId: packetId });
    this.sentAgain.acknowledged(packetId);
    this.given += 1;
  }

  /** The client will not have the message. The broker is told otherwise, or it would send it again for ever (G5). */
  giveUp({ packet, orphaned }: Delivery, obstacle: Obstacle): void {
    if (packet === undefined) return;
    if (orphaned) this.noteDropped(packet, obstacle);
    else this.refuse(packet, obstacle);
  }

  /** The same for a message that has only just come. */
  refuse(packet: PublishPacket, obstacle: Obstacle): void {
    this.noteDropped(packet, obstacle);
    if (packet.qos > 0) this.conclude(packet);
  }

  /** Nobody is to have this message of the broker any more: the rest of its exchange is for us. */
  conclude({ qos, messageId }: PublishPacket): void {
    this.given += 1;
    this.#client.write({ cmd: qos === 1 ? "puback" : "pubrec", messageId });
    this.sentAgain.acknowledged(messageId);
    if (qos === 1) return;
    this.#abandoned ??= new Set();
    this.#abandoned.add(messageId);
  }

  /** A PUBREL of the broker: whether it is of a message that was given up, and is answered by that. */
  complete(messageId: number): boolean {
    if (this.#abandoned?.delete(messageId) !== true) return false;
    this.#client.write({ cmd: "pubcomp", messageId });
    return true;
  }

  /** The broker knows nothing of it all any more. */
  forget(): void {
    this.#abandoned = undefined;
  }

  noteDropped({ topic, qos }: PublishPacket, { reason, limit }: Obstacle): void {
    this.#client.figures.dropped += 1;
    this.#client.note("delivery.dropped", { topic, qos, reason, limit });
  }
}
