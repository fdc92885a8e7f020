import type { BrokerAnswers } from "./broker-answers.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import type { PublishPacket } from "./packet.ts";

/**
 * Whether a message of QoS 1 or 2 waits in the queue already, or has been acknowledged. Some brokers repeat on one connection what is not
 * acknowledged yet, or after they had no session. `clientHasHead`: the client has acknowledged the PUBLISH of the one in flight.
 */
export function isCopy(
  packet: PublishPacket,
  queue: DeliveryQueue,
  answers: BrokerAnswers,
  clientHasHead: boolean,
): boolean {
  if (answers.sentAgain.isCopy(packet)) return true;
  if (!packet.dup) return false;
  if (queue.awaitsAcknowledgement(packet.messageId)) return true;
  const orphan = queue.orphanLike(packet);
  if (orphan === undefined) return false;
  // It has not forgotten it after all. What the client has by now goes on without it.
  if (orphan === queue.head && clientHasHead) answers.conclude(packet);
  else orphan.orphaned = false;
  return true;
}
