import { decodeShortName } from "../sn/short-name.ts";
import type { Client } from "./client.ts";
import type { Subscription } from "./subscription-table.ts";

/**
 * A subscription of before a restart. Where the topic id by which it was made means another name by now, or none, messages go out with
 * a normal id: the client still gets them, and does not take them for others.
 */
export function restoredSubscription(subscription: Subscription, { clientId, predefined }: Client): Subscription {
  const { filter, topicIdType, topicId } = subscription;
  if (topicIdType === "normal") return subscription;
  const name = topicIdType === "predefined" ? predefined.nameOf(clientId, topicId) : decodeShortName(topicId);
  if (name === filter) return subscription;
  return { ...subscription, topicIdType: "normal", topicId: 0 };
}
