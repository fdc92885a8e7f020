import { readFileSync } from "node:fs";
import { parseBrokerUrl } from "../mqtt/broker-url.ts";
import { closest } from "./closest.ts";
import { ConfigurationFile } from "./configuration-file.ts";
import type { Option } from "./option.ts";
import { CONFIG_VARIABLE, flagOf, OPTION_KEYS, VARIABLE_PREFIX, variableOf } from "./option-names.ts";
import { OPTIONS, type OptionKey, type OptionValues } from "./options.ts";

/** Where the gateway's options may come from, strongest first: flags, environment, file. */
export interface ConfigurationSources {
  /** The texts of the flags that were given. */
  flags: ReadonlyMap<OptionKey, string>;
  /** The configuration file named by flag; it goes before the one named by `MQTTSN_CONFIG`. */
  configFlag?: string | undefined;
  environment: Readonly<Record<string, string | undefined>>;
}

/** The configuration, or every problem with it, each a sentence for the user. */
export type Configuration = { ok: true; values: OptionValues } | { ok: false; problems: string[] };

/** What was said of one option, and by whom: `where` begins a message about the value, or about the part of it at `path`. */
interface Said {
  value: unknown;
  where: (path: readonly PropertyKey[]) => string;
}

/** Reads and validates the options. Secrets never show in a problem. */
export function loadConfiguration(sources: ConfigurationSources): Configuration {
  const problems: string[] = [];
  const file = readConfigurationFile(sources, problems);
  const said = new Map<OptionKey, Said>();
  const values: Partial<Record<OptionKey, unknown>> = {};

  for (const key of OPTION_KEYS) {
    const saying = saidOf(key, sources, file);
    if (saying !== undefined) said.set(key, saying);
    const value = saying === undefined ? OPTIONS[key].default : saying.value;
    if (saying !== undefined && value === null) {
      problems.push(`${saying.where([])}: is empty; give it a value, or leave it out`);
      continue;
    }
    const result = OPTIONS[key].schema.safeParse(value);
    if (result.success) {
      values[key] = result.data;
      continue;
    }
    for (const issue of result.error.issues) {
      const where = saying?.where ?? (() => key);
      if (issue.code === "unrecognized_keys") {
        for (const name of issue.keys) problems.push(`${where([...issue.path, name])}: there is no such key`);
      } else {
        problems.push(`${where(issue.path)}: ${issue.message}`);
      }
    }
  }
  checkVariables(sources.environment, problems);
  // What depends on several options is looked at only when each is right by itself.
  if (problems.length === 0) checkTogether(values as OptionValues, said, problems);
  if (problems.length === 0) readPassword(values, said, problems);
  return problems.length === 0 ? { ok: true, values: values as OptionValues } : { ok: false, problems };
}

function readConfigurationFile(sources: ConfigurationSources, problems: string[]): ConfigurationFile | undefined {
  const name = sources.configFlag ?? sources.environment[CONFIG_VARIABLE];
  if (name === undefined) return undefined;
  const where = sources.configFlag === undefined ? CONFIG_VARIABLE : "--config";
  const text = readText(name, where, problems);
  if (text === undefined) return undefined;
  const file = new ConfigurationFile(name, text);
  problems.push(...file.problems);
  return file;
}

function saidOf(key: OptionKey, sources: ConfigurationSources, file: ConfigurationFile | undefined): Said | undefined {
  const { fromText }: Option = OPTIONS[key];
  const flagText = sources.flags.get(key);
  if (flagText !== undefined && fromText !== undefined) {
    return { value: fromText(flagText), where: () => flagOf(key) };
  }
  const variableText = sources.environment[variableOf(key)];
  if (variableText !== undefined && fromText !== undefined) {
    return { value: fromText(variableText), where: () => variableOf(key) };
  }
  const fileValue = file?.values.get(key);
  if (fileValue === undefined) return undefined;
  return { value: fileValue.value, where: (path) => `${fileValue.placeOf(path)}: ${keyOf(key, path)}` };
}

/** `topics.predefined[2].id` */
function keyOf(key: OptionKey, path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, step) => name + (typeof step === "number" ? `[${step}]` : `.${String(step)}`), key);
}

function checkVariables(environment: ConfigurationSources["environment"], problems: string[]): void {
  const known = OPTION_KEYS.filter((key) => OPTIONS[key].fromText !== undefined).map(variableOf);
  known.push(CONFIG_VARIABLE);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(VARIABLE_PREFIX) || known.includes(name)) continue;
    // What all names have in common does not make one like another.
    const meant = closest(
      name.slice(VARIABLE_PREFIX.length),
      known.map((each) => each.slice(VARIABLE_PREFIX.length)),
    );
    const hint = meant === undefined ? "" : `; did you mean ${VARIABLE_PREFIX}${meant}?`;
    problems.push(`${name}: there is no such variable${hint}`);
  }
}

function checkTogether(values: OptionValues, said: ReadonlyMap<OptionKey, Said>, problems: string[]): void {
  if (values["broker.reconnect_min"] > values["broker.reconnect_max"]) {
    const key = said.has("broker.reconnect_min") ? "broker.reconnect_min" : "broker.reconnect_max";
    problems.push(`${said.get(key)!.where([])}: broker.reconnect_min is longer than broker.reconnect_max`);
  }
  const hasPassword = values["broker.password"] !== undefined;
  const passwordFile = said.get("broker.password_file");
  if (hasPassword && passwordFile !== undefined) {
    problems.push(`${passwordFile.where([])}: broker.password is given too; leave one of them out`);
  }
  const broker = parseBrokerUrl(values["broker.url"]);
  const hasUrlUsername = broker.type === "tcp" && broker.username !== undefined;
  if ((hasPassword || passwordFile !== undefined) && values["broker.username"] === undefined && !hasUrlUsername) {
    const password = said.get("broker.password") ?? passwordFile!;
    problems.push(`${password.where([])}: MQTT 3.1.1 allows a password only with a user name; set broker.username too`);
  }
}

function readPassword(
  values: Partial<Record<OptionKey, unknown>>,
  said: ReadonlyMap<OptionKey, Said>,
  problems: string[],
): void {
  const name = values["broker.password_file"];
  if (typeof name !== "string") return;
  const text = readText(name, said.get("broker.password_file")!.where([]), problems);
  if (text !== undefined) values["broker.password"] = text.replace(/\r?\n$/, "");
}

const FILE_REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "the gateway may not read it",
  EISDIR: "it is a directory",
};

function readText(name: string, where: string, problems: string[]): string | undefined {
  try {
    return readFileSync(name, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    problems.push(`${where}: cannot read ${JSON.stringify(name)}: ${FILE_REMEDIES[code] ?? (code || String(error))}`);
    return undefined;
  }
}
