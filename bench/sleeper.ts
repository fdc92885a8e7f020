import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { encode } from "../src/sn/encode.ts";
import type { Message } from "../src/sn/message.ts";
import { type MessageName, MSG_TYPE } from "../src/sn/msg-type.ts";

const RETRY_MS = 1000;
const GIVE_UP_MS = 60_000;

/** As long as any run. */
const SLEEP_SECONDS = 36_000;

/** A client that sleeps, at a socket of its own. */
export class Sleeper {
  readonly clientId: string;
  /** Requests that were sent again. */
  repeated = 0;
  readonly #socket: Socket;
  #onDatagram: ((datagram: Buffer) => void) | undefined;

  private constructor(clientId: string, socket: Socket) {
    this.clientId = clientId;
    this.#socket = socket;
    socket.on("message", (datagram) => this.#onDatagram?.(datagram));
    // Nobody is there while the gateway starts.
    socket.on("error", () => undefined);
  }

  static async open(clientId: string, gatewayPort: number): Promise<Sleeper> {
    const socket = createSocket("udp4");
    socket.connect(gatewayPort, "127.0.0.1");
    await once(socket, "connect");
    return new Sleeper(clientId, socket);
  }

  /** Sends a message every `retryMs` until an answer of this type comes. */
  async ask(message: Message, answer: MessageName, retryMs = RETRY_MS): Promise<void> {
    const octets = encode(message);
    const answered = new Promise<void>((resolve, reject) => {
      this.#onDatagram = (datagram) => {
        if (datagram[1] === MSG_TYPE[answer]) resolve();
        else if (datagram[1] === MSG_TYPE.DISCONNECT) reject(new Error(`${this.clientId} was told DISCONNECT`));
      };
    });
    let isAnswered = false;
    const done = answered.finally(() => {
      isAnswered = true;
    });
    done.catch(() => undefined);
    for (let spentMs = 0; !isAnswered; spentMs += retryMs) {
      if (spentMs > GIVE_UP_MS) throw new Error(`${this.clientId}: no ${answer}`);
      if (spentMs > 0) this.repeated += 1;
      this.#socket.send(octets);
      await Promise.race([done, delay(retryMs)]);
    }
    return done;
  }

  async fallAsleep(topics: number, subscriptions: number): Promise<void> {
    const { clientId } = this;
    const duration = SLEEP_SECONDS;
    await this.ask({ type: "CONNECT", will: false, cleanSession: false, protocolId: 1, duration, clientId }, "CONNACK");
    for (let count = 0; count < topics; count += 1) {
      const topicName = `site/building-4/${clientId}/value-${count}`;
      await this.ask({ type: "REGISTER", topicId: 0, msgId: count + 1, topicName }, "REGACK");
    }
    for (let count = 0; count < subscriptions; count += 1) {
      const topicName = `site/building-4/${clientId}/command-${count}`;
      const msgId = topics + count + 1;
      await this.ask({ type: "SUBSCRIBE", dup: false, qos: 1, msgId, topicIdType: "normal", topicName }, "SUBACK");
    }
    await this.ask({ type: "DISCONNECT", duration }, "DISCONNECT");
  }

  async wake(retryMs: number): Promise<void> {
    await this.ask({ type: "PINGREQ", clientId: this.clientId }, "PINGRESP", retryMs);
  }

  close(): void {
    this.#socket.close();
  }
}
