import type { InterfaceAddress } from "./interface-address.ts";
import type { MulticastInterface } from "./multicast-interface.ts";
import { namesInterface } from "./names-interface.ts";

/** What is to be chosen. */
interface InterfaceChoice {
  /** Names and addresses of interfaces; `all` among them is every one. */
  wanted: readonly string[];
  /** Whether it is for a listener that speaks IPv6. */
  isIPv6: boolean;
  /** The address that the listener is bound to, with its zone; undefined where that is all addresses of the machine. */
  boundTo: string | undefined;
}

/** Those interfaces of a machine with these addresses that a listener uses for multicast. */
export function selectInterfaces(
  addresses: readonly InterfaceAddress[],
  choice: InterfaceChoice,
): MulticastInterface[] {
  const { isIPv6, wanted } = choice;
  const named = addresses.filter((each) => wanted.some((entry) => namesInterface(entry, each)));
  const namesWanted = new Set(named.map(({ interfaceName }) => interfaceName));
  const addressesWanted = new Set(wanted.map((entry) => entry.toLowerCase()));
  const chosen = new Map<string, MulticastInterface>();
  for (const each of addresses) {
    const { interfaceName: name, address, isLoopback } = each;
    if (each.isIPv6 !== isIPv6 || !(wanted.includes("all") || namesWanted.has(name))) continue;
    if (choice.boundTo !== undefined && !isAt(each, choice.boundTo)) continue;
    // Its first address stands for an interface, unless another one is named.
    if (chosen.has(name) && !addressesWanted.has(address)) continue;
    chosen.set(name, { name, via: isIPv6 ? `::%${name}` : address, isLoopback });
  }
  return [...chosen.values()];
}

function isAt({ address, interfaceName, isIPv6, isLoopback }: InterfaceAddress, boundTo: string): boolean {
  if (boundTo === address || boundTo === `${address}%${interfaceName}`) return true;
  // All of 127.0.0.0/8 is this machine, without being told of each.
  return isLoopback && !isIPv6 && boundTo.startsWith("127.");
}
