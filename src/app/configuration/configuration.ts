import { isSasKey } from "../broker/sas-token.ts";
import { checkTls } from "./check-tls.ts";
import { checkTogether, isPasswordAlone, type OptionsRead, PASSWORD_ALONE, SECRETS } from "./check-together.ts";
import { CLIENT_VARIABLES } from "./client-variables.ts";
import { closest } from "./closest.ts";
import { ConfigurationFile } from "./configuration-file.ts";
import type { CredentialEntry } from "./credential-entries.ts";
import { fileText } from "./file-text.ts";
import { gatherCredentials } from "./gather-credentials.ts";
import { gatherPredefined } from "./gather-predefined.ts";
import { httpTokenProblem } from "./http-token.ts";
import { NOTHING_KEPT } from "./nothing-kept.ts";
import type { Option } from "./option.ts";
import { CONFIG_VARIABLE, OPTION_KEYS, VARIABLE_PREFIX, variableOf } from "./option-names.ts";
import { OPTIONS, type OptionKey, type OptionValues } from "./options.ts";
import { ownConnectionWarnings } from "./own-connection-warnings.ts";
import type { Problem } from "./problem.ts";
import { addProfile, checkProfile } from "./profile.ts";
import type { RunningGateway } from "./running-gateway.ts";
import { fileNameIn, problemsOfIssues, type Said, saidAt, saidOf } from "./said.ts";
import { SecretFiles } from "./secret-files.ts";

/** Where the gateway's options may come from, strongest first: flags, environment, file. */
export interface ConfigurationSources {
  /** The texts of the flags that were given. */
  flags: ReadonlyMap<OptionKey, string>;
  /** The configuration file named by flag; it goes before the one named by `MQTTSN_CONFIG`. */
  configFlag?: string | undefined;
  environment: Readonly<Record<string, string | undefined>>;
  /** The gateway for which they are read again; undefined at its start. */
  running?: RunningGateway;
}

/**
 * The configuration, or every problem with it, each a sentence for the user; those of the configuration file come last, in the order of its
 * lines. In the values are also what the files hold that they name, but for certificates. `warnings` are sentences about what works and is
 * better otherwise. `said`: what was said of options, and where. `fileName`: as the user named it. `hasEmptyFile`: there is a configuration file, with nothing at all in it.
 */
export type Configuration = ConfigurationInOrder | { ok: false; problems: string[] };

/** A configuration that is right. */
export interface ConfigurationInOrder {
  ok: true;
  values: OptionValues;
  said: ReadonlyMap<OptionKey, Said>;
  warnings: string[];
  fileName: string | undefined;
  hasEmptyFile: boolean;
}

/** Reads and validates the options. Reads files and does nothing else: it can be called again at any time. Secrets never show in a problem. */
export function loadConfiguration(sources: ConfigurationSources): Configuration {
  const problems: Problem[] = [];
  const file = readConfigurationFile(sources, problems);
  // What a file says that cannot be read may be just what is missing.
  const isComplete = file?.isReadable ?? problems.length === 0;
  const said = new Map<OptionKey, Said>();
  for (const key of OPTION_KEYS) {
    const saying = saidOf(key, { ...sources, file });
    if (saying !== undefined) said.set(key, saying);
  }
  addProfile(said);
  const { values, unknown } = validate(said, problems);
  for (const key of file?.unreadable ?? []) unknown.add(key);
  checkVariables(sources.environment, problems);
  const known = (...keys: OptionKey[]) => !keys.some((key) => unknown.has(key));
  const isReload = sources.running !== undefined;
  const secrets = new SecretFiles(isReload);
  if (isComplete) {
    checkTogether({ values, said, known }, problems);
    readSecrets(values, said, secrets, problems);
    readLists({ values, said, known }, isReload, secrets, problems);
    checkProfile({ values, said, known }, problems);
  }
  const all = values as OptionValues;
  if (problems.length === 0) {
    for (const { key, text } of checkTls(all, sources.running)) {
      problems.push((said.get(key) ?? saidAt(key, undefined)).problem([], text));
    }
  }
  if (problems.length === 0) {
    if (all["broker.key"] !== undefined) secrets.add(all["broker.key"]);
    if (file !== undefined && holdsSecret(all, said)) secrets.add(file.name);
    const warnings = [...secrets.warnings(), ...ownConnectionWarnings(all)];
    return { ok: true, values: all, said, warnings, fileName: file?.name, hasEmptyFile: file?.isEmpty === true };
  }
  problems.sort((one, other) => (one.offset ?? -1) - (other.offset ?? -1));
  return { ok: false, problems: problems.map(({ text }) => text) };
}

type Values = { -readonly [Key in OptionKey]?: OptionValues[Key] };

/** Of each option the value, or what is wrong with it; and the options of which one does not know what they are meant to be. */
function validate(
  said: ReadonlyMap<OptionKey, Said>,
  problems: Problem[],
): { values: Values; unknown: Set<OptionKey> } {
  const values: Partial<Record<OptionKey, unknown>> = {};
  const unknown = new Set<OptionKey>();
  for (const key of OPTION_KEYS) {
    const { schema, default: usual, keys = [], isPath, mayBeEmpty }: Option = OPTIONS[key];
    const saying = said.get(key) ?? saidAt(key, usual);
    if (saying.value === null) {
      const remedy = mayBeEmpty === true ? 'write "" for none, or leave it out' : "give it a value, or leave it out";
      problems.push(saying.problem([], `is empty; ${remedy}`));
      unknown.add(key);
      continue;
    }
    const result = schema.safeParse(saying.value);
    if (result.success) {
      const isFile = isPath === true && typeof result.data === "string" && result.data !== NOTHING_KEPT;
      values[key] = isFile ? fileNameIn(saying.folder, result.data as string) : result.data;
      continue;
    }
    unknown.add(key);
    problems.push(...problemsOfIssues(result.error.issues, keys, saying.problem));
  }
  return { values: values as Values, unknown };
}

function readConfigurationFile(sources: ConfigurationSources, problems: Problem[]): ConfigurationFile | undefined {
  const name = sources.configFlag ?? sources.environment[CONFIG_VARIABLE];
  if (name === undefined) return undefined;
  const where = sources.configFlag === undefined ? CONFIG_VARIABLE : "--config";
  const read = fileText(name, "list", sources.running !== undefined);
  if ("problem" in read) {
    problems.push({ text: `${where}: ${read.problem}` });
    return undefined;
  }
  const file = new ConfigurationFile(name, read.text);
  problems.push(...file.problems);
  if (file.isEmpty && sources.running?.hasEmptyFile === false) {
    problems.push({ text: `${where}: ${JSON.stringify(name)} is empty now; write it again, or restart the gateway` });
  }
  return file;
}

function checkVariables(environment: ConfigurationSources["environment"], problems: Problem[]): void {
  const known = OPTION_KEYS.filter((key) => OPTIONS[key].fromText !== undefined).map(variableOf);
  known.push(CONFIG_VARIABLE);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(VARIABLE_PREFIX) || known.includes(name) || CLIENT_VARIABLES.includes(name)) continue;
    const key = OPTION_KEYS.find((each) => variableOf(each) === name);
    if (key !== undefined) {
      problems.push({
        text: `${name}: only a file can say ${key}; name one in ${variableOf(`${key}_file` as OptionKey)}`,
      });
      continue;
    }
    // What all names have in common does not make one like another.
    const meant = closest(
      name.slice(VARIABLE_PREFIX.length),
      known.map((each) => each.slice(VARIABLE_PREFIX.length)),
    );
    const hint = meant === undefined ? "" : `; did you mean ${VARIABLE_PREFIX}${meant}?`;
    problems.push({ text: `${name}: there is no such variable${hint}` });
  }
}

/** Puts what is in the files of secrets where the secrets would stand. */
function readSecrets(
  values: Values,
  said: ReadonlyMap<OptionKey, Said>,
  secrets: SecretFiles,
  problems: Problem[],
): void {
  for (const [key, fileKey] of SECRETS) {
    const name = values[fileKey];
    if (name === undefined || said.has(key)) continue;
    const read = secrets.read(name);
    if ("problem" in read) problems.push(said.get(fileKey)!.problem([], read.problem));
    else Object.assign(values, { [key]: read.secret });
  }
  const token = values["http.token"];
  if (token !== undefined && !said.has("http.token")) {
    const problem = httpTokenProblem(token);
    if (problem !== undefined) problems.push(said.get("http.token_file")!.problem([], problem));
  }
  const sasKey = values["broker.sas_key"];
  if (sasKey === undefined || isSasKey(sasKey)) return;
  const saying = said.get("broker.sas_key") ?? said.get("broker.sas_key_file")!;
  problems.push(saying.problem([], "is not a key of Azure IoT Hub (base64)"));
}

/** Puts together the lists that have a file as well. */
function readLists(options: OptionsRead, isReload: boolean, secrets: SecretFiles, problems: Problem[]): void {
  const values: Values = options.values;
  const { said } = options;
  const fileOf = (key: "clients.credentials_file" | "topics.predefined_file") =>
    values[key] === undefined ? undefined : { name: values[key], said: said.get(key)!, mustBeRegular: isReload };
  const entries = values["clients.credentials"];
  const list = entries && { entries, said: said.get("clients.credentials")! };
  const passwordAloneProblem = isPasswordAlone(options)
    ? `${PASSWORD_ALONE}; give its client a username, or set broker.username`
    : undefined;
  const credentialsFile = fileOf("clients.credentials_file");
  if (list !== undefined || credentialsFile !== undefined) {
    const sources = { list, file: credentialsFile, passwordAloneProblem };
    values["clients.credentials"] = gatherCredentials(sources, secrets, problems);
  }
  const topics = values["topics.predefined"];
  const topicList = topics && { entries: topics, said: said.get("topics.predefined")! };
  const topicsFile = fileOf("topics.predefined_file");
  if (topicList === undefined && topicsFile === undefined) return;
  values["topics.predefined"] = gatherPredefined({ list: topicList, file: topicsFile }, problems);
}

/** Whether a secret stands in the configuration file itself. */
function holdsSecret(values: OptionValues, said: ReadonlyMap<OptionKey, Said>): boolean {
  const isInFile = (key: OptionKey) => said.get(key)?.folder !== undefined;
  if (SECRETS.some(([key]) => isInFile(key))) return true;
  if (isInFile("broker.url") && /[@?]/.test(values["broker.url"])) return true;
  const entries = isInFile("clients.credentials") ? (said.get("clients.credentials")!.value as CredentialEntry[]) : [];
  return entries.some(({ password, sas_key }) => (password ?? sas_key) !== undefined);
}
