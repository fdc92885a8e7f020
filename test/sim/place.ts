import type { Address } from "../../src/gateway/contract.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";

/** Where a datagram comes from or goes to: an address, and behind a forwarder the wireless node there (E5). One object each. */
export interface Place {
  readonly name: string;
  readonly address: Address;
  readonly wirelessNodeId: Uint8Array | undefined;
}

/** All places of a world, and what the datagrams between them and the gateway look like. */
export class Places {
  readonly #byName = new Map<string, Place>();
  readonly #forwarders: readonly Address[];

  constructor(forwarders: number) {
    this.#forwarders = Array.from({ length: forwarders }, (_, index) => `10.9.0.${index + 1}:1885`);
  }

  /** The place at an address of its own. */
  at(address: Address): Place {
    return this.#place(address, address, undefined);
  }

  /** Where a client is that the gateway knows at this address, behind a forwarder there or not. */
  of(address: Address, wirelessNodeId: Uint8Array | undefined): Place {
    return wirelessNodeId === undefined ? this.at(address) : this.#node(address, wirelessNodeId);
  }

  /** A node behind forwarder number `forwarder`. */
  behind(forwarder: number, wirelessNodeId: Uint8Array): Place {
    return this.#node(this.#forwarders[forwarder]!, wirelessNodeId);
  }

  /** The forwarder itself, as the sender of datagrams without an envelope. */
  forwarder(forwarder: number): Place {
    return this.at(this.#forwarders[forwarder]!);
  }

  /** The datagram that the gateway gets when a message is sent from here. */
  wrap({ wirelessNodeId }: Place, data: Uint8Array): Uint8Array {
    if (wirelessNodeId === undefined) return data;
    return encode({ type: "ENCAPSULATED", radius: 0, wirelessNodeId, data });
  }

  /** Where a datagram of the gateway goes, and what arrives there. */
  unwrap(to: Address, datagram: Uint8Array): { place: Place; data: Uint8Array } {
    if (this.#forwarders.includes(to)) {
      const message = decode(datagram);
      if (message.type === "ENCAPSULATED") {
        return { place: this.#node(to, message.wirelessNodeId), data: message.data };
      }
    }
    return { place: this.at(to), data: datagram };
  }

  #node(address: Address, wirelessNodeId: Uint8Array): Place {
    // A copy: the octets may be a view into a datagram.
    const id = Uint8Array.from(wirelessNodeId);
    return this.#place(`${address}/${Buffer.from(id).toString("hex")}`, address, id);
  }

  #place(name: string, address: Address, wirelessNodeId: Uint8Array | undefined): Place {
    let place = this.#byName.get(name);
    if (place === undefined) {
      place = { name, address, wirelessNodeId };
      this.#byName.set(name, place);
    }
    return place;
  }
}
