/**
 * What the topic field of a message holds (§5.3.4): the two lowest bits of the flags, in the order of their values.
 * In SUBSCRIBE and UNSUBSCRIBE "normal" stands for a full topic name or filter (I1).
 */
export const TOPIC_ID_TYPES = ["normal", "predefined", "short", "reserved"] as const;

export type TopicIdType = (typeof TOPIC_ID_TYPES)[number];
