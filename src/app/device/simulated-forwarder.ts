import { decode } from "../../sn/decode.ts";
import { encode } from "../../sn/encode.ts";
import type { HostPort } from "../configuration/host-port.ts";
import type { Radio } from "./radio.ts";

/**
 * A forwarder (§4, §5.5): wraps what its nodes send, unwraps what is for them, changes nothing of it, and knows nothing of either
 * (E6). All its nodes have one address towards the gateway.
 */
export class SimulatedForwarder {
  readonly #radio: Radio;
  readonly #nodes = new Map<string, NodeRadio>();

  constructor(radio: Radio) {
    this.#radio = radio;
    radio.onDatagram = (datagram) => {
      const message = decode(datagram);
      if (message.type !== "ENCAPSULATED") return;
      this.#nodes.get(keyOf(message.wirelessNodeId))?.onDatagram(message.data);
    };
  }

  /** The node with this id, 1 to 252 octets. It ends when the forwarder's own radio is closed. */
  node(wirelessNodeId: Uint8Array): Radio {
    const node = new NodeRadio(this.#radio, wirelessNodeId);
    this.#nodes.set(keyOf(wirelessNodeId), node);
    return node;
  }
}

class NodeRadio implements Radio {
  onDatagram: (data: Uint8Array) => void = () => {};
  readonly #radio: Radio;
  readonly #wirelessNodeId: Uint8Array;

  constructor(radio: Radio, wirelessNodeId: Uint8Array) {
    this.#radio = radio;
    this.#wirelessNodeId = wirelessNodeId;
  }

  send(data: Uint8Array): void {
    // E3: a radius has no meaning on the way to the gateway.
    this.#radio.send(encode({ type: "ENCAPSULATED", radius: 0, wirelessNodeId: this.#wirelessNodeId, data }));
  }

  moveTo(gateway: HostPort): Promise<void> {
    return this.#radio.moveTo(gateway);
  }

  close(): void {
    this.onDatagram = () => {};
  }
}

function keyOf(wirelessNodeId: Uint8Array): string {
  return Buffer.from(wirelessNodeId).toString("hex");
}
