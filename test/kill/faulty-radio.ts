import type { HostPort } from "../../src/app/configuration/host-port.ts";
import type { Radio } from "../../src/app/device/radio.ts";
import type { FaultyNetwork } from "./faulty-network.ts";

/** A radio whose datagrams go through a network with faults, and which can be listened in to. */
export class FaultyRadio implements Radio {
  onDatagram: (data: Uint8Array) => void = () => {};
  /** Called with what the device sends, whatever becomes of it. */
  onSent: (data: Uint8Array) => void = () => {};
  /** Called with what the gateway sent to the device, before the network may lose it. */
  onCame: (data: Uint8Array) => void = () => {};
  readonly #radio: Radio;
  readonly #network: FaultyNetwork;

  constructor(radio: Radio, network: FaultyNetwork) {
    this.#radio = radio;
    this.#network = network;
    radio.onDatagram = (data) => {
      this.onCame(data);
      network.carry(() => this.onDatagram(data));
    };
  }

  send(data: Uint8Array): void {
    this.onSent(data);
    this.#network.carry(() => this.#radio.send(data));
  }

  moveTo(gateway: HostPort): Promise<void> {
    return this.#radio.moveTo(gateway);
  }

  close(): void {
    this.#radio.close();
  }
}
