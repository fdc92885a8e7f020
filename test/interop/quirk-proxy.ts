import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Packet } from "mqtt-packet";
import { certificate } from "../certificates/certificate.ts";
import type { AtEnd } from "../process/gateway-process.ts";
import type { Habit } from "./quirk-habit.ts";
import { QuirkPassage } from "./quirk-passage.ts";

/** Stands before a broker and gives it habits: those that brokers in the cloud have, and others that cannot do everything. */
export class QuirkProxy {
  /** What clients have done that this broker does not bear, in order. */
  readonly offences: string[] = [];
  readonly #passages = new Set<QuirkPassage>();
  readonly #packets: { clientId: string; packet: Packet }[] = [];
  readonly #delivered = new Map<string, number>();
  /** Where the gateway finds the broker. */
  readonly url: string;

  private constructor(server: Server, brokerPort: number, habits: readonly Habit[], isSecure: boolean) {
    const { port } = server.address() as AddressInfo;
    this.url = isSecure ? `mqtts://localhost:${port}` : `mqtt://127.0.0.1:${port}`;
    const surroundings = {
      brokerPort,
      habits,
      onOffence: (clientId: string, what: string) => this.offences.push(`${clientId}: ${what}`),
      onPacket: (clientId: string, packet: Packet) => this.#packets.push({ clientId, packet }),
      onDelivered: (clientId: string) => this.#delivered.set(clientId, this.deliveredTo(clientId) + 1),
    };
    server.on(isSecure ? "secureConnection" : "connection", (near: Socket) => {
      const passage = new QuirkPassage(near, surroundings);
      this.#passages.add(passage);
      near.once("close", () => this.#passages.delete(passage));
    });
  }

  /** Before the broker at this port of the loopback interface; `isSecure` with the certificate that tests have for brokers. */
  static async before(
    brokerPort: number,
    habits: readonly Habit[],
    atEnd: AtEnd,
    isSecure = false,
  ): Promise<QuirkProxy> {
    const server = isSecure
      ? createTlsServer({ cert: certificate("broker.pem"), key: certificate("broker.key") })
      : createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const proxy = new QuirkProxy(server, brokerPort, habits, isSecure);
    atEnd(() => {
      server.close();
      for (const passage of proxy.#passages) passage.cut();
    });
    return proxy;
  }

  /** What has come from a client: packets of this type. */
  packetsOf<T extends Packet["cmd"]>(clientId: string, cmd: T): (Packet & { cmd: T })[] {
    return this.#packets.flatMap(({ clientId: from, packet }) =>
      from === clientId && packet.cmd === cmd ? [packet as Packet & { cmd: T }] : [],
    );
  }

  /** What this client has done that the broker does not bear. */
  offencesOf(clientId: string): string[] {
    return this.offences.filter((offence) => offence.startsWith(`${clientId}: `));
  }

  /** How many messages have been delivered to a client, repetitions and all. */
  deliveredTo(clientId: string): number {
    return this.#delivered.get(clientId) ?? 0;
  }

  /** Breaks every connection off. */
  cutAll(): void {
    for (const passage of this.#passages) passage.cut();
  }

  /** The broker sends a client away: over MQTT 5 with this reason code. */
  sendAway(clientId: string, reasonCode: number): void {
    for (const passage of this.#passages) if (passage.clientId === clientId) passage.end(reasonCode);
  }
}
