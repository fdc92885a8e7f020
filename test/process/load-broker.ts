import type { Socket } from "node:net";
import { generate, type Packet, parser } from "mqtt-packet";
import { expect, vi } from "vitest";
import { brokerDouble } from "./broker-double.ts";

/** One connection of a client of the gateway. */
export interface LoadLink {
  readonly socket: Socket;
  /** What the gateway acknowledged of what was sent on it, in order: `puback 3`. */
  readonly acknowledged: string[];
  /** SUBSCRIBE packets, by how many filters each has. */
  readonly subscribed: number[];
}

/** A broker that says yes to everything, keeps to no window, and sends and stops reading as it is told. */
export class LoadBroker {
  url = "";
  /** The last connection of each client. */
  readonly links = new Map<string, LoadLink>();
  /** How many PUBLISHes have come to each topic. */
  readonly published = new Map<string, number>();
  /** CONNACK says that there is a session. */
  sessionPresent = false;

  static async start(): Promise<LoadBroker> {
    const broker = new LoadBroker();
    broker.url = await brokerDouble((socket) => broker.#serve(socket));
    return broker;
  }

  /** The connection of a client, as soon as it is there. */
  async link(clientId: string): Promise<LoadLink> {
    const connected = () => {
      const link = this.links.get(clientId);
      expect(link, `a connection of ${clientId}`).toBeDefined();
      return link!;
    };
    return vi.waitFor(connected, { timeout: 20_000, interval: 5 });
  }

  #serve(socket: Socket): void {
    const link: LoadLink = { socket, acknowledged: [], subscribed: [] };
    const packets = parser();
    packets.on("packet", (packet) => this.#answer(packet, link));
    socket.on("data", (octets) => packets.parse(octets));
  }

  #answer(packet: Packet, link: LoadLink): void {
    const messageId = packet.messageId!;
    const answer = (answered: Packet) => link.socket.write(generate(answered));
    switch (packet.cmd) {
      case "connect":
        this.links.set(packet.clientId, link);
        answer({ cmd: "connack", returnCode: 0, sessionPresent: this.sessionPresent });
        return;
      case "subscribe":
        link.subscribed.push(packet.subscriptions.length);
        answer({ cmd: "suback", messageId, granted: packet.subscriptions.map(({ qos }) => qos) });
        return;
      case "publish":
        this.published.set(packet.topic, (this.published.get(packet.topic) ?? 0) + 1);
        if (packet.qos === 1) answer({ cmd: "puback", messageId });
        if (packet.qos === 2) answer({ cmd: "pubrec", messageId });
        return;
      case "pubrel":
        answer({ cmd: "pubcomp", messageId });
        return;
      case "pubrec":
        link.acknowledged.push(`pubrec ${messageId}`);
        answer({ cmd: "pubrel", messageId });
        return;
      case "puback":
      case "pubcomp":
        link.acknowledged.push(`${packet.cmd} ${messageId}`);
        return;
      case "pingreq":
        answer({ cmd: "pingresp" });
        return;
      case "disconnect":
        link.socket.end();
        return;
    }
  }
}
