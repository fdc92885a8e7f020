import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { parseBrokerUrl, type TcpBroker } from "../../src/mqtt/broker-url.ts";

describe("the broker's URL", () => {
  it.each([
    ["mqtt://broker.example", { host: "broker.example", port: 1883 }],
    ["mqtt://127.0.0.1:1884", { host: "127.0.0.1", port: 1884 }],
    ["mqtt://127.0.0.1:1884/", { host: "127.0.0.1", port: 1884 }],
    ["mqtt://[::1]:1885", { host: "::1", port: 1885 }],
    ["mqtt://[2001:db8::7]", { host: "2001:db8::7", port: 1883 }],
    ["mqtt://sensor:a%40b%3Ac@h", { host: "h", port: 1883, username: "sensor", password: "a@b:c" }],
    ["mqtt://sensor@h", { host: "h", port: 1883, username: "sensor", password: undefined }],
  ])("is read: %s", (text, expected) => {
    expect(parseBrokerUrl(text)).toMatchObject({ type: "tcp", username: undefined, password: undefined, ...expected });
  });

  it("is read: embedded:", () => {
    expect(parseBrokerUrl("embedded:")).toEqual({ type: "embedded" });
  });

  it.each([
    ["mqtts://h", "mqtts:// is not supported yet; use mqtt://host:port, or embedded:"],
    ["ws://h", "ws:// is not supported yet; use mqtt://host:port, or embedded:"],
    ["wss://h/mqtt", "wss:// is not supported yet; use mqtt://host:port, or embedded:"],
    ["mqt://x", '"mqt://x" is not a URL that the gateway can use (mqtt://host:port, or embedded:)'],
    ["broker.example", '"broker.example" is not a URL that the gateway can use (mqtt://host:port, or embedded:)'],
    ["broker.example:1883", '"broker.example:1883" is not a URL that the gateway can use'],
    ["mqtt://", '"mqtt://" is not a URL that the gateway can use'],
    ["mqtt://h:99999", '"mqtt://h:99999" is not a URL that the gateway can use'],
    ["mqtt://h:0", '"mqtt://h:0" is not a URL that the gateway can use'],
    ["mqtt://h/topic", '"mqtt://h/topic" has something after the port; write mqtt://host:port'],
    ["mqtt://h?x=1", '"mqtt://h?x=1" has something after the port; write mqtt://host:port'],
    ["mqtt://u:50%@h", "the user name or the password has a % that stands for nothing; write %25 for a %"],
  ])("is refused with the remedy: %s", (text, problem) => {
    expect(parseBrokerUrl(text)).toEqual({ type: "unusable", problem: expect.stringContaining(problem) });
  });

  it.each(["mqt://u:geheim@h", "mqtt://u:geheim@h/x", "u:geheim@h:99999", "mqtt://u:geheim@"])(
    "does not show the password where it is refused: %s",
    (text) => {
      expect(JSON.stringify(parseBrokerUrl(text))).not.toContain("geheim");
      expect(parseBrokerUrl(text).type).toBe("unusable");
    },
  );

  it.each(["127.0.0.1", "::1"])("opens a stream to %s", async (host) => {
    const server = createServer((socket) => socket.end("hello")).listen(0, host);
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const url = host === "::1" ? `mqtt://[::1]:${port}` : `mqtt://${host}:${port}`;
    const stream = (parseBrokerUrl(url) as TcpBroker).openStream();
    expect((await once(stream, "data"))[0].toString()).toBe("hello");
    stream.destroy();
    server.close();
  });
});
