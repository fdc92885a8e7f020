import { NOTES, type NoteFields } from "../../gateway/contract.ts";
import type { LoggedEvent } from "../../http/answers.ts";
import type { LogLevel } from "../configuration/log-level.ts";
import type { Log } from "./log.ts";

/** Lines that are kept. */
const KEPT = 200;

const IS_TOLD: Readonly<Record<LogLevel, boolean>> = {
  trace: false,
  debug: false,
  info: true,
  warn: true,
  error: true,
};

/** Characters of a line. */
const MESSAGE_MAX = 1000;

/** The last lines of the log at `info` and above, for who looks at the status page. */
export class RecentLog {
  readonly #lines: LoggedEvent[] = [];
  /** Where the next one goes: the oldest one's place. */
  #next = 0;

  constructor(log: Log) {
    log.onLine = this.#add;
  }

  /** The last ones, oldest first: `count` at most. */
  last(count: number): LoggedEvent[] {
    return this.#inOrder.slice(-count);
  }

  /** Those that are about this client, oldest first. */
  of(clientId: string): LoggedEvent[] {
    return this.#inOrder.filter((line) => line.clientId === clientId);
  }

  get #inOrder(): LoggedEvent[] {
    return [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
  }

  readonly #add = (level: LogLevel, name: string, fields: NoteFields, message: string | undefined): void => {
    if (!IS_TOLD[level]) return;
    const { clientId, ...rest } = fields;
    const text = message ?? noteText(name, rest);
    this.#lines[this.#next] = {
      at: Date.now(),
      level,
      name,
      message: text.length > MESSAGE_MAX ? `${text.slice(0, MESSAGE_MAX)}…` : text,
      clientId: typeof clientId === "string" ? clientId : null,
    };
    this.#next = (this.#next + 1) % KEPT;
  };
}

/** `a client's CONNECT was accepted: address 10.0.0.7:4711, cleanSession true`, without what is not known. */
function noteText(name: string, fields: NoteFields): string {
  const meaning = name in NOTES ? NOTES[name as keyof typeof NOTES] : name;
  const told = Object.entries(fields).filter(([, value]) => value !== undefined);
  const details = told.map(([key, value]) => `${key} ${isPlain(value) ? value : JSON.stringify(value)}`);
  return details.length === 0 ? meaning : `${meaning}: ${details.join(", ")}`;
}

function isPlain(value: unknown): boolean {
  return typeof value !== "string" || /^[\w./:[\]-]+$/.test(value);
}
