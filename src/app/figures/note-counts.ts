import { NOTES, type NoteFields, type NoteName } from "../../gateway/contract.ts";
import { NOTE_REASONS, type ReasonedNote, reasonOf } from "./note-reasons.ts";
import type { Reason } from "./reasons.ts";

/** The limits of the configuration that a note can be about, by their keys; a test looks whether these are all that the core knows. */
export const LIMIT_KEYS = [
  "broker.max_qos",
  "clients.max",
  "clients.max_buffered_bytes",
  "clients.max_connect_rate",
  "clients.max_datagram",
  "clients.max_half_open",
  "clients.max_in_flight",
  "clients.max_qos_minus_one_rate",
  "clients.max_qos_minus_one_source_rate",
  "clients.max_queued",
  "clients.max_queued_bytes",
  "clients.max_stranger_answers",
  "clients.max_subscriptions",
  "clients.max_topic_bytes",
  "clients.max_topic_length",
  "clients.max_topics",
] as const;

/** `byReason` where the note is counted by its reasons. */
interface NoteCount {
  count: number;
  readonly byReason: Record<Reason, number> | undefined;
}

/** What the core notes, by name, by reason, and by the limit that was reached. */
export class NoteCounts {
  readonly #counts: ReadonlyMap<NoteName, NoteCount> = new Map(
    (Object.keys(NOTES) as NoteName[]).map((name) => [
      name,
      { count: 0, byReason: isReasoned(name) ? counters<Reason>(NOTE_REASONS[name]) : undefined },
    ]),
  );
  readonly #byLimit = counters<string>(LIMIT_KEYS);

  /** A note was made. */
  count(name: NoteName, fields: NoteFields): void {
    const counted = this.#counts.get(name)!;
    counted.count += 1;
    if (counted.byReason !== undefined) counted.byReason[reasonOf(name as ReasonedNote, fields)] += 1;
    const { limit } = fields;
    // Of a key that is not known there is no series, for there might be any number of them.
    if (typeof limit === "string" && this.#byLimit[limit] !== undefined) this.#byLimit[limit] += 1;
  }

  /** How many there were of each. */
  get byName(): Readonly<Record<NoteName, number>> {
    return Object.fromEntries(Array.from(this.#counts, ([name, { count }]) => [name, count])) as Record<
      NoteName,
      number
    >;
  }

  /** How many there were of a note with each reason that it may have. */
  byReason(name: ReasonedNote): Readonly<Partial<Record<Reason, number>>> {
    return this.#counts.get(name)!.byReason!;
  }

  /** How often each limit was reached. */
  get byLimit(): Readonly<Record<string, number>> {
    return this.#byLimit;
  }
}

function isReasoned(name: NoteName): name is ReasonedNote {
  return name in NOTE_REASONS;
}

function counters<K extends string>(names: readonly K[]): Record<K, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>;
}
