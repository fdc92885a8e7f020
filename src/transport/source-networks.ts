import { BlockList, isIPv6 } from "node:net";

/** Which sources may send: by addresses and networks such as `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
export class SourceNetworks {
  readonly #allowed: BlockList | undefined;
  readonly #denied: BlockList;

  /** Without an allowed network every source may send that is not denied; undefined where that is every one. */
  static of(allowed: readonly string[], denied: readonly string[]): SourceNetworks | undefined {
    if (allowed.length === 0 && denied.length === 0) return undefined;
    return new SourceNetworks(allowed.length === 0 ? undefined : blockList(allowed), blockList(denied));
  }

  private constructor(allowed: BlockList | undefined, denied: BlockList) {
    this.#allowed = allowed;
    this.#denied = denied;
  }

  /** Whether this source may send. `address` may have a zone, which does not matter. */
  admit(address: string): boolean {
    const family = address.includes(":") ? "ipv6" : "ipv4";
    const zone = address.indexOf("%");
    const plain = zone === -1 ? address : address.slice(0, zone);
    if (this.#denied.check(plain, family)) return false;
    return this.#allowed === undefined || this.#allowed.check(plain, family);
  }
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address, length] = network.split("/");
    const family = isIPv6(address!) ? "ipv6" : "ipv4";
    if (length === undefined) list.addAddress(address!, family);
    else list.addSubnet(address!, Number(length), family);
  }
  return list;
}
