import { BlockList, isIPv6 } from "node:net";

/** Sources that are remembered: a look into the lists takes as long as the rest of a message. More begin a new memory. */
const REMEMBERED_MAX = 10_000;

/** Which sources may send: by addresses and networks such as `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
export class SourceNetworks {
  readonly #allowed: BlockList | undefined;
  readonly #denied: BlockList;
  readonly #admitted = new Map<string, boolean>();

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
    const remembered = this.#admitted.get(address);
    if (remembered !== undefined) return remembered;
    if (this.#admitted.size >= REMEMBERED_MAX) this.#admitted.clear();
    const may = this.#lookUp(address);
    this.#admitted.set(address, may);
    return may;
  }

  #lookUp(address: string): boolean {
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
