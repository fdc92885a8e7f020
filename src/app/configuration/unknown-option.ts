import { closest } from "./closest.ts";
import { OPTION_KEYS } from "./option-names.ts";
import { unknownKey } from "./said.ts";

const BROKER_PLACE = "the broker's host and port stand in broker.url, such as mqtt://host:1883";
const BROKER_TLS = "write mqtts:// in broker.url for TLS";

/** What other programs have, and is said otherwise here. */
const SAID_OTHERWISE: Readonly<Record<string, string>> = {
  mqtt: "did you mean broker?",
  server: "did you mean broker?",
  port: "the port stands in listen, such as udp://0.0.0.0:1883",
  host: "the host stands in listen, such as udp://0.0.0.0:1883",
  "broker.host": BROKER_PLACE,
  "broker.hostname": BROKER_PLACE,
  "broker.address": BROKER_PLACE,
  "broker.server": BROKER_PLACE,
  "broker.port": BROKER_PLACE,
  "broker.tls": BROKER_TLS,
  "broker.ssl": BROKER_TLS,
  "http.port": "host and port stand in http.listen, such as 127.0.0.1:9884",
  "http.host": "host and port stand in http.listen, such as 127.0.0.1:9884",
  "http.enabled": 'http.listen: "" turns it off',
  "embedded.enabled": 'broker.url: "embedded:" turns it on',
  "embedded.port": "host and port stand in embedded.listen, such as 127.0.0.1:1883",
};

/** What is wrong with the key `name` that stands where options begin with `prefix`; with what was meant, where that can be told. */
export function unknownOption(prefix: string, name: string): string {
  // As web pages have it. YAML takes it for a letter.
  if (/^\s/.test(name)) return "begins with a space of another kind; indent with plain spaces";
  const { shown, hint } = unknownKey(name);
  const problem = `${prefix}${shown}: there is no such option`;
  if (hint !== "") return problem + hint;
  const otherwise = SAID_OTHERWISE[`${prefix}${shown}`.toLowerCase()];
  if (otherwise !== undefined) return `${problem}; ${otherwise}`;
  // In the right section the nearest, else the one of that very name in another section.
  const near = closest(shown, namesBelow(prefix));
  if (near !== undefined) return `${problem}; did you mean ${prefix}${near}?`;
  const elsewhere = OPTION_KEYS.filter((key) => key.endsWith(`.${shown}`));
  if (elsewhere.length !== 1) return problem;
  const section = elsewhere[0]!.slice(0, -shown.length - 1);
  return `${problem}; did you mean ${elsewhere[0]}? It stands below ${section}, indented`;
}

/** What may stand below a section: options and sections. */
function namesBelow(prefix: string): string[] {
  const below = OPTION_KEYS.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  return [...below, ...below.map((name) => name.split(".")[0]!)];
}
