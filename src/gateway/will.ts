import type { WillTopic } from "../sn/message.ts";
import { isTopicName } from "../sn/topic-name.ts";
import { isForbiddenTopic } from "./forbidden-topic.ts";
import type { Will } from "./packet.ts";
import type { Settings } from "./settings.ts";

/** The will that a WILLTOPIC or WILLTOPICUPD with a topic makes; or why there cannot be such a one (W4, W5). */
export function willOf(
  { willTopic, qos, retain }: Extract<WillTopic, { empty: false }>,
  payload: Uint8Array,
  settings: Settings,
): Will | string {
  if (!isTopicName(willTopic)) return "the will topic is not a topic name";
  if (Buffer.byteLength(willTopic) > settings.topicOctetsMax)
    return "the will topic is longer than clients.max_topic_length";
  if (isForbiddenTopic(willTopic, settings))
    return "the broker does not take the will topic: broker.forbidden_characters";
  if (qos === -1) return "a will cannot have QoS −1";
  return { topic: willTopic, payload, qos, retain };
}

/** The payload that a WILLMSG or WILLMSGUPD makes; or why it cannot. */
export function willPayloadOf(willMsg: Uint8Array, { willMsgOctetsMax }: Settings): Uint8Array | string {
  if (willMsg.length > willMsgOctetsMax) return "the will message is longer than clients.max_will_length";
  // The octets are a view into the datagram, and the will outlives it. (A Buffer's own slice would be a view too.)
  return new Uint8Array(willMsg);
}

/** Whether two wills, either of which may be none, say the same. */
export function isSameWill(one: Will | undefined, other: Will | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.topic !== other.topic || one.qos !== other.qos || one.retain !== other.retain) return false;
  return Buffer.compare(one.payload, other.payload) === 0;
}
