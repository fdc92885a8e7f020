import { isIP } from "node:net";
import { parseBrokerUrl } from "../../mqtt/broker-url.ts";
import { OPTIONS, type OptionKey, type OptionValues } from "./options.ts";
import { type CertificateInUse, readTls } from "./read-tls.ts";
import type { TlsProblem } from "./tls-problem.ts";

/** The options that are about TLS. */
const TLS_OPTION_KEYS = [
  "broker.ca",
  "broker.cert",
  "broker.key",
  "broker.key_passphrase",
  "broker.key_passphrase_file",
  "broker.server_name",
  "broker.alpn",
  "broker.reject_unauthorized",
] as const satisfies readonly OptionKey[];

/** What is wrong with the options of TLS, each right by itself, and with the files that they name; `running` as for `readTls`. */
export function checkTls(values: OptionValues, running?: CertificateInUse): TlsProblem[] {
  const broker = parseBrokerUrl(values["broker.url"]);
  if (broker.type === "unusable") return [];
  const isSecure = broker.type === "tcp" && broker.isSecure;
  if (!isSecure) {
    const text =
      broker.type === "tcp"
        ? `is for TLS, and broker.url is ${broker.url}: write ${broker.secureUrl}, or leave it out`
        : "is for TLS, and the broker is inside the gateway: leave it out";
    return TLS_OPTION_KEYS.filter((key) => isSet(values, key)).map((key) => ({ key, text }));
  }
  const problems: TlsProblem[] = [];
  const needs = (key: OptionKey, needed: OptionKey, why: string) => {
    if (isSet(values, key) && !isSet(values, needed)) problems.push({ key, text: `${why}; set ${needed} too` });
  };
  needs("broker.cert", "broker.key", "a certificate is of use only with its private key");
  needs("broker.key", "broker.cert", "a private key is of use only with its certificate");
  const passphrase = isSet(values, "broker.key_passphrase_file")
    ? "broker.key_passphrase_file"
    : "broker.key_passphrase";
  needs(passphrase, "broker.key", "there is no key that is encrypted with it");
  const serverName = values["broker.server_name"];
  if (serverName !== undefined && isIP(serverName) !== 0) {
    problems.push({ key: "broker.server_name", text: `${JSON.stringify(serverName)} is an address; TLS asks by name` });
  }
  return [...problems, ...readTls(values, running).problems];
}

function isSet(values: OptionValues, key: OptionKey): boolean {
  return String(values[key] ?? "") !== String(OPTIONS[key].default ?? "");
}
