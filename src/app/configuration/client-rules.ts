import { isIP } from "node:net";

/** Of the rules in `clients.allow` or `clients.deny` those that are about client ids: what is not an IP address or a network. */
export function clientIdPatterns(rules: readonly string[]): string[] {
  return rules.filter((rule) => !isNetwork(rule));
}

/** Those that are about where datagrams come from: `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
export function networks(rules: readonly string[]): string[] {
  return rules.filter(isNetwork);
}

/** Addresses with `*` for a part of them: `10.*`, `192.168.1.*`. */
const WILDCARD_V4 = /^(\d{1,3}(?:\.\d{1,3}){0,2})\.(?:\*\.){0,2}\*$/;

/** The same, `fe80::*`; with a single colon it may be a hardware address, as which clients are often called: `aa:bb:cc:*`. */
const WILDCARD_V6 = /^([\da-f]{1,4}(?::[\da-f]{1,4})*)::\*$/i;

/** What is written like an address or a network whether it is one or not: `10.0.0.256`, `10.0.0/24`, `fd00:::/8`, `10.*`, `10.0.0.1-9`. */
const LIKE_A_NETWORK = [
  /^\d+(\.\d+){3}$/,
  /^\d+(\.\d+)+\/[\d.]+$/,
  /^[\da-f]*:[\da-f:.]*\/\d+$/i,
  WILDCARD_V4,
  WILDCARD_V6,
  /^\d+\.[\d.*]*\*[\d.*]*$/,
  /^\d+(\.\d+){3}[-:]\d[\d.]*$/,
];

/**
 * Whether a rule is one or the other. What is written like an address or a network and is none, such as `10.0.0.0/40`, is neither: as a
 * pattern it would fit nobody, and as a denial let everybody in.
 */
export function isClientRule(rule: string): boolean {
  if (isNetwork(rule)) return true;
  return rule !== "" && isIP(rule.split("/")[0]!) === 0 && !LIKE_A_NETWORK.some((shape) => shape.test(rule));
}

/** What to write instead of a rule that is neither, where one can tell. */
export function clientRuleRemedy(rule: string): string | undefined {
  const [, v4] = WILDCARD_V4.exec(rule) ?? [];
  if (v4 !== undefined) {
    const parts = v4.split(".");
    const network = [...parts, "0", "0", "0"].slice(0, 4).join(".");
    return isIP(network) === 0 ? undefined : `for a network write ${network}/${8 * parts.length}`;
  }
  const [, v6] = WILDCARD_V6.exec(rule) ?? [];
  if (v6 !== undefined) return `for a network write how many of its bits count, such as ${v6}::/64`;
  if (/^[\d.]+-/.test(rule)) return "for a range write the networks that it consists of, each such as 10.0.0.16/28";
  if (/^[\d.]+:/.test(rule)) return "leave the port out";
  if (/^[\d.]+\/\d+\./.test(rule)) return "write a mask as the number of its bits: 255.255.255.0 is /24";
  return rule.includes("*") ? "for a network write how many of its bits count, such as 10.0.0.0/8" : undefined;
}

function isNetwork(rule: string): boolean {
  const [address, length, ...rest] = rule.split("/");
  const version = isIP(address!);
  if (version === 0 || rest.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128));
}
