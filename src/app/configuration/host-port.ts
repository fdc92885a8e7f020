import { isIPv4, isIPv6 } from "node:net";

/** A place to listen or to send to. Port 0 lets the system choose. */
export interface HostPort {
  /** A name or an address; an IPv6 address without its brackets. */
  host: string;
  port: number;
}

/** `host:port` or `[v6]:port` taken apart, or null. Where `defaultPort` is given, the port may be left out. */
export function parseHostPort(text: string, defaultPort?: number): HostPort | null {
  const parts = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(text);
  if (parts === null) return null;
  const port = parts[3] === undefined ? defaultPort : Number(parts[3]);
  if (port === undefined || port > 65535) return null;
  return { host: (parts[1] ?? parts[2])!, port };
}

/** `host:port`, with brackets around an IPv6 address. */
export function hostPortText({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The host and port of `udp://host:port`, or null where this is not such a URL. The port may be left out: 1883. */
export function parseListenUrl(text: string): HostPort | null {
  return text.startsWith("udp://") ? parseHostPort(text.slice("udp://".length), 1883) : null;
}

/**
 * A multicast group, `225.1.1.1`, `225.1.1.1:1883`, `ff03::1883` or `[ff03::1883]:1883`, taken apart, or null. A port of 0 stands for
 * the one that was left out.
 */
export function parseGroup(text: string): HostPort | null {
  const group = isIPv6(text) ? { host: text, port: 0 } : parseHostPort(text, 0);
  // Which interfaces it is on has an option of its own.
  if (group === null || group.host.includes("%")) return null;
  const isMulticast = isIPv4(group.host) ? /^(22[4-9]|23\d)\./.test(group.host) : /^ff[0-9a-f]{2}:/i.test(group.host);
  return isMulticast ? group : null;
}

/** Where a listener at all addresses is reached from the same machine. */
const LOOPBACK: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** The host at which a listener at `host` is reached from the same machine. */
export function reachableHost(host: string): string {
  return LOOPBACK[host] ?? host;
}
