import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { yes } from "./yes-gateway.ts";

export const GROUP = "225.1.1.1";

/** A gateway of a few lines that is found in the group on loopback, and says yes to everything. */
export class FindableGateway {
  readonly gwId: number;
  /** What came to its service socket. */
  readonly heard: Message[] = [];
  searches = 0;
  /** Whether it answers what comes to its service socket, and SEARCHGW. */
  answers = true;
  answersSearch = true;
  readonly #service: Socket = createSocket("udp4");
  readonly #group: Socket = createSocket({ type: "udp4", reuseAddr: true });

  constructor(gwId: number) {
    this.gwId = gwId;
  }

  /** Returns the port of its service socket. */
  async open(groupPort: number): Promise<number> {
    this.#service.bind(0, "127.0.0.1");
    this.#group.bind(groupPort, GROUP);
    await Promise.all([once(this.#service, "listening"), once(this.#group, "listening")]);
    this.#group.addMembership(GROUP, "127.0.0.1");
    this.#group.on("message", (datagram, { address, port }) => {
      if (decode(datagram).type !== "SEARCHGW") return;
      this.searches += 1;
      const answer: Message = { type: "GWINFO", gwId: this.gwId, gwAdd: new Uint8Array(0) };
      if (this.answersSearch) this.#service.send(encode(answer), port, address);
    });
    this.#service.on("message", (datagram, { address, port }) => {
      const message = decode(datagram);
      if (message.type === "malformed") return;
      this.heard.push(message);
      const answer = yes(message);
      if (this.answers && answer !== undefined) this.#service.send(encode(answer), port, address);
    });
    return (this.#service.address() as AddressInfo).port;
  }

  /** Sends to the group, from the service socket. */
  broadcast(message: Message, groupPort: number): void {
    this.#service.setMulticastInterface("127.0.0.1");
    this.#service.send(encode(message), groupPort, GROUP);
  }

  async close(): Promise<void> {
    for (const socket of [this.#service, this.#group]) {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    }
  }
}

/** A UDP port that is free. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  const closed = once(socket, "close");
  socket.close();
  await closed;
  return port;
}
