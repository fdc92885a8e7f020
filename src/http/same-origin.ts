import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";

/** The host of a Host header, without its port and brackets, in small letters; undefined where it is none. */
function hostOf(header: string): string | undefined {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(header);
  return (parts?.[1] ?? parts?.[2])?.toLowerCase().replace(/\.$/, "");
}

/**
 * Whether a request names this machine: by an address, as localhost, by its own name, or by one of `hosts`. The page of another host whose
 * name leads here (DNS rebinding) names that one.
 */
export function namesThisHost(header: string | undefined, hosts: readonly string[]): boolean {
  const host = header === undefined ? undefined : hostOf(header);
  if (host === undefined) return false;
  if (isIP(host) !== 0 || host === "localhost") return true;
  const own = hostname().toLowerCase();
  const short = own.split(".")[0]!;
  return [own, short, `${short}.local`, ...hosts.map((each) => each.toLowerCase())].includes(host);
}

/** Whether a request comes from a page of ours, or from no page at all: browsers say which page it is from. */
export function isFromOwnPage(headers: IncomingHttpHeaders): boolean {
  const { host, origin } = headers;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  if (origin === undefined) return true;
  // A proxy may speak TLS in front of us.
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
