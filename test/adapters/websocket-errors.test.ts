import type { RequestListener } from "node:http";
import { createServer as createTcpServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { opener } from "./carried-links.ts";
import { openLink } from "./link-double.ts";
import { type TestServerOptions, testServer } from "./test-server.ts";

/** What becomes of a link to this URL: the one event there is. */
async function failure(url: string): Promise<{ reason: string; unasked: boolean }> {
  const { events } = openLink(opener(url));
  await expect.poll(() => events.length).toBe(1);
  return events[0] as unknown as { reason: string; unasked: boolean };
}

/** A server that answers a request for a WebSocket with this. */
async function answering(statusCode: number, headers: Record<string, string> = {}, below = ""): Promise<string> {
  const server = await testServer("ws", () => {});
  server.server.removeAllListeners("upgrade");
  server.server.on("upgrade", (request, socket: Socket) => {
    expect(request.url).toBe(`/mqtt${below}?token=geheim`);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${statusCode} Said So\r\n${lines.join("")}\r\n<html>not MQTT</html>`);
  });
  return `${server.url}${below}?token=geheim`;
}

const ANSWERED = (code: number) => `the server answered ${code} "Said So" instead of opening a WebSocket`;

describe("a server that opens no WebSocket is told of, with the remedy", () => {
  it.each([
    [404, "there is no MQTT at the path /mqtt; most brokers have it at /mqtt, some at / or /ws"],
    [200, "there is no MQTT at the path /mqtt; most brokers have it at /mqtt, some at / or /ws"],
    [401, "it, or a proxy before it, wants credentials that are not MQTT's; a token may have to be in the URL"],
    [403, "it, or a proxy before it, wants credentials that are not MQTT's; a token may have to be in the URL"],
    [400, "the path /mqtt may be wrong (most brokers have MQTT at /mqtt), or it is https there: wss: instead of ws:"],
    [502, "a proxy is there, and the broker behind it is not"],
    [503, "a proxy is there, and the broker behind it is not"],
  ])("%i", async (code, remedy) => {
    const { reason, unasked } = await failure(await answering(code));
    expect(reason).toBe(`${ANSWERED(code)}: ${remedy}`);
    expect(unasked).toBe(true);
  });

  it("500", async () => {
    const { reason } = await failure(await answering(500));
    expect(reason).toBe(`${ANSWERED(500)}; is it an MQTT broker, and is the path /mqtt right?`);
  });

  it("301, with the place but nothing in it that may be secret", async () => {
    const location = "https://u:geheim@elsewhere.test/mqtt?token=geheim";
    const { reason } = await failure(await answering(301, { location }));
    expect(reason).toBe(
      `${ANSWERED(301)}: it sends on to "https://elsewhere.test/mqtt"; write that as broker.url, with ws: or wss:`,
    );
  });

  it.each<[number, Record<string, string>]>([
    [302, { location: "https://elsewhere.test/mqtt/geheim/" }],
    [404, {}],
    [400, {}],
    [500, {}],
  ])("%i, with the first level of the path, and not what is below, which may be a token", async (code, headers) => {
    const { reason } = await failure(await answering(code, headers, "/geheim"));
    expect(reason).toContain("/mqtt/***");
    expect(reason).not.toContain("geheim");
  });

  it("an answer of another path's server", async () => {
    const onRequest: RequestListener = (_request, response) => response.end("a page");
    const { url } = await testServer("ws", () => {}, { onRequest });
    const { reason } = await failure(url.replace("/mqtt", "/elsewhere"));
    expect(reason).toMatch(
      /^the server answered 400 "Bad Request" instead of opening a WebSocket: the path \/elsewhere/,
    );
  });

  it.each<[string, (socket: Socket) => void, string]>([
    [
      "that closes the connection",
      (socket) => void socket.end(),
      "the server closed the connection instead of opening a WebSocket; is port PORT for bare MQTT (mqtt://), or TLS (wss://)?",
    ],
    [
      "that closes the connection hard",
      (socket) => void socket.resetAndDestroy(),
      "the server closed the connection instead of opening a WebSocket; is port PORT for bare MQTT (mqtt://), or TLS (wss://)?",
    ],
    [
      "that does not speak HTTP",
      (socket) => void socket.end(Buffer.from("20020000", "hex")),
      "what listens at port PORT does not speak HTTP, as WebSocket servers do; is it bare MQTT (mqtt://)?",
    ],
  ])("%s", async (_what, answer, expected) => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {}).once("data", () => answer(socket));
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await expect.poll(() => server.listening).toBe(true);
    const { port } = server.address() as { port: number };
    const { reason, unasked } = await failure(`ws://localhost:${port}/mqtt`);
    expect(reason).toBe(expected.replace("PORT", String(port)));
    expect(unasked).toBe(true);
  });
});

describe("a server that opens a WebSocket for something else is told of", () => {
  it.each<[string, TestServerOptions, string]>([
    ["no sub-protocol", { choose: () => false }, "it chose no sub-protocol"],
    ["another one", { choose: () => "wamp" }, 'it chose the sub-protocol "wamp"'],
  ])("%s", async (_what, options, choice) => {
    const { url } = await testServer("ws", () => {}, options);
    expect(await failure(url)).toMatchObject({
      reason: `the server opened a WebSocket, but not for mqtt: ${choice}; is another service at this path, or does the URL need another sub-protocol after a # (…/mqtt#mqttv3.1)?`,
      unasked: true,
    });
  });
});
