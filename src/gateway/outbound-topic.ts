import type { Client } from "./client.ts";
import type { Subscription } from "./subscription-table.ts";

/** How a topic is named in a PUBLISH to a client. */
export interface OutboundTopic {
  readonly topicIdType: "normal" | "predefined" | "short";
  /** The id, or the two octets of the short name. */
  readonly topicId: number;
}

/**
 * How this client is told of a topic: with the kind of topic id with which it subscribed to exactly this name, else with a normal id (G7).
 * "unregistered" where it has to be told of the id first (G2), "suppressed" where it does not want to know it (G3).
 */
export function outboundTopicOf(client: Client, topicName: string): OutboundTopic | "unregistered" | "suppressed" {
  const subscription = client.subscriptions.withId(topicName);
  if (subscription !== undefined && stillStands(subscription, client)) return subscription;
  const entry = client.topics.byName(topicName);
  if (entry?.suppressed === true) return "suppressed";
  return entry?.announced === true ? { topicIdType: "normal", topicId: entry.id } : "unregistered";
}

/** Whether a predefined id or short name stands for this subscription; a predefined id may have another meaning since a reload. */
function stillStands({ filter, topicIdType, topicId }: Subscription, client: Client): boolean {
  if (topicIdType === "predefined") return client.predefined.nameOf(client.clientId, topicId) === filter;
  return topicIdType === "short";
}

/**
 * Whether a name cannot be given an id yet: the SUBACK of an open SUBSCRIBE may say it (S10), or something has to be saved before
 * there are more ids.
 */
export function awaitsId({ topics, subscribing }: Client, topicName: string): boolean {
  return subscribing || (topics.awaitsSaving && topics.byName(topicName) === undefined);
}

/** Whether the TopicId of a client's PUBACK is the one it was sent. */
export function isSameTopicId({ topicIdType, topicId }: OutboundTopic, acknowledged: number): boolean {
  if (acknowledged === topicId) return true;
  // A client that keeps the two octets of predefined and short topics in the order of its processor may return them turned round.
  return topicIdType !== "normal" && acknowledged === (((topicId & 0xff) << 8) | (topicId >> 8));
}
