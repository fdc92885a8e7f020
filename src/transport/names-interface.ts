import type { InterfaceAddress } from "./interface-address.ts";

/** Whether an entry of `discovery.interfaces` means the interface with this address: by its name, or by the address. */
export function namesInterface(entry: string, { interfaceName, address }: InterfaceAddress): boolean {
  return entry === interfaceName || entry.toLowerCase() === address;
}
