import { NOTES, type Note, type NoteFields, type NoteName } from "../../gateway/contract.ts";
import { reasonText } from "../../mqtt/reason-text.ts";
import { RETURN_CODE } from "../../sn/return-code.ts";
import type { WhereIs } from "../where-is.ts";
import type { Log } from "./log.ts";
import { NOTE_LEVELS, noteLevel } from "./note-levels.ts";

/** Lines a second of one kind of note that anybody can cause who can reach a listener, without being a client. */
const STRANGERS_LINES_MAX = 5;

/** Lines a second of one kind of any other note: ten thousand clients may connect in one second, or be lost with their broker. */
const LINES_MAX = 100;

const WINDOW_MS = 1000;

/** Characters of a text in a line: a client id or a topic of a stranger's choice may fill a datagram. */
const TEXT_MAX = 512;

const CAUSED_BY_STRANGERS: ReadonlySet<NoteName> = new Set([
  "client.refused",
  "datagram.dropped",
  "message.ignored",
  "neighbour.confused",
  "neighbour.heard",
  "neighbour.silent",
  "qos-minus-one.dropped",
  "search.ignored",
  "setup.abandoned",
  "stranger.answered",
  "stranger.limited",
]);

interface Window {
  start: number;
  lines: number;
  omitted: number;
}

/**
 * Prints the notes of the core, a bounded number of lines a second of each kind: a flood must not fill the disk. What was left out is
 * counted, and told by a `log.omitted` line.
 */
export class NoteLog {
  readonly #log: Log;
  readonly #whereIs: WhereIs;
  readonly #windows = new Map<NoteName, Window>();
  #timer: NodeJS.Timeout | undefined;
  #omitted = 0;

  constructor(log: Log, whereIs: WhereIs) {
    this.#log = log;
    this.#whereIs = whereIs;
  }

  /** Lines that were left out since the start. */
  get omitted(): number {
    return this.#omitted;
  }

  /** Prints a note, or counts it. `now` in milliseconds. */
  print(note: Note, now: number): void {
    const level = noteLevel(note);
    if (!this.#log.isLevelEnabled(level) || !this.#admits(note.name, now)) return;
    const { address } = note.fields;
    const told = shortened(inWords(note.fields));
    const fields = typeof address === "string" ? { ...told, ...this.#whereIs(address) } : told;
    this.#log.at(level, note.name, fields);
  }

  /** Tells what has been left out so far. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [name, window] of this.#windows) {
      if (window.omitted > 0) this.#tell(name, window);
    }
  }

  #admits(name: NoteName, now: number): boolean {
    const window = this.#windows.get(name);
    if (window === undefined) {
      this.#windows.set(name, { start: now, lines: 1, omitted: 0 });
      return true;
    }
    if (now - window.start >= WINDOW_MS) {
      if (window.omitted > 0) this.#tell(name, window);
      window.start = now;
      window.lines = 0;
    }
    if (window.lines < (CAUSED_BY_STRANGERS.has(name) ? STRANGERS_LINES_MAX : LINES_MAX)) {
      window.lines += 1;
      return true;
    }
    window.omitted += 1;
    this.#omitted += 1;
    this.#timer ??= setTimeout(() => this.flush(), WINDOW_MS).unref();
    return false;
  }

  #tell(name: NoteName, window: Window): void {
    const count = window.omitted;
    window.omitted = 0;
    const message = `${count} more of ${name} (${NOTES[name]})`;
    this.#log.at(NOTE_LEVELS[name], "log.omitted", { of: name, count }, message);
  }
}

/** Refusals that say why by their return code alone (§5.3.10). */
const RETURN_CODE_TEXTS: Readonly<Record<number, string>> = {
  [RETURN_CODE.congestion]: "congestion (0x01)",
  [RETURN_CODE.invalidTopicId]: "invalid topic id (0x02)",
  [RETURN_CODE.notSupported]: "not supported (0x03)",
};

/**
 * The same with what the broker has answered in words, `not authorized (0x87)`, in the place of its code; where nothing but the return code
 * says why, that in words is the reason.
 */
function inWords(fields: NoteFields): NoteFields {
  const { brokerReasonCode, ...rest } = fields;
  if (typeof brokerReasonCode === "number") return { ...rest, brokerReason: reasonText(brokerReasonCode) };
  if (typeof fields.returnCode !== "number" || fields.reason !== undefined) return fields;
  return { ...fields, reason: RETURN_CODE_TEXTS[fields.returnCode] };
}

/** The same with long texts cut; not where an error of ours stands, which is to be found. */
function shortened(fields: NoteFields): NoteFields {
  const cut = (key: string, value: NoteFields[string]) =>
    typeof value === "string" && value.length > TEXT_MAX && key !== "error" ? `${value.slice(0, TEXT_MAX)}…` : value;
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, cut(key, value)]));
}
