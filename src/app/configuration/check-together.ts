import { parseBrokerUrl } from "../../mqtt/broker-url.ts";
import type { CredentialEntry } from "./credential-entries.ts";
import { parseHostPort } from "./host-port.ts";
import { isLoopback } from "./is-loopback.ts";
import { OPTIONS, type OptionKey, type OptionValues } from "./options.ts";
import type { Problem } from "./problem.ts";
import type { Said } from "./said.ts";

/** A secret, and the file that may hold it instead. */
export const SECRETS = [
  ["broker.password", "broker.password_file"],
  ["broker.key_passphrase", "broker.key_passphrase_file"],
  ["broker.sas_key", "broker.sas_key_file"],
  ["http.token", "http.token_file"],
] as const satisfies readonly (readonly [OptionKey, OptionKey])[];

/** What was read, by which it is seen how options go together. */
export interface OptionsRead {
  /** Of those that are right by themselves. */
  values: Partial<OptionValues>;
  said: ReadonlyMap<OptionKey, Said>;
  /** Whether one knows what all of these are meant to be. */
  known: (...keys: OptionKey[]) => boolean;
}

/** What depends on several options is looked at only where each of these is right by itself. */
export function checkTogether(options: OptionsRead, problems: Problem[]): void {
  checkWaits(options, problems);
  checkPassword(options, problems);
  checkSas(options, problems);
  checkToken(options, problems);
}

function checkWaits({ values, said, known }: OptionsRead, problems: Problem[]): void {
  const keys = ["broker.reconnect_min", "broker.reconnect_max"] as const;
  if (!known(...keys) || values[keys[0]]! <= values[keys[1]]!) return;
  // Best told whoever can change it.
  const sayings = keys.flatMap((key) => said.get(key) ?? []);
  const saying = sayings.find(({ ofProfile }) => ofProfile === undefined) ?? sayings[0]!;
  const why = sayings.map(({ ofProfile }) => ofProfile).filter((text) => text !== undefined);
  problems.push(
    saying.problem([], ["broker.reconnect_min is longer than broker.reconnect_max", ...why].join(", and ")),
  );
}

/** Of two ways to say the password only one can be meant, and a secret stands in one place. */
function checkPassword(options: OptionsRead, problems: Problem[]): void {
  const { said } = options;
  const rivals: readonly (readonly [OptionKey, OptionKey])[] = [...SECRETS, ...RIVALS];
  for (const [first, second] of rivals) {
    const saying = said.has(first) ? said.get(second) : undefined;
    if (saying !== undefined) problems.push(saying.problem([], `${first} is given too; leave one of them out`));
  }
  const saying = PASSWORDS.map((key) => said.get(key)).find((each) => each !== undefined);
  if (saying === undefined || !isPasswordAlone(options)) return;
  problems.push(saying.problem([], `${PASSWORD_ALONE}; set broker.username too`));
}

const PASSWORDS = ["broker.password", "broker.password_file", "broker.sas_key", "broker.sas_key_file"] as const;

const RIVALS = PASSWORDS.slice(0, 2).flatMap((password) => PASSWORDS.slice(2).map((key) => [password, key] as const));

export const PASSWORD_ALONE = "MQTT 3.1.1 allows a password only with a user name";

/** Whether there is no user name, and has to be one with a password. */
export function isPasswordAlone({ values, known }: OptionsRead): boolean {
  if (!known("broker.url", "broker.username", "broker.version")) return false;
  if (values["broker.version"] === 5 || values["broker.username"] !== undefined) return false;
  const broker = parseBrokerUrl(values["broker.url"]!);
  return !("username" in broker && broker.username !== undefined);
}

/** A token is for the device that has the client's own id. */
function checkSas({ values, said, known }: OptionsRead, problems: Problem[]): void {
  const keySaying = said.get("broker.sas_key") ?? said.get("broker.sas_key_file");
  const policy = said.get("broker.sas_policy");
  if (policy !== undefined && keySaying === undefined) {
    problems.push(policy.problem([], "is of use only with its key; set broker.sas_key_file too"));
  }
  const hasEntries = known("clients.credentials") && values["clients.credentials"]?.some(hasSasKey) === true;
  const clientId = said.get("broker.client_id");
  if ((keySaying === undefined && !hasEntries) || clientId === undefined || !known("broker.client_id")) return;
  if (values["broker.client_id"] === OPTIONS["broker.client_id"].default) return;
  problems.push(
    clientId.problem([], "SAS tokens are for the device that has the client's id; leave broker.client_id out"),
  );
}

function hasSasKey(entry: CredentialEntry): boolean {
  return entry.sas_key !== undefined || entry.sas_key_file !== undefined;
}

/** Who listens where others can come asks for a token. */
function checkToken({ values, said, known }: OptionsRead, problems: Problem[]): void {
  const saying = said.get("http.listen");
  const isGiven = said.has("http.token") || said.has("http.token_file");
  if (saying === undefined || isGiven || !known("http.listen") || values["http.listen"] === "") return;
  if (isLoopback(parseHostPort(values["http.listen"]!)!.host)) return;
  const remedy =
    "set http.token_file to a file with at least 16 characters, such as from openssl rand -base64 24; or listen at 127.0.0.1";
  problems.push(saying.problem([], `others can reach this place, and whoever does could send clients away; ${remedy}`));
}
