import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { onTestFinished } from "vitest";

/** What came, and from where. */
export interface Heard {
  from: string;
  octets: string;
}

/** A client on loopback that knows the gateway's group and nothing else: it sends to the group, and hears it as well as answers. */
export class MulticastPeer {
  readonly heard: Heard[] = [];
  readonly answers: Heard[] = [];
  readonly #group: string;
  readonly #port: number;
  readonly #socket: Socket;

  static async at(group: string, port: number): Promise<MulticastPeer> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    socket.setMulticastInterface("127.0.0.1");
    const ear = createSocket({ type: "udp4", reuseAddr: true });
    ear.bind(port, group);
    await once(ear, "listening");
    ear.addMembership(group, "127.0.0.1");
    onTestFinished(() => {
      socket.close();
      ear.close();
    });
    return new MulticastPeer(group, port, socket, ear);
  }

  private constructor(group: string, port: number, socket: Socket, ear: Socket) {
    this.#group = group;
    this.#port = port;
    this.#socket = socket;
    for (const [each, list] of [
      [socket, this.answers],
      [ear, this.heard],
    ] as const) {
      each.on("message", (data, from) =>
        list.push({ from: `${from.address}:${from.port}`, octets: data.toString("hex") }),
      );
    }
  }

  /** Where its datagrams come from. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** What others have sent to the group. */
  get heardFromOthers(): Heard[] {
    return this.heard.filter(({ from }) => from !== this.address);
  }

  sendToGroup(octets: string): void {
    this.#socket.send(Buffer.from(octets, "hex"), this.#port, this.#group);
  }
}
