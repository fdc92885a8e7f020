import { encode } from "../sn/encode.ts";
import type { Address } from "./contract.ts";

/** The widest radius that an envelope can carry (E3). */
const RADIUS_MAX = 3;

/** How a node behind a forwarder is reached (§5.5): where its forwarder is, and which of its nodes it is. */
export class Forwarding {
  /** Where the forwarder is. */
  readonly forwarder: Address;
  readonly wirelessNodeId: Uint8Array;
  /** The node among all clients, in the form of an address: two nodes of one forwarder are two clients (E5). */
  readonly nodeAddress: Address;

  /** `wirelessNodeId` may be a view into a datagram; it is copied. */
  constructor(forwarder: Address, wirelessNodeId: Uint8Array) {
    this.forwarder = forwarder;
    const nodeId = Buffer.from(wirelessNodeId);
    this.wirelessNodeId = nodeId;
    this.nodeAddress = `${forwarder}/${nodeId.toString("hex")}`;
  }

  /** A message in its envelope. `radius` says how far a message to all goes, in hops (E3); 0 where it is for this node alone. */
  wrap(data: Uint8Array, radius = 0): Uint8Array {
    const { wirelessNodeId } = this;
    return encode({ type: "ENCAPSULATED", radius: Math.min(radius, RADIUS_MAX), wirelessNodeId, data });
  }
}
