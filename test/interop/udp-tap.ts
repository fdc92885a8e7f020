import { createSocket, type Socket } from "node:dgram";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { HostPort } from "../../src/app/host-port.ts";

/** Stands between devices and a gateway, passes datagrams on in both directions, and keeps them. It goes with the test. */
export class UdpTap {
  readonly datagrams: Buffer[] = [];
  readonly #gateway: HostPort;
  readonly #socket = createSocket("udp4");
  /** One socket towards the gateway for each device, by the device's port. */
  readonly #upstream = new Map<number, Socket>();

  private constructor(gateway: HostPort) {
    this.#gateway = gateway;
    this.#socket.on("message", (datagram, { port }) => {
      this.datagrams.push(datagram);
      this.#towardsGateway(port).send(datagram, gateway.port, gateway.host);
    });
    onTestFinished(() => {
      this.#socket.close();
      for (const socket of this.#upstream.values()) socket.close();
    });
  }

  static async before(gateway: HostPort): Promise<UdpTap> {
    const tap = new UdpTap(gateway);
    await new Promise<void>((resolve) => tap.#socket.bind(0, "127.0.0.1", resolve));
    return tap;
  }

  /** Where devices find the gateway. */
  get place(): HostPort {
    return { host: this.#gateway.host, port: (this.#socket.address() as AddressInfo).port };
  }

  #towardsGateway(devicePort: number): Socket {
    let socket = this.#upstream.get(devicePort);
    if (socket === undefined) {
      socket = createSocket("udp4");
      socket.on("message", (datagram) => {
        this.datagrams.push(datagram);
        this.#socket.send(datagram, devicePort, "127.0.0.1");
      });
      this.#upstream.set(devicePort, socket);
    }
    return socket;
  }
}
