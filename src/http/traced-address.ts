import { isIP, isIPv4, isIPv6 } from "node:net";

const WITH_PORT = /^(?:\[(?<v6>[^\]]*)\]|(?<v4>[^:]*)):(?<port>\d{1,5})$/;

/** A wireless node id has as many octets as its network likes. */
const NODE_ID = /^(?:[\da-f]{2})+$/i;

/**
 * An address whose datagrams are asked for, as the gateway writes it: `10.0.0.7`, `10.0.0.7:4711`, `fd00::7`, `[fd00::7]:4711`, and any of
 * these with the id of a node behind a forwarder, `10.0.0.7:4711/002a`. Undefined where it is none: no datagram would ever be of it.
 */
export function tracedAddress(text: string): string | undefined {
  const [place, nodeId, ...rest] = text.split("/");
  if (rest.length > 0 || (nodeId !== undefined && !NODE_ID.test(nodeId))) return undefined;
  const written = placeWritten(place!);
  return written && [written, ...(nodeId === undefined ? [] : [nodeId.toLowerCase()])].join("/");
}

function placeWritten(place: string): string | undefined {
  if (isIP(place) !== 0) return hostWritten(place);
  const { v4, v6, port } = WITH_PORT.exec(place)?.groups ?? {};
  if (port === undefined || Number(port) > 65_535) return undefined;
  if (v6 !== undefined) return isIPv6(v6) ? `[${hostWritten(v6)}]:${Number(port)}` : undefined;
  return isIPv4(v4!) ? `${v4}:${Number(port)}` : undefined;
}

/** Of an IPv6 address the one form that systems write; its zone stays as it is. */
function hostWritten(host: string): string {
  if (isIPv4(host)) return host;
  const [address, ...zone] = host.split("%");
  const written = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return [written, ...zone].join("%");
}
