import { BlockList } from "node:net";
import type { InterfaceAddress } from "./interface-address.ts";

/**
 * Tells by its source whether a datagram came in on one of some interfaces. A socket that hears a group hears it on every interface on
 * which any program of the machine has joined it (Linux: IP_MULTICAST_ALL, which Node cannot turn off), and is not told on which.
 */
export class Neighbourhood {
  readonly #names: ReadonlySet<string>;
  readonly #near = new BlockList();
  readonly #elsewhere = new BlockList();

  /** `names` are those of the interfaces, `addresses` those of the machine. */
  constructor(names: Iterable<string>, addresses: readonly InterfaceAddress[]) {
    this.#names = new Set(names);
    for (const { interfaceName, address, prefixLength, isIPv6 } of addresses) {
      const list = this.#names.has(interfaceName) ? this.#near : this.#elsewhere;
      list.addSubnet(address, prefixLength, isIPv6 ? "ipv6" : "ipv4");
    }
  }

  /** Whether `source` may be behind one of the interfaces: not when it is in the network of another one, and in none of theirs. */
  mayHave(source: string): boolean {
    const zone = source.indexOf("%");
    if (zone !== -1) return this.#names.has(source.slice(zone + 1));
    const family = source.includes(":") ? "ipv6" : "ipv4";
    return this.#near.check(source, family) || !this.#elsewhere.check(source, family);
  }
}
