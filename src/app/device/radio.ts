import type { HostPort } from "../configuration/host-port.ts";

/** How a device's datagrams come to a gateway, and the gateway's to the device. */
export interface Radio {
  /** Called with every datagram for the device. */
  onDatagram: (data: Uint8Array) => void;
  /** Never throws: what cannot be sent is lost, as any datagram may be. */
  send(data: Uint8Array): void;
  /** Speaks with another gateway from now on. Rejects with a sentence for people where there is no such host. */
  moveTo(gateway: HostPort): Promise<void>;
  close(): void;
}
