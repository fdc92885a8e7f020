import { createRequire } from "node:module";
import type { Logger, LoggerOptions } from "pino";
import type { NoteFields, NoteName } from "../../gateway/contract.ts";
import type { LogLevel } from "../configuration/log-level.ts";
import type { LOG_EVENTS } from "./log-events.ts";

// CommonJS, which to import costs memory (docs/decisions/0008-small-at-the-start.md).
const require = createRequire(import.meta.url);
const { pino } = require("pino") as typeof import("pino");

type Events = typeof LOG_EVENTS;

/** The events that may be told of at a level. */
type EventAt<L extends LogLevel> = {
  [E in keyof Events]: L extends Events[E]["levels"][number] ? E : never;
}[keyof Events];

/** What belongs to a line besides its event. Nothing of it may be a secret. A note of the core says its fields itself. */
type FieldsOf<E> = E extends keyof Events
  ? { readonly [F in Events[E]["fields"][number]]?: string | number | boolean | undefined }
  : NoteFields;

interface LogOptions {
  level: LogLevel;
  /** Lines for people, or one JSON object a line. */
  format: "pretty" | "json";
  colour: boolean;
}

/** Where lines end up. The program writes to standard output; tests collect them. */
interface LogDestination {
  write(line: string): void;
}

/**
 * The log: a line an event. `event` is a stable name that programs may rely on, one of LOG_EVENTS or of the core's NOTES, the message is
 * for people. Lines are written before the call returns, so that the last ones before an end are not lost.
 */
export class Log {
  /** Is told of each line that is written. */
  onLine: ((level: LogLevel, event: string, fields: NoteFields, message: string | undefined) => void) | undefined;
  readonly #pino: Logger;

  constructor(options: LogOptions, destination: LogDestination = standardOutput()) {
    const settings: LoggerOptions = {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    };
    this.#pino = pino(settings, streamOf(options, destination));
  }

  trace<E extends EventAt<"trace">>(event: E, fields: FieldsOf<E>, message?: string): void {
    this.at("trace", event, fields, message);
  }

  debug<E extends EventAt<"debug">>(event: E, fields: FieldsOf<E>, message?: string): void {
    this.at("debug", event, fields, message);
  }

  info<E extends EventAt<"info">>(event: E, fields: FieldsOf<E>, message?: string): void {
    this.at("info", event, fields, message);
  }

  warn<E extends EventAt<"warn">>(event: E, fields: FieldsOf<E>, message?: string): void {
    this.at("warn", event, fields, message);
  }

  error<E extends EventAt<"error">>(event: E, fields: FieldsOf<E>, message?: string): void {
    this.at("error", event, fields, message);
  }

  /** A line whose level is not always the same, or a note of the core. */
  at<E extends keyof Events | NoteName>(level: LogLevel, event: E, fields: FieldsOf<E>, message?: string): void {
    const line: Record<string, unknown> = { event, ...fields };
    this.#pino[level](line, message);
    if (this.onLine !== undefined && this.isLevelEnabled(level)) this.onLine(level, event, fields, message);
  }

  /** Whether messages are traced: looked at before anything is decoded for the log. */
  get traces(): boolean {
    return this.isLevelEnabled("trace");
  }

  /** From now on so much is logged. */
  set level(level: LogLevel) {
    this.#pino.level = level;
  }

  isLevelEnabled(level: LogLevel): boolean {
    return this.#pino.isLevelEnabled(level);
  }
}

function standardOutput(): LogDestination {
  const output = pino.destination({ dest: 1, sync: true });
  let isGone = false;
  // A reader that has gone away, or a terminal that was closed, must not end the gateway.
  output.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    isGone = true;
  });
  return {
    write: (line) => {
      if (!isGone) output.write(line);
    },
  };
}

function streamOf(options: LogOptions, destination: LogDestination): LogDestination {
  if (options.format === "json") return destination;
  const { prettyFactory } = require("pino-pretty") as typeof import("pino-pretty");
  // Only the formatter: the stream that pino-pretty makes would write later, or never where the process ends first.
  const format = prettyFactory({
    colorize: options.colour,
    translateTime: "SYS:HH:MM:ss.l",
    hideObject: true,
    ignore: "pid",
    messageFormat: (line) => prettyMessage(line).replaceAll(UNPRINTABLE, escaped),
  });
  return { write: (line) => destination.write(format(line)) };
}

/** What could move the cursor of a terminal or turn its text around; only our own messages have line ends. */
const UNPRINTABLE = /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu;

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/** Parts of a line that are not fields of its event. */
const OWN_KEYS = new Set(["level", "time", "event", "msg"]);

/** `client.connected  clientId=boiler address=127.0.0.1:5000`, or the message where a line has one. */
function prettyMessage(line: Record<string, unknown>): string {
  const fields = Object.entries(line).filter(([key]) => !OWN_KEYS.has(key));
  // A message for people says what its fields say.
  if (typeof line.msg === "string" && line.msg !== "") return line.msg;
  return [line.event, ...fields.map(([key, value]) => `${key}=${shown(value)}`)].join(" ");
}

function shown(value: unknown): string {
  return typeof value === "string" && /^[\w./:[\]-]+$/.test(value) ? value : JSON.stringify(value);
}
