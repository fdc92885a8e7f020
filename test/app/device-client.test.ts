import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { DeviceClient } from "../../src/app/device/device-client.ts";
import type { ReceivedMessage } from "../../src/device/contract.ts";
import { DEFAULT_DEVICE_SETTINGS } from "../../src/device/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { YesGateway, yes } from "./yes-gateway.ts";

const topic = { topicIdType: "short", topicId: 0x6162 } as const;
const data = Buffer.from("hi");

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
    await expect(client.connect()).rejects.toThrow(
      /refused the connection: not supported \(0x03\)\. .* The gateway's log says why\.$/,
    );
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

  test("P2 says that the gateway refused a message of QoS 0, also while it disconnects", async () => {
    client = await open();
    const refusals: string[] = [];
    client.onRefused = (sentence) => refusals.push(sentence);
    await client.connect();
    gateway.answer = (message) =>
      message.type === "PUBLISH" ? { type: "PUBACK", topicId: message.topicId, msgId: 0, returnCode: 2 } : yes(message);
    await client.publish(topic, 0, false, data);
    await client.close();
    expect(refusals).toEqual([
      `not published: the gateway at udp://127.0.0.1:${port} refused: it does not know this topic id (0x02)`,
    ]);
  });

  test("says that the connection was lost, and that it is there again", async () => {
    client = await open({ reconnect: true, reconnectMinMs: 10 });
    const said: string[] = [];
    client.onDisconnected = (sentence) => said.push(sentence);
    client.onReconnected = (sentence) => said.push(sentence);
    await client.connect();
    gateway.send({ type: "DISCONNECT", duration: undefined });
    await vi.waitFor(() =>
      expect(said).toEqual([
        `the gateway at udp://127.0.0.1:${port} ended the connection`,
        `connected again to the gateway at udp://127.0.0.1:${port}`,
      ]),
    );
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

  test("E1 speaks as a node behind a forwarder", async () => {
    gateway.answer = (message) => {
      if (message.type !== "ENCAPSULATED") return undefined;
      const inner = yes(decode(message.data) as Message);
      return inner && { ...message, data: encode(inner) };
    };
    const settings = { ...DEFAULT_DEVICE_SETTINGS, clientId: "d1", tRetryMs: 1000 };
    client = await DeviceClient.open({ host: "127.0.0.1", port }, settings, Buffer.from("2a", "hex"));
    await client.connect();
    await client.publish(topic, 1, false, data);
    expect(gateway.heard).toMatchObject([
      { type: "ENCAPSULATED", wirelessNodeId: Buffer.from("2a", "hex"), radius: 0 },
      { type: "ENCAPSULATED", wirelessNodeId: Buffer.from("2a", "hex"), radius: 0 },
    ]);
  });

  test("K6 goes on at another gateway, with what it subscribed to, and sleeps there too", async () => {
    const other = new YesGateway();
    const otherPort = await other.open();
    onTestFinished(() => other.close());
    client = await open({ reconnect: true, nRetry: 0, tRetryMs: 500, reconnectMinMs: 60_000 });
    await client.connect();
    await client.subscribe(topic, 0);
    const isSilent = new Promise<boolean>((resolve) => {
      client.onDisconnected = (_sentence, _reconnecting, silent) => resolve(silent);
    });
    gateway.answer = () => undefined;
    const published = client.publish(topic, 1, false, data);
    client.sleep(60_000);
    expect(await isSilent).toBe(true);
    await client.moveTo({ host: "127.0.0.1", port: otherPort });
    expect(client.gateway.port).toBe(otherPort);
    await published;
    await vi.waitFor(() => expect(other.heard).toHaveLength(4));
    expect(other.heard.map(({ type }) => type).sort()).toEqual(["CONNECT", "DISCONNECT", "PUBLISH", "SUBSCRIBE"]);
    expect(other.heard.at(-1)).toMatchObject({ type: "DISCONNECT", duration: 61 });
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
