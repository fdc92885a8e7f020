import { networkInterfaces } from "node:os";
import type { InterfaceAddress } from "./interface-address.ts";

/** The addresses of the network interfaces that are up at the moment. */
export function machineAddresses(): InterfaceAddress[] {
  const found: InterfaceAddress[] = [];
  for (const [label, addresses] of Object.entries(networkInterfaces())) {
    for (const { address, family, internal, cidr } of addresses ?? []) {
      if (cidr === null) continue;
      found.push({
        // Linux shows a second address of eth0 as one of eth0:1 where it was given that label.
        interfaceName: label.split(":")[0]!,
        address,
        isIPv6: family === "IPv6",
        isLoopback: internal,
        prefixLength: Number(cidr.slice(cidr.indexOf("/") + 1)),
      });
    }
  }
  return found;
}
