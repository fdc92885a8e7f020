import { isAbsolute, join } from "node:path";
import type { z } from "zod";
import { closest } from "./closest.ts";
import type { ConfigurationFile } from "./configuration-file.ts";
import type { Option } from "./option.ts";
import { flagOf, variableOf } from "./option-names.ts";
import { OPTIONS, type OptionKey } from "./options.ts";
import type { Problem } from "./problem.ts";

/** What was said of one option, and by whom. */
export interface Said {
  value: unknown;
  /** Who said the part of the value at `path`, and where: a flag, a variable, or a place in a file. */
  place: (path: readonly PropertyKey[]) => string;
  /** What is wrong with the value, or with the part of it at `path`. */
  problem: (path: readonly PropertyKey[], text: string) => Problem;
  /** What names of files in it are relative to; undefined is the working directory. */
  folder?: string;
  /** Where it was not said at all, but follows from broker.profile: what that sets. */
  ofProfile?: string;
}

/** Where options are said, strongest first: flags, environment, file. */
interface Sayings {
  /** The texts of the flags that were given. */
  flags: ReadonlyMap<OptionKey, string>;
  environment: Readonly<Record<string, string | undefined>>;
  file: ConfigurationFile | undefined;
}

/** What was said of the option by the strongest who said anything of it. */
export function saidOf(key: OptionKey, { flags, environment, file }: Sayings): Said | undefined {
  const { fromText, default: usual }: Option = OPTIONS[key];
  const flagText = flags.get(key);
  if (flagText !== undefined && fromText !== undefined) return saidAt(flagOf(key), fromText(flagText));
  const variableText = environment[variableOf(key)];
  if (variableText !== undefined && fromText !== undefined) return saidAt(variableOf(key), fromText(variableText));
  const fileValue = file?.values.get(key);
  if (fileValue === undefined) return undefined;
  const { value, placeOf } = fileValue;
  // One text stands for a list of one; a comma shows that several were meant.
  const isOne = Array.isArray(usual) && typeof value === "string" && !value.includes(",");
  return {
    value: isOne ? [value] : value,
    place: (path) => placeOf(isOne ? [] : path).name,
    problem: (path, text) => {
      const { name, offset } = placeOf(path);
      return { text: `${name}: ${pathText(key, isOne ? [] : path)}: ${text}`, offset };
    },
    folder: file!.folder,
  };
}

/** What was said in one word, that has no places in it. */
export function saidAt(place: string, value: unknown): Said {
  return { value, place: () => place, problem: (_path, text) => ({ text: `${place}: ${text}` }) };
}

/**
 * A key that there is not, as it may be shown: what comes behind a colon or a space is a value that was to be one, perhaps a password. With
 * what to do about it.
 */
export function unknownKey(name: string): { shown: string; hint: string } {
  const shown = /^[^\s:=]*/.exec(name)![0];
  return { shown, hint: shown === name ? "" : "; write a colon and a space between a key and its value" };
}

/** `topics.predefined[2].id` */
export function pathText(key: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, step) => name + (typeof step === "number" ? `[${step}]` : `.${String(step)}`), key);
}

/** The name of a file that stands in another one, or that was said without one. */
export function fileNameIn(folder: string | undefined, name: string): string {
  return folder === undefined || isAbsolute(name) ? name : join(folder, name);
}

/** What a schema has to say of a value; `keys` are those that the maps in it may have. */
export function problemsOfIssues(
  issues: readonly z.core.$ZodIssue[],
  keys: readonly string[],
  problem: Said["problem"],
): Problem[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return problem(issue.path, issue.message);
    return issue.keys.map((name) => {
      const { shown, hint } = unknownKey(name);
      if (hint !== "") return problem(issue.path, `${shown}: there is no such key${hint}`);
      const meant = closest(name, keys);
      return problem(
        [...issue.path, name],
        `there is no such key${meant === undefined ? "" : `; did you mean ${meant}?`}`,
      );
    });
  });
}
