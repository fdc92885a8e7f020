import type { Publish } from "../sn/message.ts";
import type { Instant } from "./contract.ts";

/** MsgIds that are remembered. Beyond that the oldest is forgotten: a client has one exchange open at a time (P4). */
const REMEMBERED_MAX = 64;

interface Completed {
  fingerprint: number;
  at: Instant;
}

/**
 * QoS 2 messages of a client whose exchange has ended. UDP may bring a copy of a PUBLISH after that; forwarded, the message would be
 * at the broker twice. A copy is one with the MsgId and the content of a message that was completed a moment ago. It is dropped
 * without an answer, so that a client which really sends the same again under the same MsgId is heard at its first repetition.
 */
export class CompletedPublishes {
  readonly #byMsgId = new Map<number, Completed>();

  add(msgId: number, fingerprint: number, now: Instant): void {
    this.#byMsgId.delete(msgId);
    if (this.#byMsgId.size >= REMEMBERED_MAX) {
      for (const oldest of this.#byMsgId.keys()) {
        this.#byMsgId.delete(oldest);
        break;
      }
    }
    this.#byMsgId.set(msgId, { fingerprint, at: now });
  }

  has(msgId: number): boolean {
    return this.#byMsgId.has(msgId);
  }

  /** Whether such a PUBLISH would be a late copy. */
  isCopy(msgId: number, fingerprint: number, now: Instant, windowMs: number): boolean {
    const completed = this.#byMsgId.get(msgId);
    return completed !== undefined && completed.fingerprint === fingerprint && now - completed.at < windowMs;
  }
}

/** A number by which two PUBLISHes of one client are told apart: FNV-1a over topic and data. */
export function fingerprintOf(message: Publish): number {
  let hash = 0x811c9dc5 ^ message.topicId;
  hash = Math.imul(hash, 0x01000193) ^ message.topicIdType.length;
  for (let index = 0; index < message.data.length; index += 1) {
    hash = Math.imul(hash, 0x01000193) ^ message.data[index]!;
  }
  return hash >>> 0;
}
