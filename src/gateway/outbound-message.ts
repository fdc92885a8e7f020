import { encode } from "../sn/encode.ts";
import { hasWildcard } from "../sn/topic-name.ts";
import type { Client } from "./client.ts";
import type { OutboundTopic, outboundTopicOf } from "./outbound-topic.ts";
import type { PublishPacket } from "./packet.ts";
import type { TopicEntry } from "./topic-table.ts";

/** Octets of REGISTER and PUBLISH before the name or the data, and what the long header adds. */
const REGISTER_HEAD_OCTETS = 6;
const PUBLISH_HEAD_OCTETS = 7;
const LONG_HEADER_EXTRA_OCTETS = 2;
const SHORT_OCTETS_MAX = 255;

/** Why a message is not delivered: for people, and the key of the limit that was reached, where that is why. */
export interface Obstacle {
  reason: string;
  limit?: string;
}

/** Why a message cannot be sent to this client at all under this topic (G3, G5); a name without an id is given one. */
export function obstacleTo(
  { settings, topics }: Client,
  { topic: topicName, payload }: PublishPacket,
  topic: ReturnType<typeof outboundTopicOf>,
): Obstacle | undefined {
  if (!fits(PUBLISH_HEAD_OCTETS + payload.length, settings.datagramOctetsMax)) {
    return { reason: "larger than clients.max_datagram", limit: "clients.max_datagram" };
  }
  if (topic === "suppressed") return { reason: "the client refused the topic name" };
  if (topic !== "unregistered") return undefined;
  // No broker should send it; and §6.10 has REGISTER without wildcards (I6).
  if (topicName === "" || hasWildcard(topicName)) return { reason: "not a topic name" };
  if (!fits(REGISTER_HEAD_OCTETS + Buffer.byteLength(topicName), settings.datagramOctetsMax)) {
    return { reason: "topic name larger than clients.max_datagram", limit: "clients.max_datagram" };
  }
  if (topics.obtain(topicName) !== undefined) return undefined;
  return topics.obstacle;
}

/** The REGISTER that tells a client of a topic id (G2). */
export function encodeRegister({ id, name }: TopicEntry, msgId: number): Uint8Array {
  return encode({ type: "REGISTER", topicId: id, msgId, topicName: name });
}

/** The PUBLISH that delivers `packet`; `dup` where it has been sent before (R5). */
export function encodePublish(
  { topicIdType, topicId }: OutboundTopic,
  dup: boolean,
  { qos, retain, payload, messageId }: PublishPacket,
): Uint8Array {
  return encode({ type: "PUBLISH", dup, qos, retain, topicIdType, topicId, msgId: messageId, data: payload });
}

function fits(octetsInShortForm: number, octetsMax: number): boolean {
  if (octetsInShortForm <= SHORT_OCTETS_MAX) return octetsInShortForm <= octetsMax;
  return octetsInShortForm + LONG_HEADER_EXTRA_OCTETS <= octetsMax;
}
