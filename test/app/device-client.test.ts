import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DeviceClient } from "../../src/app/device-client.ts";
import type { ReceivedMessage } from "../../src/device/contract.ts";
import { DEFAULT_DEVICE_SETTINGS } from "../../src/device/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";

const topic = { topicIdType: "short", topicId: 0x6162 } as const;
const data = Buffer.from("hi");

/** A gateway of a few lines: says yes to everything, or what the test puts in place of it. */
class YesGateway {
  readonly heard: Message[] = [];
  answer: (message: Message) => Message | undefined = yes;
  readonly #socket: Socket = createSocket("udp4");
  #client = 0;

  async open(): Promise<number> {
    this.#socket.on("message", (datagram, { port }) => {
      this.#client = port;
      const message = decode(datagram);
      if (message.type === "malformed") return;
      this.heard.push(message);
      const answer = this.answer(message);
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

function yes(message: Message): Message | undefined {
  switch (message.type) {
    case "CONNECT":
      return { type: "CONNACK", returnCode: 0 };
    case "DISCONNECT":
      return { type: "DISCONNECT", duration: undefined };
    case "PUBLISH":
      return { type: "PUBACK", topicId: message.topicId, msgId: message.msgId, returnCode: 0 };
    case "SUBSCRIBE":
      return { type: "SUBACK", qos: 0, topicId: 0, msgId: message.msgId, returnCode: 0 };
    case "PINGREQ":
      return { type: "PINGRESP" };
    default:
      return undefined;
  }
}

describe("a device for a command", () => {
  let gateway: YesGateway;
  let port: number;
  let client: DeviceClient;

  function open(settings = {}): Promise<DeviceClient> {
    const all = { ...DEFAULT_DEVICE_SETTINGS, clientId: "d1", tRetryMs: 20, nRetry: 1, ...settings };
    return DeviceClient.open({ host: "127.0.0.1", port }, all);
  }

  beforeEach(async () => {
    gateway = new YesGateway();
    port = await gateway.open();
  });

  afterEach(async () => {
    await client.close();
    await gateway.close().catch(() => {});
  });

  test("publishes, and disconnects when it is closed", async () => {
    client = await open();
    await client.connect();
    await client.publish(topic, 1, false, data);
    await client.close();
    expect(gateway.heard.map(({ type }) => type)).toEqual(["CONNECT", "PUBLISH", "DISCONNECT"]);
  });

  test("repeats what is not answered, and then says where it asked and for how long", async () => {
    client = await open();
    gateway.answer = () => undefined;
    await expect(client.connect()).rejects.toThrow(`no answer from udp://127.0.0.1:${port} in 0 s (sent 2 times)`);
    expect(gateway.heard.map(({ type }) => type)).toEqual(["CONNECT", "CONNECT"]);
  });

  test("says at once that nothing listens", async () => {
    await gateway.close();
    client = await open({ tRetryMs: 60_000 });
    await expect(client.connect()).rejects.toThrow(`nothing listens at udp://127.0.0.1:${port}`);
  });

  test("says why the gateway refused the connection", async () => {
    client = await open();
    gateway.answer = () => ({ type: "CONNACK", returnCode: 3 });
    await expect(client.connect()).rejects.toThrow("refused the connection: not supported (0x03)");
  });

  test("says why the gateway refused a message", async () => {
    client = await open();
    await client.connect();
    gateway.answer = (message) =>
      message.type === "PUBLISH"
        ? { type: "PUBACK", topicId: message.topicId, msgId: message.msgId, returnCode: 2 }
        : yes(message);
    await expect(client.publish(topic, 1, false, data)).rejects.toThrow("it does not know this topic id (0x02)");
  });

  test("hands over what it subscribed to", async () => {
    client = await open();
    const messages: ReceivedMessage[] = [];
    client.onMessage = (message) => messages.push(message);
    await client.connect();
    await client.subscribe(topic, 0);
    gateway.send({
      type: "PUBLISH",
      dup: false,
      qos: 0,
      retain: false,
      topicIdType: "short",
      topicId: 0x6162,
      msgId: 0,
      data,
    });
    await vi.waitFor(() => expect(messages).toMatchObject([{ topicName: "ab", qos: 0 }]));
  });

  test("wakes from its sleep again and again", async () => {
    client = await open({ tRetryMs: 1000 });
    await client.connect();
    client.sleep(20);
    await vi.waitFor(() => {
      const pings = gateway.heard.filter(({ type }) => type === "PINGREQ");
      expect(pings.length).toBeGreaterThanOrEqual(3);
      expect(pings[0]).toEqual({ type: "PINGREQ", clientId: "d1" });
    });
    expect(gateway.heard.find(({ type }) => type === "DISCONNECT")).toMatchObject({ duration: 3 });
  });
});
