import { BROKER_PROFILES, type BrokerProfile, type ProfileNeed } from "./broker-profiles.ts";
import type { OptionsRead } from "./check-together.ts";
import { OPTIONS, type OptionKey, type OptionValues } from "./options.ts";
import type { Problem } from "./problem.ts";
import type { Said } from "./said.ts";

const HOST = `\${host}`;

/** What `broker.profile` says of options that nobody else said anything of is added to `said`. */
export function addProfile(said: Map<OptionKey, Said>): void {
  const saying = said.get("broker.profile");
  const name = OPTIONS["broker.profile"].schema.safeParse(saying?.value);
  if (saying === undefined || !name.success) return;
  const { options }: BrokerProfile = BROKER_PROFILES[name.data];
  const host = hostOf(said.get("broker.url")?.value ?? OPTIONS["broker.url"].default);
  for (const [key, value] of Object.entries(options) as [OptionKey, string | number | boolean][]) {
    if (said.has(key)) continue;
    const ofProfile = `${name.data} sets ${key} to ${value}`;
    said.set(key, {
      value: typeof value === "string" ? value.replaceAll(HOST, () => host) : value,
      place: saying.place,
      problem: (_path, text) => saying.problem([], `${ofProfile}: ${text}`),
      ofProfile,
    });
  }
}

function hostOf(url: unknown): string {
  return typeof url === "string" && URL.canParse(url) ? new URL(url).hostname : "";
}

/** Something that a broker needs: whether it is there, what to do where it is not, and the option that this is about. */
interface Need {
  isMet: (values: Partial<OptionValues>) => boolean;
  remedy: string;
  about?: OptionKey;
}

const NEEDS: Readonly<Record<ProfileNeed, Need>> = {
  tls: {
    isMet: (values) => /^(mqtts|wss):/i.test(values["broker.url"]!),
    remedy: "takes only encrypted connections; write mqtts://host in broker.url",
    about: "broker.url",
  },
  username: {
    isMet: hasUsername,
    remedy: "takes nobody without a user name; set broker.username and broker.password_file",
  },
  "username-or-certificate": {
    isMet: (values) => hasUsername(values) || values["broker.cert"] !== undefined,
    remedy:
      "takes nobody without credentials; set broker.username and broker.password_file, or broker.cert and broker.key",
  },
  "sas-or-certificate": {
    isMet: hasTokenOrCertificate,
    remedy:
      "takes nobody without credentials; set broker.sas_key_file, or a sas_key_file for each client in clients.credentials, or broker.cert and broker.key",
  },
  "alpn-at-443": {
    isMet: (values) => !/^mqtts:.*:443\/?$/i.test(values["broker.url"]!) || values["broker.alpn"]!.length > 0,
    remedy: "speaks MQTT at port 443 only where it is asked to; set broker.alpn to x-amzn-mqtt-ca, or use port 8883",
    about: "broker.url",
  },
  "plain-client-id": {
    isMet: (values) => values["broker.client_id"] === OPTIONS["broker.client_id"].default,
    remedy: "knows a device by its own id; leave broker.client_id out",
    about: "broker.client_id",
  },
  "own-client-id": {
    isMet: (values) => values["broker.own_client_id"] !== undefined,
    remedy: "has to know the gateway's own connection as a device; set broker.own_client_id to the id of one",
  },
};

/** What the needs of brokers are about. */
const CONCERNED = [
  "broker.profile",
  "broker.url",
  "broker.username",
  "broker.password",
  "broker.client_id",
  "broker.own_client_id",
  "broker.alpn",
  "broker.keep_alive",
  "clients.credentials",
] as const satisfies readonly OptionKey[];

/** What the broker of `broker.profile` takes nobody without. */
export function checkProfile({ values, said, known }: OptionsRead, problems: Problem[]): void {
  if (!known(...CONCERNED)) return;
  const name = values["broker.profile"]!;
  const { needs = [], keepAliveMsMax = Number.POSITIVE_INFINITY }: BrokerProfile = BROKER_PROFILES[name];
  const add = (about: OptionKey, text: string) => {
    const saying = said.get(about) ?? said.get("broker.profile")!;
    problems.push(saying.problem([], `${name} ${text}`));
  };
  for (const { isMet, remedy, about = "broker.profile" } of needs.map((need) => NEEDS[need])) {
    if (!isMet(values)) add(about, remedy);
  }
  if (values["broker.keep_alive"]! > keepAliveMsMax) {
    add("broker.keep_alive", `takes a keep alive of at most ${keepAliveMsMax / 1000}s`);
  }
}

function hasUsername(values: Partial<OptionValues>): boolean {
  const url = values["broker.url"]!;
  return (
    values["broker.username"] !== undefined ||
    values["clients.credentials"]?.some(({ username }) => username !== undefined) === true ||
    (URL.canParse(url) && new URL(url).username !== "")
  );
}

/** A password may be a token that somebody else has signed. */
function hasTokenOrCertificate(values: Partial<OptionValues>): boolean {
  return (
    ["broker.cert", "broker.password", "broker.password_file", "broker.sas_key", "broker.sas_key_file"].some(
      (key) => values[key as OptionKey] !== undefined,
    ) || values["clients.credentials"]?.some(({ sas_key, password }) => (sas_key ?? password) !== undefined) === true
  );
}
