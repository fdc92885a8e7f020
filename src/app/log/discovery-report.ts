import type { GroupEvent } from "../../transport/listener-groups.ts";
import { hostPortText } from "../configuration/host-port.ts";
import type { Log } from "./log.ts";

/** Those that a moment of waiting repairs: the interface has gone or has only just come, and is looked at again soon. */
const PASSING: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "ENODEV", "ENXIO", "EINVAL"]);

/** Tells what happens to a listener in a group. */
export function reportGroupEvent(event: GroupEvent, listener: string, log: Log): void {
  const { group, on, error } = event;
  const place = hostPortText(group);
  const fields = { group: place, interface: on?.name, listener };
  const where = on === undefined ? place : `${place} on ${on.name}`;
  if (event.type === "joined") {
    const message = `clients on ${on?.name} find ${listener} by the group ${place}`;
    log.at(on?.isLoopback === true ? "debug" : "info", "discovery.joined", fields, message);
  } else if (event.type === "left") {
    const message = `${on?.name} is down, or has no address any more: ${listener} has left the group ${place} there`;
    log.at(on?.isLoopback === true ? "debug" : "info", "discovery.left", fields, message);
  } else {
    const reason = reasonOf(event);
    const isSmall = on?.isLoopback === true || PASSING.has(error?.code ?? "");
    log.at(isSmall ? "debug" : "warn", "discovery.problem", { ...fields, reason }, `discovery by ${where}: ${reason}`);
  }
}

/** What the system said, with what to do about it. */
function reasonOf({ group, on, error }: GroupEvent): string {
  const is6 = group.host.includes(":");
  switch (error?.code) {
    case "EADDRINUSE":
      return `another program, or another listener, holds port ${group.port} on all addresses. Let it listen at one address, or give discovery.groups another port`;
    case "EACCES":
      return "the system does not allow this port: choose one above 1023, or grant CAP_NET_BIND_SERVICE";
    case "ENOBUFS":
    case "ENOMEM":
      return is6
        ? "the system has no room for more groups. Name the interfaces that are needed in discovery.interfaces, or as root: sysctl -w net.core.optmem_max=131072"
        : "the system allows no more groups. Name the interfaces that are needed in discovery.interfaces, or as root: sysctl -w net.ipv4.igmp_max_memberships=200";
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return is6
        ? `no multicast route; as root: ip -6 route add ff00::/8 dev ${on?.name} table local`
        : `no multicast route; as root: ip route add 224.0.0.0/4 dev ${on?.name}`;
    case "EPERM":
      return "the firewall of this machine does not let it out";
    default:
      return error?.message ?? "unknown";
  }
}
