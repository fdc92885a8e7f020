import { isIPv4 } from "node:net";

/** Whether who listens at this host, a name or an address without brackets, is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith("127.");
  return host.toLowerCase() === "localhost" || /^(0{0,4}:){2,7}0{0,3}1$/.test(host) || /^::ffff:127\./i.test(host);
}
