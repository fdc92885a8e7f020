import { describe, expect, it } from "vitest";
import { itIsALinkOver, opener } from "./carried-links.ts";
import { HandMadeBroker } from "./hand-made-broker.ts";
import { openLink } from "./link-double.ts";
import { CONNACK } from "./link-pair.ts";
import { testServer } from "./test-server.ts";

describe("a link over WebSocket", () => {
  itIsALinkOver("ws");
});

describe("a link over WebSocket over TLS", () => {
  itIsALinkOver("wss");
});

describe("a WebSocket to the broker", () => {
  it("asks for the path and the query of the URL, and offers mqtt, without compression", async () => {
    const asked: unknown[] = [];
    const server = await testServer("ws", (stream) => void stream.on("data", () => stream.write(CONNACK)), {
      onUpgrade: ({ url, headers }) =>
        asked.push([url, headers.host, headers["sec-websocket-protocol"], headers["sec-websocket-extensions"]]),
    });
    const { link, types } = openLink(opener(`${server.url}?token=1`));
    await expect.poll(types).toEqual(["link-opened"]);
    expect(asked).toEqual([["/mqtt?token=1", `localhost:${server.port}`, "mqtt", undefined]]);
    link.close(false);
  });

  it("offers another sub-protocol where the URL has one after a #", async () => {
    const choose = (protocols: Set<string>) => (protocols.has("mqttv3.1") ? "mqttv3.1" : false);
    const server = await testServer("ws", (stream) => void stream.on("data", () => stream.write(CONNACK)), { choose });
    const { types } = openLink(opener(`${server.url}#mqttv3.1`));
    await expect.poll(types).toEqual(["link-opened"]);
  });

  it("takes packets that are cut anywhere and messages that hold several", async () => {
    const brokers: HandMadeBroker[] = [];
    const server = await testServer("ws", (stream) => brokers.push(new HandMadeBroker(stream)));
    const { types, packets } = openLink(opener(server.url));
    await expect.poll(() => brokers[0]?.chunks.length).toBe(1);
    const octets = Buffer.concat([CONNACK, Buffer.from("300400016131300400016132", "hex")]);
    for (const octet of octets.subarray(0, 7)) brokers[0]!.stream.write(Buffer.of(octet));
    brokers[0]!.stream.write(octets.subarray(7));
    await expect.poll(() => packets().length).toBe(2);
    expect(types()[0]).toBe("link-opened");
  });

  it("says with which word the broker closed it", async () => {
    const server = await testServer("ws", () => {}, {
      onSocket: (socket) => void socket.on("message", () => socket.close(1008, "no more of you")),
    });
    const { events, types } = openLink(opener(server.url));
    await expect.poll(types).toEqual(["link-closed"]);
    expect(events[0]).toMatchObject({ reason: 'the broker closed the WebSocket: code 1008, "no more of you"' });
  });

  it("is closed where the broker sends text", async () => {
    const server = await testServer("ws", () => {}, { onSocket: (socket) => void socket.send("hello") });
    const { events, types } = openLink(opener(server.url));
    await expect.poll(types).toEqual(["link-closed"]);
    expect(events[0]).toMatchObject({ reason: "the server sent text over WebSocket, which is not MQTT" });
  });

  it("leaves what it writes as it is", async () => {
    const brokers: HandMadeBroker[] = [];
    const server = await testServer("ws", (stream) => brokers.push(new HandMadeBroker(stream)));
    for (let count = 0; count < 3; count += 1) {
      const { link, types } = openLink(opener(server.url));
      await expect.poll(() => brokers[count]?.chunks.length).toBe(1);
      brokers[count]!.stream.write(CONNACK);
      await expect.poll(types).toEqual(["link-opened"]);
      // The same octets serve all links.
      link.close(true);
      await expect.poll(() => brokers[count]!.octets.endsWith("e000")).toBe(true);
      await expect.poll(types).toEqual(["link-opened", "link-closed"]);
    }
  });
});
