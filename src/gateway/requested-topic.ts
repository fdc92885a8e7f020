import type { Publish, Subscribe, Unsubscribe } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { decodeShortName } from "../sn/short-name.ts";
import { isTopicFilter } from "../sn/topic-name.ts";
import type { Client } from "./client.ts";
import { isForbiddenTopic } from "./forbidden-topic.ts";
import type { Subscription } from "./subscription-table.ts";

/** What a SUBSCRIBE or UNSUBSCRIBE names, and how. */
export type SubscribeTopic = Pick<Subscription, "filter" | "topicIdType" | "topicId">;

/** The topic name of a client's PUBLISH, or the return code that refuses it (P5 to P7). */
export function publishTopicOf(client: Client, message: Publish): string | number {
  const topic = publishedTopicOf(client, message);
  return typeof topic === "string" && isForbiddenTopic(topic, client.settings) ? RETURN_CODE.notSupported : topic;
}

function publishedTopicOf(client: Client, { topicIdType, topicId }: Publish): string | number {
  switch (topicIdType) {
    case "normal":
      return client.topics.byId(topicId)?.name ?? RETURN_CODE.invalidTopicId;
    case "predefined":
      return client.predefined.nameOf(client.clientId, topicId) ?? RETURN_CODE.invalidTopicId;
    case "short":
      return decodeShortName(topicId) ?? RETURN_CODE.notSupported;
    case "reserved":
      return RETURN_CODE.notSupported;
  }
}

/** What a client's SUBSCRIBE or UNSUBSCRIBE names, or the return code that refuses it (S5). */
export function subscribeTopicOf(client: Client, message: Subscribe | Unsubscribe): SubscribeTopic | number {
  const topic = subscribedTopicOf(client, message);
  const isForbidden = typeof topic === "object" && isForbiddenTopic(topic.filter, client.settings);
  return isForbidden ? RETURN_CODE.notSupported : topic;
}

function subscribedTopicOf(client: Client, message: Subscribe | Unsubscribe): SubscribeTopic | number {
  switch (message.topicIdType) {
    case "normal": {
      const filter = message.topicName;
      return isTopicFilter(filter) ? { filter, topicIdType: "normal", topicId: 0 } : RETURN_CODE.notSupported;
    }
    case "predefined": {
      const { topicId } = message;
      const filter = client.predefined.nameOf(client.clientId, topicId);
      return filter === undefined ? RETURN_CODE.invalidTopicId : { filter, topicIdType: "predefined", topicId };
    }
    case "short": {
      const { topicId } = message;
      const filter = decodeShortName(topicId);
      return filter === null ? RETURN_CODE.notSupported : { filter, topicIdType: "short", topicId };
    }
    case "reserved":
      return RETURN_CODE.notSupported;
  }
}
