import type { Address } from "./contract.ts";

const IPV4_OCTETS = 4;
const IPV6_OCTETS = 16;
const PORT_OCTETS = 2;

/**
 * The GwAdd that a client puts into GWINFO (§5.3.5). The standard leaves its coding open; this one is our own, private to clients
 * of ours: one octet with the number of octets that follow, the address (4 octets of IPv4 or 16 of IPv6), and the port in two octets, the
 * most significant first. 192.168.0.7:10000 is `06 C0 A8 00 07 27 10`.
 */
export const gwAdd = {
  /** null where it cannot be said: no port, a name, or an address that means something only together with an interface. */
  encode(address: Address): Uint8Array | null {
    const parts = /^(?:\[([0-9a-f:.]+)\]|([\d.]+)):(\d{1,5})$/i.exec(address);
    if (parts === null) return null;
    const host = parts[1] === undefined ? ipv4Octets(parts[2]!) : ipv6Octets(parts[1]);
    const port = Number(parts[3]);
    if (host === null || port === 0 || port > 0xffff) return null;
    return Uint8Array.of(host.length + PORT_OCTETS, ...host, port >> 8, port & 0xff);
  },

  /** null where the octets are not of this coding. */
  decode(octets: Uint8Array): Address | null {
    const size = octets.length - 1;
    if (octets[0] !== size || octets[size] === undefined) return null;
    const port = (octets[size - 1]! << 8) | octets[size]!;
    const host = octets.subarray(1, size - 1);
    if (port === 0) return null;
    if (host.length === IPV4_OCTETS) return `${host.join(".")}:${port}`;
    return host.length === IPV6_OCTETS ? `[${ipv6Text(host)}]:${port}` : null;
  },
};

function ipv4Octets(text: string): number[] | null {
  const octets = text.split(".").map(Number);
  return octets.length === IPV4_OCTETS && octets.every((octet) => octet <= 0xff) ? octets : null;
}

function ipv6Octets(text: string): number[] | null {
  const halves = text.split("::").map(groupOctets);
  const [head, tail] = halves;
  if (head === undefined || head === null || tail === null || halves.length > 2) return null;
  if (tail === undefined) return head.length === IPV6_OCTETS ? head : null;
  const zeros = IPV6_OCTETS - head.length - tail.length;
  // RFC 4291: "::" stands for one group at least.
  return zeros >= 2 ? [...head, ...new Array<number>(zeros).fill(0), ...tail] : null;
}

/** Of groups of four hexadecimal digits, of which the last two may be written like an IPv4 address. */
function groupOctets(text: string): number[] | null {
  if (text === "") return [];
  const octets: number[] = [];
  for (const group of text.split(":")) {
    const ipv4 = group.includes(".") ? ipv4Octets(group) : null;
    if (ipv4 !== null) octets.push(...ipv4);
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      octets.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return null;
  }
  return octets;
}

/** As RFC 5952 has it: small letters, no leading zeros, the longest run of zero groups as "::". */
function ipv6Text(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, at) => ((octets[2 * at]! << 8) | octets[2 * at + 1]!).toString(16));
  const runs = [...groups.join(":").matchAll(/(?<![^:])0(?::0)+(?![^:])/g)];
  const longest = runs.reduce<RegExpMatchArray | undefined>(
    (best, run) => (best === undefined || run[0].length > best[0].length ? run : best),
    undefined,
  );
  if (longest === undefined) return groups.join(":");
  const text = groups.join(":");
  const head = text.slice(0, longest.index).replace(/:$/, "");
  const tail = text.slice(longest.index! + longest[0].length).replace(/^:/, "");
  return `${head}::${tail}`;
}
