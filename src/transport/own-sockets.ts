import type { InterfaceAddress } from "./interface-address.ts";

/** Where a listener is bound. */
interface BoundPlace {
  port: number;
  isIPv6: boolean;
  /** Its address, with its zone; undefined where that is all addresses of the machine. */
  boundTo: string | undefined;
}

/** The sources of the datagrams that the gateway's own listeners send: what they send to a group comes back to them. */
export class OwnSockets {
  readonly #addressesByPort = new Map<number, Set<string>>();

  /** Whether a datagram from there is the gateway's own. */
  has(address: string, port: number): boolean {
    return this.#addressesByPort.get(port)?.has(address) === true;
  }

  /** Takes in where the listeners are, on a machine with these addresses. */
  update(places: readonly BoundPlace[], addresses: readonly InterfaceAddress[]): void {
    this.#addressesByPort.clear();
    for (const { port, isIPv6, boundTo } of places) {
      const own = this.#addressesByPort.get(port) ?? new Set();
      this.#addressesByPort.set(port, own);
      if (boundTo !== undefined) {
        own.add(boundTo);
        continue;
      }
      for (const { address, interfaceName, isIPv6: is6 } of addresses) {
        if (is6 !== isIPv6) continue;
        own.add(address);
        if (isIPv6) own.add(`${address}%${interfaceName}`);
      }
    }
  }
}
