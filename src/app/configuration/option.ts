import { z } from "zod";
import { CLIENT_ID, isTemplate, namesClient } from "../../gateway/template.ts";
import { isTopicName } from "../../sn/topic-name.ts";
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
  /** What may be written, for people, such as "a whole number from 1 to 255". */
  expected: string;
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
  /** An empty text is a value that people have a use for, and would write without its quotes. */
  mayBeEmpty?: true;
}

/** For zod: a message that shows the value and says what is expected instead. */
export function isNot(expected: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => (input === undefined ? "is missing" : `${shown(input)} is not ${expected}`) };
}

/** The same of what is a text: YAML takes 0815 and yes for something else. */
export function isNotText(
  expected: string,
  accepts: (text: string) => boolean = () => true,
): { error: (issue: { input?: unknown }) => string } {
  const { error } = isNot(expected);
  return {
    error: (issue) => {
      const isUnquoted = typeof issue.input === "number" || typeof issue.input === "boolean";
      return isUnquoted && accepts(String(issue.input)) ? `${error(issue)}; put it in quotes` : error(issue);
    },
  };
}

/** The same of what is none, and looks like it where it stands in quotes. */
function isNotInQuotes(expected: string, looksRight: RegExp): { error: (issue: { input?: unknown }) => string } {
  const { error } = isNot(expected);
  return {
    error: (issue) => {
      const isQuoted = typeof issue.input === "string" && looksRight.test(issue.input);
      return isQuoted ? `${error(issue)}; leave the quotes out` : error(issue);
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

const NUMBER = /^-?\d+(\.\d+)?$/;

function numberOf(text: string): unknown {
  return NUMBER.test(text.trim()) ? Number(text) : text;
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`;
  const error = isNotInQuotes(expected, NUMBER);
  const schema = z.int(error).min(min, error).max(max, error);
  return { schema, expected, placeholder: "<number>", fromText: numberOf };
}

/** A number from `min` to `max`. */
export function number(min: number, max: number) {
  const expected = `a number from ${min} to ${max}`;
  const error = isNotInQuotes(expected, NUMBER);
  const schema = z.number(error).min(min, error).max(max, error);
  return { schema, expected, placeholder: "<number>", fromText: numberOf };
}

/** How a duration looks, for editors. */
const DURATION_PATTERN = "^\\s*[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)?\\s*$";

/** A duration between two others, all as people write them; the program gets milliseconds. */
export function duration(min: string, max: string) {
  const [minMs, maxMs] = [parseDurationMs(min)!, parseDurationMs(max)!];
  const expected = `a duration from ${min} to ${max}`;
  const error = isNot(`${expected} (500ms, 10s, 5m, 2h, 1d, or seconds)`);
  const schema = z
    .union([z.string().meta({ pattern: DURATION_PATTERN }), z.number().meta({ minimum: 0 })], error)
    .refine((value) => {
      const valueMs = parseDurationMs(String(value));
      return valueMs !== null && valueMs >= minMs && valueMs <= maxMs;
    }, error)
    .transform((value) => parseDurationMs(String(value))!);
  return { schema, expected, placeholder: "<duration>", fromText: (text: string) => text };
}

/** Yes or no. */
export function yesOrNo() {
  const expected = "true or false";
  const schema = z.boolean(isNotInQuotes(expected, /^(true|false)$/));
  const fromText = (text: string) => (text === "true" || text === "false" ? text === "true" : text);
  return { schema, expected, placeholder: "<true|false>", fromText };
}

/** A list of texts, each of which passes `accepts`; one text stands for a list of one. `remedy`: what to write instead of a text, where one can tell. */
export function list(
  placeholder: string,
  expected: string,
  accepts: (text: string) => boolean,
  remedy: (text: string) => string | undefined = () => undefined,
) {
  const isNone = isNot(expected);
  const error = (issue: { input?: unknown }) =>
    [isNone.error(issue), remedy(String(issue.input))].filter((part) => part !== undefined).join("; ");
  const entry = z.string(isNotText(expected, accepts)).refine(accepts, { error });
  const expectedList = `${expected}, or a list of such`;
  const notList = isNotText(expectedList, accepts);
  const listError = ({ input }: { input?: unknown }) => {
    const several = typeof input === "string" ? input.split(",").map((each) => each.trim()) : [];
    return several.length > 1
      ? `${shown(input)} is one text; write a list: [${several.join(", ")}]`
      : notList.error({ input });
  };
  const fromText = (value: string) => {
    const entries = value.split(/[\s,]+/).filter((each) => each !== "");
    // Nothing is no list: an empty variable would open what it was meant to close.
    return entries.length === 0 ? value : entries;
  };
  return { schema: z.array(entry, { error: listError }), expected: expectedList, placeholder, fromText };
}

/** One of a few words. */
export function choice<const T extends readonly [string, ...string[]]>(placeholder: string, words: T) {
  const expected = `one of ${words.join(", ")}`;
  return { schema: z.enum(words, isNot(expected)), expected, placeholder, fromText: (text: string) => text };
}

/** A text that passes `accepts`. */
export function text(placeholder: string, expected: string, accepts: (text: string) => boolean) {
  const schema = z.string(isNotText(expected, accepts)).refine(accepts, isNot(expected));
  return { schema, expected, placeholder, fromText: (value: string) => value };
}

/** A text with placeholders. `needsClient`: each client's must be one of its own. */
export function template(needsClient: boolean) {
  const schema = z.string(isNotText("a text")).superRefine((value, context) => {
    const add = (problem: string) => context.addIssue({ code: "custom", message: `${shown(value)} ${problem}` });
    if (!isTemplate(value)) add(`has a placeholder other than ${CLIENT_ID}`);
    else if (needsClient && !namesClient(value)) {
      add(`has no ${CLIENT_ID} in it: a broker knows each client by an id of its own`);
    }
  });
  const expected = needsClient ? `a text with ${CLIENT_ID} in it` : `a text, in which ${CLIENT_ID} may stand`;
  return { schema, expected, placeholder: "<template>", fromText: (value: string) => value };
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
  return {
    ...rest,
    expected: `the beginning of topics, ending with /, in which ${CLIENT_ID} may stand`,
    schema: whole,
  };
}

/** The same, but it may be left out. */
export function optional<S extends z.ZodType, O extends { schema: S }>(option: O & { schema: S }) {
  return { ...option, schema: option.schema.optional() };
}

/** The name of a file. */
export function fileName() {
  const { schema, ...rest } = text("<file>", "the name of a file", (name) => name !== "");
  return { ...rest, schema: schema.refine(isNotHome, IS_HOME), isPath: true as const };
}

/** Whether a name does not begin with what a shell takes for somebody's folder, and nobody else does. */
export function isNotHome(name: string): boolean {
  return !/^~/.test(name);
}

export const IS_HOME = {
  error: ({ input }: { input?: unknown }) => `${shown(input)}: only a shell knows what ~ is; write the folder in full`,
};

/** What stands for a secret where it would be shown. */
export const MASK = "***";

/** For a secret that is none. */
export const IS_MASK = `is ${MASK}, which check prints in place of a secret; write the secret, or name its file`;

/** A text that must never be shown, neither in a message nor in a log. */
export function secret(placeholder: string) {
  const schema = z
    .string({ error: "is not a text: put it in quotes" })
    .refine((value) => value !== MASK, { error: IS_MASK });
  return { schema, expected: "a text", placeholder, fromText: (value: string) => value, masked: () => MASK };
}
