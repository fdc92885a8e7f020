import type { Publish } from "../sn/message.ts";
import { TOPIC_ID_TYPES } from "../sn/topic-id-type.ts";
import type { Instant } from "./contract.ts";
import { FINGERPRINT_BASIS, fingerprint, fingerprintOctet } from "./fingerprint.ts";
import type { Settings } from "./settings.ts";

/** MsgIds that are remembered of one client. Beyond that the oldest is forgotten. */
const REMEMBERED_MAX = 256;

interface Completed {
  /** Undefined where the PUBLISH was not seen, only its PUBREL: then it is any with this MsgId. */
  fingerprint: number | undefined;
  at: Instant;
  /** The broker has confirmed it; else its PUBREL was under way when the connection ended. */
  confirmed: boolean;
}

/**
 * QoS 2 messages of a client whose exchange has ended. UDP may bring a copy of a PUBLISH after that; forwarded, the message would be
 * at the broker twice. A copy is one with the MsgId and the content of a message that was completed a moment ago. It is dropped
 * without an answer, so that a client which really sends the same again under the same MsgId is heard at its first repetition.
 */
export class CompletedPublishes {
  readonly #settings: Pick<Settings, "tRetryMs">;
  /** The one that was completed first in front. */
  readonly #byMsgId = new Map<number, Completed>();

  constructor(settings: Pick<Settings, "tRetryMs">) {
    this.#settings = settings;
  }

  /** How long a copy may be under way: when the client sends again, that is a repetition. */
  get #windowMs(): number {
    return this.#settings.tRetryMs / 2;
  }

  add(msgId: number, fingerprint: number | undefined, confirmed: boolean, now: Instant): void {
    this.#byMsgId.delete(msgId);
    this.#byMsgId.set(msgId, { fingerprint, at: now, confirmed });
    for (const [oldest, { at }] of this.#byMsgId) {
      if (this.#byMsgId.size <= REMEMBERED_MAX && now - at < this.#windowMs) break;
      this.#byMsgId.delete(oldest);
    }
  }

  /** Whether an exchange with this MsgId was completed a moment ago, as the broker has confirmed. */
  has(msgId: number, now: Instant): boolean {
    return this.#recent(msgId, now)?.confirmed === true;
  }

  /** The MsgId stands for a new exchange. Whether it stood for one before. */
  forget(msgId: number): boolean {
    return this.#byMsgId.delete(msgId);
  }

  /** Whether such a PUBLISH would be a late copy. */
  isCopy(msgId: number, fingerprint: number, now: Instant): boolean {
    const completed = this.#recent(msgId, now);
    if (completed === undefined) return false;
    return completed.fingerprint === undefined || completed.fingerprint === fingerprint;
  }

  #recent(msgId: number, now: Instant): Completed | undefined {
    const completed = this.#byMsgId.get(msgId);
    return completed !== undefined && now - completed.at < this.#windowMs ? completed : undefined;
  }
}

/** A number by which two PUBLISHes of one client are told apart. */
export function fingerprintOf({ topicId, topicIdType, data }: Publish): number {
  return fingerprint(fingerprintOctet(FINGERPRINT_BASIS ^ topicId, TOPIC_ID_TYPES.indexOf(topicIdType)), data);
}
