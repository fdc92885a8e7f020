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
    ["mqtts://h", { scheme: "mqtts", host: "h", port: 8883, isSecure: true, url: "mqtts://h:8883" }],
    ["mqtts://[::1]:1", { scheme: "mqtts", host: "::1", port: 1, url: "mqtts://[::1]:1" }],
    ["ws://h", { scheme: "ws", host: "h", port: 80, path: "/", subProtocol: "mqtt", isSecure: false }],
    ["ws://h:8080/mqtt", { scheme: "ws", port: 8080, path: "/mqtt", secureUrl: "wss://h:8080/mqtt" }],
    ["ws://h/mqtt", { port: 80, url: "ws://h:80/mqtt", secureUrl: "wss://h:443/mqtt" }],
    [
      "wss://h/a/b?x=1&y=2",
      { scheme: "wss", port: 443, path: "/a/b?x=1&y=2", isSecure: true, url: "wss://h:443/a/***" },
    ],
    ["wss://u:p@h/mqtt#mqttv3.1", { path: "/mqtt", subProtocol: "mqttv3.1", username: "u", password: "p" }],
    ["WSS://h/mqtt", { scheme: "wss", path: "/mqtt" }],
  ])("is read: %s", (text, expected) => {
    const read = parseBrokerUrl(text);
    expect(read).toMatchObject({ type: "tcp", ...expected });
    if (!text.includes("@")) expect(read).toMatchObject({ username: undefined, password: undefined });
  });

  it.each(["mqtt://h", "mqtt://h:1883", "mqtt://[::1]", "mqtts://h"])("of %s is shown with the port", (text) => {
    const port = text.startsWith("mqtts") ? 8883 : 1883;
    expect(parseBrokerUrl(text)).toMatchObject({ url: `${text.replace(/:\d+$/, "")}:${port}` });
  });

  it("shows neither credentials nor a query, which may be a token", () => {
    const { url, secureUrl } = parseBrokerUrl("ws://user:geheim@h/mqtt?token=geheim") as TcpBroker;
    expect([url, secureUrl]).toEqual(["ws://h:80/mqtt", "wss://h:443/mqtt"]);
  });

  it.each(["ws://h/mqtt/geheim", "ws://h/mqtt/geheim/mqtt", "ws://h/mqtt/geheim?x"])(
    "shows the first level of its path, and not what is below, which may be a token: %s",
    (text) => {
      const { url, secureUrl } = parseBrokerUrl(text) as TcpBroker;
      expect([url, secureUrl]).toEqual(["ws://h:80/mqtt/***", "wss://h:443/mqtt/***"]);
    },
  );

  it("is read: embedded:", () => {
    expect(parseBrokerUrl("embedded:")).toEqual({ type: "embedded" });
  });

  it.each([
    [
      "mqt://x",
      '"mqt://x" is not a URL that the gateway can use (mqtt://host:port, mqtts://host:port, ws://host:port/',
    ],
    ["broker.example", '"broker.example" is not a URL that the gateway can use (mqtt://host:port, '],
    ["broker.example:1883", '"broker.example:1883" is not a URL that the gateway can use'],
    ["mqtt://", '"mqtt://" is not a URL that the gateway can use'],
    ["mqtt://h:99999", '"mqtt://h:99999" is not a URL that the gateway can use'],
    ["mqtt://h:0", '"mqtt://h:0" is not a URL that the gateway can use'],
    ["tcp://h:1883", '"tcp://h:1883" is written mqtt:// here'],
    ["ssl://h:8883", '"ssl://h:8883" is written mqtts:// here'],
    ["tls://h", '"tls://h" is written mqtts:// here'],
    ["https://h/mqtt", '"https://h/mqtt" is written wss:// here'],
    ["tcp:h", '"tcp:h" is not a URL that the gateway can use'],
    ["embedded", "the broker inside the gateway is written embedded: and nothing more"],
    ["embedded://h", "the broker inside the gateway is written embedded: and nothing more"],
    ["mqtt://h/topic", '"mqtt://h/topic" has something after the port; write mqtt://host:port'],
    ["mqtts://h/topic", '"mqtts://h/topic" has something after the port; write mqtts://host:port'],
    ["mqtt://h#mqtt", '"mqtt://h#mqtt" has something after the port; write mqtt://host:port'],
    ["ws://h/mqtt#a b", "has a # with something after it that is no WebSocket sub-protocol, such as mqtt"],
    ["ws://h/mqtt#50%", "has a # with something after it that is no WebSocket sub-protocol"],
    ["mqtt://h?x=1", "this has something after the port; write mqtt://host:port"],
    ["mqtt://u:50%@h", "the user name or the password has a % that stands for nothing; write %25 for a %"],
  ])("is refused with the remedy: %s", (text, problem) => {
    expect(parseBrokerUrl(text)).toEqual({ type: "unusable", problem: expect.stringContaining(problem) });
  });

  it.each([
    "mqt://u:geheim@h",
    "ssl://u:geheim@h",
    "ws://u:geheim@h/#a b",
    "mqtt://h?geheim",
    "wss://h/mqtt?geheim#a b",
    "mqtt://u:geheim@h/x",
    "u:geheim@h:99999",
    "mqtt://u:geheim@",
    "https://h/mqtt/geheim",
    "ws://h/mqtt/geheim#a b",
    "mqtt://h/mqtt/geheim",
  ])("does not show the password where it is refused: %s", (text) => {
    expect(JSON.stringify(parseBrokerUrl(text))).not.toContain("geheim");
    expect(parseBrokerUrl(text).type).toBe("unusable");
  });

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
