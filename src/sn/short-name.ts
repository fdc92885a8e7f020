import { isTopicName } from "./topic-name.ts";
import { decodeUtf8 } from "./utf8.ts";

/**
 * The topic name that the two octets of a short topic name spell (I5), or null where they are not one: ill-formed UTF-8, a wildcard
 * or U+0000 (P7).
 */
export function decodeShortName(topicId: number): string | null {
  const name = decodeUtf8(Uint8Array.of(topicId >> 8, topicId & 0xff));
  return isTopicName(name) ? name : null;
}

/** The two octets of a name as a TopicId, or null where the name is not exactly two octets long. */
export function encodeShortName(name: string): number | null {
  const octets = Buffer.from(name);
  return octets.length === 2 ? octets.readUInt16BE(0) : null;
}
