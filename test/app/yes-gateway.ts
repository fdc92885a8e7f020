import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";

/** A gateway of a few lines: says yes to everything, or what the test puts in place of it. */
export class YesGateway {
  readonly heard: Message[] = [];
  /** `from` is the port that the message came from. */
  answer: (message: Message, from: number) => Message | undefined = yes;
  readonly #socket: Socket = createSocket("udp4");
  /** The port of whoever was heard last. */
  #client = 0;

  async open(): Promise<number> {
    this.#socket.on("message", (datagram, { port }) => {
      this.#client = port;
      const message = decode(datagram);
      if (message.type === "malformed") return;
      this.heard.push(message);
      const answer = this.answer(message, port);
      if (answer !== undefined) this.send(answer);
    });
    this.#socket.bind(0, "127.0.0.1");
    await once(this.#socket, "listening");
    return (this.#socket.address() as AddressInfo).port;
  }

  send(message: Message): void {
    this.#socket.send(encode(message), this.#client, "127.0.0.1");
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}

export function yes(message: Message): Message | undefined {
  switch (message.type) {
    case "CONNECT":
      return { type: "CONNACK", returnCode: 0 };
    case "DISCONNECT":
      return { type: "DISCONNECT", duration: undefined };
    case "PUBLISH":
      // At QoS 0 a gateway answers only to refuse.
      if (message.qos < 1) return undefined;
      return { type: "PUBACK", topicId: message.topicId, msgId: message.msgId, returnCode: 0 };
    case "REGISTER":
      return { type: "REGACK", topicId: 1, msgId: message.msgId, returnCode: 0 };
    case "SUBSCRIBE":
      return { type: "SUBACK", qos: 0, topicId: 0, msgId: message.msgId, returnCode: 0 };
    case "PINGREQ":
      return { type: "PINGRESP" };
    default:
      return undefined;
  }
}
