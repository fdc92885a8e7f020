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

/**
 * What has happened this time, the reason first, and what it means in general: `no answer, address 10.0.0.7:4711 (a client was silent …)`.
 * Without what is not known; a return code is told by the reason.
 */
function noteText(name: string, { reason, returnCode, ...fields }: NoteFields): string {
  const meaning = name in NOTES ? NOTES[name as keyof typeof NOTES] : name;
  const rest = reason === undefined ? { returnCode, ...fields } : fields;
  const told = Object.entries(rest).filter(([, value]) => value !== undefined);
  const details = told.map(([key, value]) => `${key} ${isPlain(value) ? value : JSON.stringify(value)}`);
  if (reason !== undefined) details.unshift(String(reason));
  return details.length === 0 ? meaning : `${details.join(", ")} (${meaning})`;
}

function isPlain(value: unknown): boolean {
  return typeof value !== "string" || /^[\w./:[\]-]+$/.test(value);
}
