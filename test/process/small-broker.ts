import type { Socket } from "node:net";
import { generate, type IConnectPacket, type Packet, parser } from "mqtt-packet";
import { brokerDouble } from "./broker-double.ts";

/** A broker of a few lines: says yes, counts, and can be told to refuse, to fall silent or to drop everybody. */
export class SmallBroker {
  readonly url: string;
  /** TCP connections so far. */
  connectionCount = 0;
  /** Every CONNECT so far. */
  readonly connects: IConnectPacket[] = [];
  /** Topics of messages that were published to it, in order. */
  readonly published: string[] = [];
  /** MQTT return codes for client ids that it refuses. */
  readonly refused = new Map<string, number>();
  /** It takes in everything, and says nothing more. */
  isSilent = false;
  readonly #sockets = new Set<Socket>();

  private constructor(url: string) {
    this.url = url;
  }

  static async start(): Promise<SmallBroker> {
    let broker: SmallBroker | undefined;
    const url = await brokerDouble((socket) => broker!.#serve(socket));
    broker = new SmallBroker(url);
    return broker;
  }

  /** CONNECTs of the gateway's clients, its own connection left out. */
  get clientIds(): string[] {
    return this.connects.map(({ clientId }) => clientId).filter((id) => !id.startsWith("mqtt-sn-gateway-"));
  }

  /** Breaks every connection off. */
  dropAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #serve(socket: Socket): void {
    this.connectionCount += 1;
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    const packets = parser();
    packets.on("packet", (packet) => this.#answer(packet, socket));
    socket.on("data", (octets) => packets.parse(octets));
  }

  #answer(packet: Packet, socket: Socket): void {
    if (packet.cmd === "publish") this.published.push(packet.topic);
    if (this.isSilent) return;
    switch (packet.cmd) {
      case "connect": {
        this.connects.push(packet);
        const returnCode = this.refused.get(packet.clientId) ?? 0;
        socket.write(generate({ cmd: "connack", returnCode, sessionPresent: false }));
        return;
      }
      case "publish":
        if (packet.qos === 1) socket.write(generate({ cmd: "puback", messageId: packet.messageId! }));
        return;
      case "pingreq":
        socket.write(generate({ cmd: "pingresp" }));
        return;
      case "disconnect":
        socket.end();
        return;
    }
  }
}
