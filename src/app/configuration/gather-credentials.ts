import { dirname } from "node:path";
import { isSasKey } from "../broker/sas-token.ts";
import { CREDENTIAL_KEYS, type CredentialEntry, credentialEntries } from "./credential-entries.ts";
import { fileText } from "./file-text.ts";
import type { Problem } from "./problem.ts";
import { fileNameIn, pathText, problemsOfIssues, type Said } from "./said.ts";
import type { SecretFiles } from "./secret-files.ts";
import { YamlFile } from "./yaml-file.ts";

/** A list of credentials that is right by itself, and who says it. */
interface CredentialList {
  entries: readonly CredentialEntry[];
  said: Said;
}

/** What `clients.credentials` says; and the name of `clients.credentials_file`, with who names it. */
interface CredentialSources {
  list: CredentialList | undefined;
  file: { name: string; said: Said; mustBeRegular: boolean } | undefined;
  /** Why a password alone is of no use, where it is: there is no user name that would go with it. */
  passwordAloneProblem: string | undefined;
}

/**
 * All credentials, those of the option before those of the file, with the secrets that they name files for. A client id or pattern that comes
 * twice is a problem: the second would never be used.
 */
export function gatherCredentials(
  sources: CredentialSources,
  secrets: SecretFiles,
  problems: Problem[],
): CredentialEntry[] {
  const fromFile = sources.file === undefined ? undefined : listOf(sources.file, secrets, problems);
  const gathered: CredentialEntry[] = [];
  /** Where a client id or a pattern was given its credentials. */
  const places = new Map<string, string>();
  for (const { entries, said } of [sources.list, fromFile].filter((list) => list !== undefined)) {
    for (const [index, entry] of entries.entries()) {
      const { client } = entry;
      const before = places.get(client);
      if (before === undefined) places.set(client, said.place([index, "client"]));
      else {
        const text = `${JSON.stringify(client)} has credentials already (${before}); leave one of them out`;
        problems.push(said.problem([index, "client"], text));
      }
      const problemOf = (key: keyof CredentialEntry, text: string) => problems.push(said.problem([index, key], text));
      const complete = withSecrets(entry, said.folder, secrets, problemOf);
      if (Object.keys(entry).length === 1) problems.push(said.problem([index], NOTHING_SAID));
      const keyOfPassword = PASSWORD_KEYS.find((key) => entry[key] !== undefined);
      if (keyOfPassword !== undefined && entry.username === undefined && sources.passwordAloneProblem !== undefined) {
        problemOf(keyOfPassword, sources.passwordAloneProblem);
      }
      gathered.push(complete);
    }
  }
  return gathered;
}

const NOTHING_SAID =
  "says nothing of its client; give it a username, a password, a sas_key, or a file with one of these";

const PASSWORD_KEYS = ["password", "password_file", "sas_key", "sas_key_file"] as const;

/** The entry with what the files hold that it names. */
function withSecrets(
  entry: CredentialEntry,
  folder: string | undefined,
  secrets: SecretFiles,
  onProblem: (key: keyof CredentialEntry, text: string) => void,
): CredentialEntry {
  const complete = { ...entry };
  for (const [key, fileKey] of [
    ["password", "password_file"],
    ["sas_key", "sas_key_file"],
  ] as const) {
    const name = entry[fileKey];
    if (name === undefined) continue;
    const inFolder = fileNameIn(folder, name);
    const read = secrets.read(inFolder);
    if ("problem" in read) onProblem(fileKey, read.problem);
    else complete[key] = read.secret;
    complete[fileKey] = inFolder;
  }
  if (complete.sas_key !== undefined && !isSasKey(complete.sas_key)) {
    onProblem(entry.sas_key === undefined ? "sas_key_file" : "sas_key", "is not a key of Azure IoT Hub (base64)");
  }
  return complete;
}

/** The list in a file: YAML, with the entries of `clients.credentials`. */
function listOf(
  { name, said, mustBeRegular }: NonNullable<CredentialSources["file"]>,
  secrets: SecretFiles,
  problems: Problem[],
): CredentialList | undefined {
  const file = fileText(name, "list", mustBeRegular);
  if ("problem" in file) {
    problems.push(said.problem([], file.problem));
    return undefined;
  }
  const yaml = new YamlFile(name, file.text);
  // Their order is that of their own file.
  problems.push(...yaml.problems.map(({ text }) => ({ text })));
  const { root } = yaml;
  if (yaml.problems.length > 0 || root === null) return undefined;
  const place = (path: readonly PropertyKey[]) => yaml.placeOf(root, path).name;
  const problem = (path: readonly PropertyKey[], text: string) => ({
    text: `${place(path)}: ${path.length === 0 ? "" : `${pathText("", path)}: `}${text}`,
  });
  const read = yaml.valueOf(root);
  if ("problem" in read) {
    problems.push(problem([], read.problem));
    return undefined;
  }
  const result = credentialEntries.safeParse(read.value);
  if (!result.success) {
    problems.push(...problemsOfIssues(result.error.issues, CREDENTIAL_KEYS, problem));
    return undefined;
  }
  if (result.data.some(({ password, sas_key }) => (password ?? sas_key) !== undefined)) secrets.add(name);
  return { entries: result.data, said: { value: read.value, place, problem, folder: dirname(name) } };
}
