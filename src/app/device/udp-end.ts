/** One end of a UDP datagram, as it stands in the headers of a packet. */
export interface UdpEnd {
  /** Four of IPv4, or sixteen of IPv6. */
  octets: Uint8Array;
  port: number;
}

/** The end at a numeric address and port, `127.0.0.1:1883` or `[fe80::1%eth0]:1883`. A zone has no place in a packet. */
export function udpEnd(hostPort: string): UdpEnd {
  const colon = hostPort.lastIndexOf(":");
  const port = Number(hostPort.slice(colon + 1));
  const isIPv6 = hostPort.startsWith("[");
  const host = isIPv6 ? hostPort.slice(1, colon - 1).split("%")[0]! : hostPort.slice(0, colon);
  return { octets: isIPv6 ? ipv6Octets(host) : Uint8Array.from(host.split("."), Number), port };
}

function ipv6Octets(host: string): Uint8Array {
  // A URL has the spelling that is all in hex: ::ffff:127.0.0.1 is [::ffff:7f00:1] there.
  const [before, after] = new URL(`http://[${host}]`).hostname.slice(1, -1).split("::");
  const head = groupsOf(before);
  const tail = groupsOf(after);
  const zeroes = new Array<number>(8 - head.length - tail.length).fill(0);
  return Uint8Array.from([...head, ...zeroes, ...tail].flatMap((group) => [group >> 8, group & 0xff]));
}

function groupsOf(text: string | undefined): number[] {
  return text ? text.split(":").map((group) => Number.parseInt(group, 16)) : [];
}
