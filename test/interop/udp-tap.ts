import { createSocket, type Socket } from "node:dgram";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { HostPort } from "../../src/app/configuration/host-port.ts";

/** A datagram that has passed, and the port at which the gateway sees its device. */
interface Passed {
  isToGateway: boolean;
  port: number;
  data: Buffer;
}

/** Stands between devices and a gateway, passes datagrams on in both directions, and keeps them. It goes with the test. */
export class UdpTap {
  readonly passed: Passed[] = [];
  readonly #gateway: HostPort;
  readonly #socket: Socket;
  /** One socket towards the gateway for each device, by the device's port. */
  readonly #upstream = new Map<number, Promise<Socket>>();

  private constructor(gateway: HostPort) {
    this.#gateway = gateway;
    this.#socket = createSocket(this.#type);
    this.#socket.on("message", async (data, { port: devicePort }) => {
      const socket = await this.#towardsGateway(devicePort);
      this.passed.push({ isToGateway: true, port: socket.address().port, data });
      socket.send(data, gateway.port, gateway.host);
    });
    onTestFinished(async () => {
      this.#socket.close();
      for (const socket of this.#upstream.values()) (await socket).close();
    });
  }

  static async before(gateway: HostPort): Promise<UdpTap> {
    const tap = new UdpTap(gateway);
    await new Promise<void>((resolve) => tap.#socket.bind(0, gateway.host, resolve));
    return tap;
  }

  /** Where devices find the gateway. */
  get place(): HostPort {
    return { host: this.#gateway.host, port: (this.#socket.address() as AddressInfo).port };
  }

  get datagrams(): Buffer[] {
    return this.passed.map(({ data }) => data);
  }

  get #type() {
    return this.#gateway.host.includes(":") ? "udp6" : "udp4";
  }

  #towardsGateway(devicePort: number): Promise<Socket> {
    const before = this.#upstream.get(devicePort);
    const socket = before ?? this.#open(devicePort);
    if (before === undefined) this.#upstream.set(devicePort, socket);
    return socket;
  }

  async #open(devicePort: number): Promise<Socket> {
    const { host } = this.#gateway;
    const socket = createSocket(this.#type);
    await new Promise<void>((resolve) => socket.bind(0, host, resolve));
    const { port } = socket.address();
    socket.on("message", (data) => {
      this.passed.push({ isToGateway: false, port, data });
      this.#socket.send(data, devicePort, host);
    });
    return socket;
  }
}
