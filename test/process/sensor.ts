import { createSocket, type Socket } from "node:dgram";
import { onTestFinished, vi } from "vitest";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";

/** A bare SN client on a UDP socket: it sends what the test says, and keeps what comes. */
export class Sensor {
  readonly received: Message[] = [];
  readonly #socket: Socket;
  readonly #port: number;
  readonly #host: string;

  /** `port` is the gateway's, on this machine. */
  constructor(port: number, host: "127.0.0.1" | "::1" = "127.0.0.1") {
    this.#port = port;
    this.#host = host;
    this.#socket = createSocket(host === "::1" ? "udp6" : "udp4");
    this.#socket.on("message", (datagram) => {
      const message = decode(datagram);
      if (message.type !== "malformed") this.received.push(message);
    });
    onTestFinished(() => {
      this.#socket.close();
    });
  }

  send(message: Message): void {
    this.sendOctets(encode(message));
  }

  sendOctets(datagram: Uint8Array): void {
    this.#socket.send(datagram, this.#port, this.#host);
  }

  connect(clientId: string): void {
    this.send({ type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration: 60, clientId });
  }

  /** The first message of this type that has come, as soon as it has. */
  async message<T extends Message["type"]>(type: T): Promise<Message & { type: T }> {
    const found = await vi.waitFor(
      () => {
        const message = this.received.find((each) => each.type === type);
        if (message === undefined) throw new Error(`no ${type} among ${JSON.stringify(this.received)}`);
        return message;
      },
      { timeout: 20_000, interval: 10 },
    );
    return found as Message & { type: T };
  }
}
