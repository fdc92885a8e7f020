import type { Publish } from "../sn/message.ts";
import type { Instant } from "./contract.ts";

/** How many finished exchanges are remembered against duplicates that the network delayed. */
const FINISHED_MAX = 64;

interface Open {
  message: Publish;
  /** The connection in which it came, of those with a clean session. */
  session: number;
}

interface Finished {
  message: Publish;
  until: Instant;
}

/** The receiving side of QoS 2: which messages are new, and which are not. */
export class ReceivedMessages {
  readonly #max: number;
  /** For how long a finished exchange is remembered: longer than the gateway repeats, or the network keeps, a datagram. */
  readonly #rememberedMs: number;
  /** Delivered, and waiting for PUBREL. */
  #open: Map<number, Open> | undefined;
  #finished: Finished[] | undefined;
  #session = 0;

  constructor(max: number, rememberedMs: number) {
    this.#max = max;
    this.#rememberedMs = rememberedMs;
  }

  /**
   * What to do with a QoS 2 PUBLISH. "late" is a copy of one whose exchange is finished: it is not answered, for the answer could be taken
   * for that to a new message with the same MsgId. Only octets equal in all but DUP make a copy, so that a broker which
   * uses a MsgId again at once is heard; at worst such a message is taken when the memory has passed.
   */
  judge(message: Publish, now: Instant): "new" | "repeated" | "late" | "full" {
    const open = this.#open?.get(message.msgId);
    if (open !== undefined) {
      // Other data: the session in which the MsgId was open is gone, which a device that comes from its sleep is not told. And where
      // the device began a clean session, the gateway may have kept the old one (Z12).
      const isRepeated =
        open.session === this.#session
          ? hasSameData(open.message, message)
          : message.dup && isCopy(open.message, message);
      if (!isRepeated) return "new";
      // Late copies will be of this one: its topic id may be another.
      open.message = message;
      return "repeated";
    }
    if (this.#finished?.some((finished) => finished.until > now && isCopy(finished.message, message))) return "late";
    return (this.#open?.size ?? 0) < this.#max ? "new" : "full";
  }

  open(message: Publish): void {
    this.#open ??= new Map();
    this.#open.set(message.msgId, { message, session: this.#session });
  }

  /** PUBREL has come. */
  finish(msgId: number, now: Instant): void {
    const message = this.#open?.get(msgId)?.message;
    if (message === undefined) return;
    this.#open?.delete(msgId);
    this.#finished ??= [];
    this.#finished.push({ message, until: now + this.#rememberedMs });
    while (this.#finished.length > FINISHED_MAX || this.#finished[0]!.until <= now) this.#finished.shift();
  }

  /** A clean session begins, as far as the device knows. */
  startSession(): void {
    this.#session += 1;
  }
}

function isCopy(one: Publish, other: Publish): boolean {
  return (
    one.msgId === other.msgId &&
    one.topicId === other.topicId &&
    one.topicIdType === other.topicIdType &&
    hasSameData(one, other)
  );
}

function hasSameData({ data: one }: Publish, { data: other }: Publish): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index]);
}
