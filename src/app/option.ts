import { z } from "zod";
import { CLIENT_ID, isTemplate, namesClient } from "../gateway/template.ts";
import { isTopicName } from "../sn/topic-name.ts";
import { parseDurationMs } from "./duration.ts";

/** One option of the gateway: all that its three spellings, its validation and its help are made from. */
export interface Option<S extends z.ZodType = z.ZodType> {
  /** Validates what the file says, and turns it into what the program works with. Its messages tell what to write instead. */
  schema: S;
  /** What holds when nothing is said, as one would write it; undefined where the option is then left out. */
  default: string | number | boolean | string[] | undefined;
  /** What help shows for a default that cannot be written down. */
  defaultShown?: string;
  meaning: string;
  /** What stands for the value in help, with its unit where it has one. */
  placeholder: string;
  /** What the schema gets for a text from the command line or the environment; undefined where only the file can say it. */
  fromText: ((text: string) => unknown) | undefined;
  /** The keys of the maps that the value consists of, where it does. */
  keys?: readonly string[];
  /** Whether the value names a file or a folder: one that the configuration file names is relative to that file's folder. */
  isPath?: true;
  /** What may be shown of a value, where not all of it may. */
  masked?: (value: never) => unknown;
  /** The flag where it is not simply the key; the derived one then works too. */
  flags?: string;
  /** A reload (SIGHUP) does not take a change over: it holds from the next start on. */
  needsRestart?: true;
}

/** For zod: a message that shows the value and says what is expected instead. */
export function isNot(expected: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => (input === undefined ? "is missing" : `${shown(input)} is not ${expected}`) };
}

/** The same of what is a text: YAML takes 0815 and yes for something else. */
export function isNotText(expected: string): { error: (issue: { input?: unknown }) => string } {
  const { error } = isNot(expected);
  return {
    error: (issue) => {
      const isUnquoted = typeof issue.input === "number" || typeof issue.input === "boolean";
      return isUnquoted ? `${error(issue)}; put it in quotes` : error(issue);
    },
  };
}

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null) return "an empty value";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : String(value);
}

function numberOf(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number) {
  const expected = isNot(`a whole number from ${min} to ${max}`);
  const schema = z.int(expected).min(min, expected).max(max, expected);
  return { schema, placeholder: "<number>", fromText: numberOf };
}

/** A number from `min` to `max`. */
export function number(min: number, max: number) {
  const expected = isNot(`a number from ${min} to ${max}`);
  const schema = z.number(expected).min(min, expected).max(max, expected);
  return { schema, placeholder: "<number>", fromText: numberOf };
}

/** A duration between two others, all as people write them; the program gets milliseconds. */
export function duration(min: string, max: string) {
  const [minMs, maxMs] = [parseDurationMs(min)!, parseDurationMs(max)!];
  const expected = isNot(`a duration from ${min} to ${max} (500ms, 10s, 5m, 2h, 1d, or seconds)`);
  const schema = z
    .union([z.string(), z.number()], expected)
    .refine((value) => {
      const valueMs = parseDurationMs(String(value));
      return valueMs !== null && valueMs >= minMs && valueMs <= maxMs;
    }, expected)
    .transform((value) => parseDurationMs(String(value))!);
  return { schema, placeholder: "<duration>", fromText: (text: string) => text };
}

/** Yes or no. */
export function yesOrNo() {
  const schema = z.boolean(isNot("true or false"));
  const fromText = (text: string) => (text === "true" || text === "false" ? text === "true" : text);
  return { schema, placeholder: "<true|false>", fromText };
}

/** A list of texts, each of which passes `accepts`; one text stands for a list of one. */
export function list(placeholder: string, expected: string, accepts: (text: string) => boolean) {
  const entry = z.string(isNot(expected)).refine(accepts, isNot(expected));
  const fromText = (value: string) => {
    const entries = value.split(/[\s,]+/).filter((each) => each !== "");
    // Nothing is no list: an empty variable would open what it was meant to close.
    return entries.length === 0 ? value : entries;
  };
  return { schema: z.array(entry, isNot(`${expected}, or a list of such`)), placeholder, fromText };
}

/** One of a few words. */
export function choice<const T extends readonly [string, ...string[]]>(placeholder: string, words: T) {
  const expected = isNot(`one of ${words.join(", ")}`);
  return { schema: z.enum(words, expected), placeholder, fromText: (text: string) => text };
}

/** A text that passes `accepts`. */
export function text(placeholder: string, expected: string, accepts: (text: string) => boolean) {
  const schema = z.string(isNot(expected)).refine(accepts, isNot(expected));
  return { schema, placeholder, fromText: (value: string) => value };
}

/** A text with placeholders. `needsClient`: each client's must be one of its own. */
export function template(needsClient: boolean) {
  const schema = z.string(isNot("a text")).superRefine((value, context) => {
    const add = (problem: string) => context.addIssue({ code: "custom", message: `${shown(value)} ${problem}` });
    if (!isTemplate(value)) add(`has a placeholder other than ${CLIENT_ID}`);
    else if (needsClient && !namesClient(value)) {
      add(`has no ${CLIENT_ID} in it: a broker knows each client by an id of its own`);
    }
  });
  return { schema, placeholder: "<template>", fromText: (value: string) => value };
}

/** What is put before topics, with placeholders: whole levels, so that a filter stays one. */
export function mountpoint() {
  const { schema, ...rest } = template(false);
  const whole = schema.superRefine((value, context) => {
    const add = (problem: string) => context.addIssue({ code: "custom", message: `${shown(value)} ${problem}` });
    if (value === "") return;
    if (!isTopicName(value)) add("is not the beginning of a topic name (without +, # and control characters)");
    else if (value.startsWith("$share/"))
      add("begins with $share/, which stands for shared subscriptions; leave that out");
    else if (!value.endsWith("/")) add(`does not end a level; write ${shown(`${value}/`)}`);
  });
  return { ...rest, schema: whole };
}

/** The same, but it may be left out. */
export function optional<S extends z.ZodType, O extends { schema: S }>(option: O & { schema: S }) {
  return { ...option, schema: option.schema.optional() };
}

/** The name of a file. */
export function fileName() {
  return { ...text("<file>", "the name of a file", (name) => name !== ""), isPath: true as const };
}

/** What stands for a secret where it would be shown. */
export const MASK = "***";

/** A text that must never be shown, neither in a message nor in a log. */
export function secret(placeholder: string) {
  const schema = z.string({ error: "is not a text: put it in quotes" });
  return { schema, placeholder, fromText: (value: string) => value, masked: () => MASK };
}
