import type { SubscriptionTopic } from "../../src/sn/message.ts";
import { decodeShortName } from "../../src/sn/short-name.ts";
import { predefinedTopicsOf } from "./client-topics.ts";

/** The name that the broker knows what a client subscribes to by; undefined where there is none. */
export function filterOf(clientId: string, topic: SubscriptionTopic): string | undefined {
  switch (topic.topicIdType) {
    case "normal":
      return topic.topicName ?? undefined;
    case "short":
      return decodeShortName(topic.topicId) ?? undefined;
    case "predefined":
      return predefinedTopicsOf(clientId).find(({ id }) => id === topic.topicId)?.topic;
    default:
      return undefined;
  }
}
