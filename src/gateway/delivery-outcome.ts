import type { TopicAck } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import type { Client } from "./client.ts";
import type { Instant } from "./contract.ts";
import type { Delivery } from "./delivery-queue.ts";
import type { Obstacle } from "./outbound-message.ts";
import { isSameTopicId } from "./outbound-topic.ts";
import type { PublishPacket } from "./packet.ts";

/** How often a QoS 1 or 2 message outlives a client that does not answer REGISTER, before it is given up. */
const POSTPONED_MAX = 3;

/**
 * What an answer of the client means for the message in flight, beside what it means for the topic ids:
 * none: nothing · delivered: the client has it · later: the client is busy · begins: its exchange begins anew, with what is known now ·
 * again: the PUBLISH is sent once more as if for the first time · an obstacle: the client will not have it.
 */
export type DeliveryOutcome = "none" | "delivered" | "later" | "begins" | "again" | Obstacle;

/** REGACK for the REGISTER in flight (G2, G3). */
export function afterRegAck(
  client: Client,
  head: Delivery,
  { topic }: PublishPacket,
  { topicId, returnCode }: TopicAck,
): DeliveryOutcome {
  const entry = client.topics.byName(topic);
  switch (returnCode) {
    case RETURN_CODE.accepted:
      // G2a: an acceptance of another id is not one of ours.
      if (entry?.id !== topicId) return "none";
      client.topics.announce(entry);
      return "begins";
    case RETURN_CODE.congestion:
      head.needsRegister = true;
      return "later";
    default:
      suppress(client, topic);
      // G3: the refusal ends a plain subscription; what a wildcard covers can only be passed over.
      if (client.subscriptions.get(topic) !== undefined) client.dropSubscription(topic);
      return { reason: "the client refused the topic name" };
  }
}

/** PUBACK for the PUBLISH in flight (G1, G4). */
export function afterPubAck(
  { topics }: Client,
  head: Delivery,
  { qos, topic }: PublishPacket,
  { topicId, returnCode }: TopicAck,
): DeliveryOutcome {
  const accepted = returnCode === RETURN_CODE.accepted;
  // Some clients name no topic in a refusal; the MsgId says which message it is (as G2a says of REGACK).
  if ((topicId !== 0 || accepted) && !isSameTopicId(head.topic!, topicId)) return "none";
  // PUBREC is what acknowledges a QoS 2 message.
  if (accepted) return qos === 1 ? "delivered" : "none";
  if (returnCode === RETURN_CODE.congestion) return "later";
  const unknownTopic = returnCode === RETURN_CODE.invalidTopicId;
  const entry = topics.byName(topic);
  const isNormal = unknownTopic && head.topic!.topicIdType === "normal";
  if (isNormal && entry?.id === head.topic!.topicId) topics.retract(entry);
  if (isNormal && !head.registeredAgain) {
    head.registeredAgain = true;
    return "begins";
  }
  if (!unknownTopic && qos === 1 && head.repeated && !head.sentAnew) {
    // Some, as RIOT's emcute, take no repetition, although the first copy may have been lost.
    head.sentAnew = true;
    head.sent = false;
    return "again";
  }
  return { reason: unknownTopic ? "the client does not know the topic id" : "the client refused the message" };
}

/** Where a PUBACK says that the client does not know this topic id, the id has to be registered before it is used again (G4). */
export function retractIfUnknown({ topics }: Client, topicId: number, { returnCode }: TopicAck): void {
  if (returnCode !== RETURN_CODE.invalidTopicId) return;
  const entry = topics.byId(topicId);
  if (entry !== undefined) topics.retract(entry);
}

/**
 * Whether the message is tried with the id alone, where REGISTER was not answered. A client that does not do REGISTER, as RIOT's emcute,
 * was quicker to look at the message than at our answer with its id. One that does, and did not get this one, says so again.
 */
export function isTriedWithoutRegister({ topics }: Client, head: Delivery, { topic }: PublishPacket): boolean {
  const entry = topics.byName(topic);
  if (entry?.asked !== true || head.needsRegister) return false;
  topics.announce(entry);
  head.needsRegister = true;
  head.registeredAgain = false;
  // Its PUBACK has ended the exchange, and repetitions it would refuse.
  head.sent = false;
  return true;
}

/**
 * REGISTER was not answered, all repetitions included (R6). With `keep` a QoS 1 or 2 message is kept until the client is heard of again,
 * for with its acknowledgement the broker would forget it; but not for ever. `since` is when it was first sent.
 */
export function afterSilence(
  client: Client,
  head: Delivery,
  { qos, topic }: PublishPacket,
  keep: boolean,
  since: Instant,
): "kept" | Obstacle {
  if (keep && qos > 0 && head.postponed < POSTPONED_MAX) {
    head.postponed += 1;
    client.note("delivery.postponed", { topic });
    return "kept";
  }
  // A client that was heard of meanwhile does not do REGISTER, as RIOT's emcute; one that was not may have been out of reach.
  const heardOf = client.heardAt > since || head.postponed > 0;
  // Unless it has been given the id when it asked.
  if (heardOf && client.topics.byName(topic)?.asked !== true) suppress(client, topic);
  return { reason: "no answer to REGISTER" };
}

/** For as long as this connection lasts. */
function suppress(client: Client, topic: string): void {
  const entry = client.topics.byName(topic);
  if (entry !== undefined) entry.suppressed = true;
  client.note("topic.suppressed", { topic });
}
