import { isIP } from "node:net";

/** Of the rules in `clients.allow` or `clients.deny` those that are about client ids: what is not an IP address or a network. */
export function clientIdPatterns(rules: readonly string[]): string[] {
  return rules.filter((rule) => !isNetwork(rule));
}

/** Those that are about where datagrams come from: `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
export function networks(rules: readonly string[]): string[] {
  return rules.filter(isNetwork);
}

function isNetwork(rule: string): boolean {
  const [address, length, ...rest] = rule.split("/");
  const version = isIP(address!);
  if (version === 0 || rest.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128));
}
