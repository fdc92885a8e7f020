import type { DeviceTopic } from "./contract.ts";

/** A text that is the same for the same topic, and for no other. */
export function topicKey(topic: DeviceTopic): string {
  return topic.topicIdType === "normal" ? `n${topic.topicName}` : `${topic.topicIdType}${topic.topicId}`;
}
