import type { NoteFields, NoteName } from "../../gateway/contract.ts";
import { type Reason, reasonIn } from "./reasons.ts";

const REQUEST = ["limit", "broker", "broker_busy", "congestion", "too_large", "topic_id", "not_supported"] as const;

/** The notes that are counted by their reasons, and which they may have. The last one stands for all others. */
export const NOTE_REASONS = {
  "client.refused": [
    "limit",
    "client_id",
    "not_allowed",
    "protocol",
    "will",
    "broker",
    "broker_silent",
    "stopping",
    "broker_connection",
  ],
  "client.disconnected": ["asked", "sent_away", "broker", "broker_silent", "broker_unreachable", "stopping", "other"],
  "client.lost": ["keep_alive", "sleep", "no_answer", "replaced", "internal_error", "other"],
  "setup.abandoned": ["no_answer", "asked", "replaced", "sent_away", "other"],
  "publish.refused": [...REQUEST, "other"],
  "register.refused": ["limit", "topic_name", "forbidden_characters", "not_saved_yet", "other"],
  "subscribe.refused": [...REQUEST, "not_saved_yet", "other"],
  "will.refused": ["will", "busy", "broker", "broker_silent", "broker_connection"],
  "datagram.dropped": [
    "length",
    "message_type",
    "field_missing",
    "octets_left_over",
    "nested",
    "not_for_gateway",
    "switched_off",
    "other",
  ],
  "delivery.dropped": [
    "limit",
    "refused_by_client",
    "topic_id",
    "topic_name",
    "no_answer",
    "mountpoint",
    "not_saved_yet",
    "other",
  ],
  "qos-minus-one.dropped": [
    "limit",
    "switched_off",
    "broker_unreachable",
    "topic_id",
    "topic_name",
    "not_supported",
    "forbidden_characters",
    "mountpoint",
    "other",
  ],
  "search.ignored": ["limit", "switched_off", "broker_unreachable", "standby", "other"],
} as const satisfies Partial<Record<NoteName, readonly Reason[]>>;

/** A note that is counted by its reasons. */
export type ReasonedNote = keyof typeof NOTE_REASONS;

/** The reason of a note in one word. It is one of `NOTE_REASONS`: the last one where it would be none of them. */
export function reasonOf(name: ReasonedNote, fields: NoteFields): Reason {
  const reasons: readonly Reason[] = NOTE_REASONS[name];
  const reason = reasonIn(fields);
  return reason !== undefined && reasons.includes(reason) ? reason : reasons.at(-1)!;
}
