import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { type HostPort, hostPortText } from "../configuration/host-port.ts";
import type { Radio } from "./radio.ts";

/** Where a gateway is, with its name looked up. */
export interface GatewayPlace {
  address: string;
  family: 4 | 6;
  port: number;
}

/** A socket that speaks with one gateway only. */
export class UdpRadio implements Radio {
  onDatagram: (data: Uint8Array) => void = () => {};
  readonly #socket: Socket;
  readonly #family: 4 | 6;

  /** Looks a gateway's name up. Rejects with a sentence for people where there is no such host. */
  static async locate(gateway: HostPort): Promise<GatewayPlace> {
    try {
      const { address, family } = await lookup(gateway.host);
      return { address, family: family === 6 ? 6 : 4, port: gateway.port };
    } catch (cause) {
      throw new Error(`udp://${hostPortText(gateway)}: the host ${gateway.host} is not known`, { cause });
    }
  }

  /** `onError` is told that nobody listens there, and the like: that datagram is lost. */
  static open({ address, family, port }: GatewayPlace, onError: (error: Error) => void): Promise<UdpRadio> {
    // Every address is a numeric one: without this Node asks the resolver for every socket, in a thread.
    const socket = createSocket({
      type: family === 6 ? "udp6" : "udp4",
      lookup: (numeric, _options, callback) => callback(null, numeric, family),
    });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.connect(port, address, () => {
        socket.off("error", reject);
        socket.on("error", onError);
        resolve(new UdpRadio(socket, family));
      });
    });
  }

  private constructor(socket: Socket, family: 4 | 6) {
    this.#socket = socket;
    this.#family = family;
    socket.on("message", (data) => this.onDatagram(data));
  }

  send(data: Uint8Array): void {
    try {
      this.#socket.send(data);
    } catch {
      // Closed, or between two gateways: the datagram is lost.
    }
  }

  async moveTo(gateway: HostPort): Promise<void> {
    const { address, family, port } = await UdpRadio.locate(gateway);
    if (family !== this.#family) {
      throw new Error(`udp://${hostPortText(gateway)}: not of the IP version of the gateway before`);
    }
    this.#socket.disconnect();
    await new Promise<void>((resolve) => this.#socket.connect(port, address, resolve));
  }

  close(): void {
    this.#socket.close();
  }
}
