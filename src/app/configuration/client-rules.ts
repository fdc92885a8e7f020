import { isIP } from "node:net";

/** Of the rules in `clients.allow` or `clients.deny` those that are about client ids: what is not an IP address or a network. */
export function clientIdPatterns(rules: readonly string[]): string[] {
  return rules.filter((rule) => !isNetwork(rule));
}

/** Those that are about where datagrams come from: `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
export function networks(rules: readonly string[]): string[] {
  return rules.filter(isNetwork);
}

/** What is written like an address or a network whether it is one or not: `10.0.0.256`, `10.0.0/24`, `fd00:::/8`. */
const LIKE_A_NETWORK = [/^\d+(\.\d+){3}$/, /^\d+(\.\d+)+\/\d+$/, /^[\da-f]*:[\da-f:.]*\/\d+$/i];

/**
 * Whether a rule is one or the other. What is written like an address or a network and is none, such as `10.0.0.0/40`, is neither: as a
 * pattern it would fit nobody, and as a denial let everybody in.
 */
export function isClientRule(rule: string): boolean {
  if (isNetwork(rule)) return true;
  return rule !== "" && isIP(rule.split("/")[0]!) === 0 && !LIKE_A_NETWORK.some((shape) => shape.test(rule));
}

function isNetwork(rule: string): boolean {
  const [address, length, ...rest] = rule.split("/");
  const version = isIP(address!);
  if (version === 0 || rest.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128));
}
