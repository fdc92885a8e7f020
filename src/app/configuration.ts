import { readFileSync } from "node:fs";
import { parseBrokerUrl } from "../mqtt/broker-url.ts";
import { CLIENT_VARIABLES } from "./client-variables.ts";
import { closest } from "./closest.ts";
import { ConfigurationFile } from "./configuration-file.ts";
import type { Option } from "./option.ts";
import { CONFIG_VARIABLE, flagOf, OPTION_KEYS, VARIABLE_PREFIX, variableOf } from "./option-names.ts";
import { OPTIONS, type OptionKey, type OptionValues } from "./options.ts";
import type { Problem } from "./problem.ts";

/** Where the gateway's options may come from, strongest first: flags, environment, file. */
export interface ConfigurationSources {
  /** The texts of the flags that were given. */
  flags: ReadonlyMap<OptionKey, string>;
  /** The configuration file named by flag; it goes before the one named by `MQTTSN_CONFIG`. */
  configFlag?: string | undefined;
  environment: Readonly<Record<string, string | undefined>>;
}

/** The configuration, or every problem with it, each a sentence for the user; those of the file come last, in the order of its lines. */
export type Configuration = { ok: true; values: OptionValues } | { ok: false; problems: string[] };

/** What was said of one option, and by whom. */
interface Said {
  value: unknown;
  /** What is wrong with the value, or with the part of it at `path`. */
  problem: (path: readonly PropertyKey[], text: string) => Problem;
}

/** Reads and validates the options. Secrets never show in a problem. */
export function loadConfiguration(sources: ConfigurationSources): Configuration {
  const problems: Problem[] = [];
  const file = readConfigurationFile(sources, problems);
  const isFileRead = file?.isReadable ?? problems.length === 0;
  const said = new Map<OptionKey, Said>();
  const values: Partial<Record<OptionKey, unknown>> = {};
  /** Options of which one does not know what they are meant to be. */
  const unknown = new Set<OptionKey>(file?.unreadable);

  for (const key of OPTION_KEYS) {
    const saying = saidOf(key, sources, file);
    if (saying !== undefined) said.set(key, saying);
    const value = saying === undefined ? OPTIONS[key].default : saying.value;
    if (saying !== undefined && value === null) {
      problems.push(saying.problem([], "is empty; give it a value, or leave it out"));
      unknown.add(key);
      continue;
    }
    const result = OPTIONS[key].schema.safeParse(value);
    if (result.success) {
      values[key] = result.data;
      continue;
    }
    unknown.add(key);
    const problemAt = saying?.problem ?? ((_path, text) => ({ text: `${key}: ${text}` }));
    for (const issue of result.error.issues) {
      if (issue.code !== "unrecognized_keys") {
        problems.push(problemAt(issue.path, issue.message));
        continue;
      }
      for (const name of issue.keys) {
        problems.push(problemAt([...issue.path, name], `there is no such key${hintAt(key, name)}`));
      }
    }
  }
  checkVariables(sources.environment, problems);
  // What a file says that cannot be read may be just what is missing.
  if (isFileRead) {
    checkTogether(values as Partial<OptionValues>, unknown, said, problems);
    readPassword(values, said, problems);
  }
  if (problems.length === 0) return { ok: true, values: values as OptionValues };
  problems.sort((one, other) => (one.offset ?? -1) - (other.offset ?? -1));
  return { ok: false, problems: problems.map(({ text }) => text) };
}

/** For a key that there is not in a value of the option: the one that was probably meant. */
function hintAt(key: OptionKey, name: string): string {
  const { keys = [] }: Option = OPTIONS[key];
  const meant = closest(name, keys);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

function readConfigurationFile(sources: ConfigurationSources, problems: Problem[]): ConfigurationFile | undefined {
  const name = sources.configFlag ?? sources.environment[CONFIG_VARIABLE];
  if (name === undefined) return undefined;
  const where = sources.configFlag === undefined ? CONFIG_VARIABLE : "--config";
  const text = readText(name, (problem) => problems.push({ text: `${where}: ${problem}` }));
  if (text === undefined) return undefined;
  const file = new ConfigurationFile(name, text);
  problems.push(...file.problems);
  return file;
}

function saidOf(key: OptionKey, sources: ConfigurationSources, file: ConfigurationFile | undefined): Said | undefined {
  const { fromText, default: usual }: Option = OPTIONS[key];
  const flagText = sources.flags.get(key);
  if (flagText !== undefined && fromText !== undefined) {
    return { value: fromText(flagText), problem: (_path, text) => ({ text: `${flagOf(key)}: ${text}` }) };
  }
  const variableText = sources.environment[variableOf(key)];
  if (variableText !== undefined && fromText !== undefined) {
    return { value: fromText(variableText), problem: (_path, text) => ({ text: `${variableOf(key)}: ${text}` }) };
  }
  const fileValue = file?.values.get(key);
  if (fileValue === undefined) return undefined;
  const { value, placeOf } = fileValue;
  // One text stands for a list of one.
  const isOne = Array.isArray(usual) && typeof value === "string";
  const problem = (path: readonly PropertyKey[], text: string): Problem => {
    const { name, offset } = placeOf(path);
    return { text: `${name}: ${keyOf(key, isOne ? [] : path)}: ${text}`, offset };
  };
  return { value: isOne ? [value] : value, problem };
}

/** `topics.predefined[2].id` */
function keyOf(key: OptionKey, path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, step) => name + (typeof step === "number" ? `[${step}]` : `.${String(step)}`), key);
}

function checkVariables(environment: ConfigurationSources["environment"], problems: Problem[]): void {
  const known = OPTION_KEYS.filter((key) => OPTIONS[key].fromText !== undefined).map(variableOf);
  known.push(CONFIG_VARIABLE);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(VARIABLE_PREFIX) || known.includes(name) || CLIENT_VARIABLES.includes(name)) continue;
    // What all names have in common does not make one like another.
    const meant = closest(
      name.slice(VARIABLE_PREFIX.length),
      known.map((each) => each.slice(VARIABLE_PREFIX.length)),
    );
    const hint = meant === undefined ? "" : `; did you mean ${VARIABLE_PREFIX}${meant}?`;
    problems.push({ text: `${name}: there is no such variable${hint}` });
  }
}

/** What depends on several options is looked at only where each of these is right by itself. */
function checkTogether(
  values: Partial<OptionValues>,
  unknown: ReadonlySet<OptionKey>,
  said: ReadonlyMap<OptionKey, Said>,
  problems: Problem[],
): void {
  const known = (...keys: OptionKey[]) => !keys.some((key) => unknown.has(key));
  if (
    known("broker.reconnect_min", "broker.reconnect_max") &&
    values["broker.reconnect_min"]! > values["broker.reconnect_max"]!
  ) {
    const saying = said.get("broker.reconnect_min") ?? said.get("broker.reconnect_max")!;
    problems.push(saying.problem([], "broker.reconnect_min is longer than broker.reconnect_max"));
  }
  const password = said.get("broker.password");
  const passwordFile = said.get("broker.password_file");
  if (password !== undefined && passwordFile !== undefined) {
    problems.push(passwordFile.problem([], "broker.password is given too; leave one of them out"));
  }
  const saying = password ?? passwordFile;
  if (saying === undefined || !known("broker.url", "broker.username")) return;
  const broker = parseBrokerUrl(values["broker.url"]!);
  const hasUrlUsername = broker.type === "tcp" && broker.username !== undefined;
  if (values["broker.username"] === undefined && !hasUrlUsername) {
    problems.push(saying.problem([], "MQTT 3.1.1 allows a password only with a user name; set broker.username too"));
  }
}

function readPassword(
  values: Partial<Record<OptionKey, unknown>>,
  said: ReadonlyMap<OptionKey, Said>,
  problems: Problem[],
): void {
  const name = values["broker.password_file"];
  if (typeof name !== "string" || said.has("broker.password")) return;
  const { problem } = said.get("broker.password_file")!;
  const text = readText(name, (reason) => problems.push(problem([], reason)));
  if (text !== undefined) values["broker.password"] = text.replace(/\r?\n$/, "");
}

const FILE_REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "the gateway may not read it",
  EISDIR: "it is a directory",
};

function readText(name: string, onProblem: (problem: string) => void): string | undefined {
  try {
    return readFileSync(name, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    onProblem(`cannot read ${JSON.stringify(name)}: ${FILE_REMEDIES[code] ?? (code || String(error))}`);
    return undefined;
  }
}
