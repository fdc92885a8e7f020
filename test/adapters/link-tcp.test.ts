import dns from "node:dns";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { parseBrokerUrl, type TcpBroker } from "../../src/mqtt/broker-url.ts";
import { HandMadeBroker } from "./hand-made-broker.ts";
import { openLink } from "./link-double.ts";
import { CONNACK, publish, turn } from "./link-pair.ts";

/** What `dns.lookup` calls back. */
type Found = (error: null, addresses: { address: string; family: number }[]) => void;

describe("a link over TCP", () => {
  let server: Server;
  let brokers: HandMadeBroker[];
  let openStream: () => Duplex;

  beforeEach(async () => {
    brokers = [];
    server = createServer((socket) => brokers.push(new HandMadeBroker(socket)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    openStream = (parseBrokerUrl(`mqtt://127.0.0.1:${port}`) as TcpBroker).openStream;
  });

  afterEach(async () => {
    for (const { stream } of brokers) stream.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });

  async function accepted(options: Parameters<typeof openLink>[1] = {}) {
    const opened = openLink(openStream, options);
    await expect.poll(() => brokers[0]?.chunks.length).toBe(1);
    brokers[0]!.stream.write(CONNACK);
    await expect.poll(opened.types).toEqual(["link-opened"]);
    return { broker: brokers[0]!, ...opened };
  }

  it("says that nobody listens", async () => {
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const { events } = openLink(openStream);
    const reason = `connect ECONNREFUSED 127.0.0.1:${port}`;
    await expect
      .poll(() => events)
      .toMatchObject([{ type: "link-closed", link: 7, reason, byBroker: false, unasked: true }]);
  });

  it("says why for each address when a name has several", async () => {
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const { events } = openLink((parseBrokerUrl(`mqtt://localhost:${port}`) as TcpBroker).openStream);
    await expect
      .poll(() => events)
      .toMatchObject([
        { type: "link-closed", reason: expect.stringContaining(`connect ECONNREFUSED 127.0.0.1:${port}`) },
      ]);
  });

  it("goes where the broker's name leads now, and not where it led before", async () => {
    const { port } = server.address() as { port: number };
    const open = (parseBrokerUrl(`mqtt://broker.test:${port}`) as TcpBroker).openStream;
    let address = "127.0.0.2";
    const names = vi.spyOn(dns, "lookup").mockImplementation(((_name: string, _options: object, found: Found) => {
      found(null, [{ address, family: 4 }]);
    }) as typeof dns.lookup);
    onTestFinished(() => names.mockRestore());
    const before = openLink(open);
    await expect.poll(() => before.events).toMatchObject([{ reason: `connect ECONNREFUSED 127.0.0.2:${port}` }]);
    address = "127.0.0.1";
    openLink(open).link.close(true);
    await expect.poll(() => brokers.length).toBe(1);
  });

  it.each([true, false])("closes while it connects, with DISCONNECT: %s", async (disconnect) => {
    const { link, types } = openLink(openStream);
    link.close(disconnect);
    await expect.poll(() => types().length + brokers.length).toBeGreaterThan(0);
    for (const { stream } of brokers) stream.end();
    await expect.poll(types).toEqual(["link-closed"]);
  });

  it("says that the broker closed the connection, also when it did so hard", async () => {
    const { broker, events, types } = await accepted();
    (broker.stream as Socket).resetAndDestroy();
    await expect.poll(types).toEqual(["link-opened", "link-closed"]);
    expect(events[1]).toMatchObject({ reason: "read ECONNRESET", byBroker: true });
  });

  it("is stalled by a broker that does not read, and then drained", async () => {
    const { broker, link, types } = await accepted();
    broker.stream.pause();
    const before = Buffer.concat(broker.chunks).length;
    let written = 0;
    while (!types().includes("link-stalled")) {
      link.write(publish(200_000));
      written += 1;
      await turn();
    }
    broker.stream.resume();
    await expect.poll(types).toEqual(["link-opened", "link-stalled", "link-drained"]);
    await expect.poll(() => Buffer.concat(broker.chunks).length - before).toBe(written * 200_007);
    link.close(false);
  });

  it("leaves unread what the broker sends while it is paused", async () => {
    const { broker, link, packets } = await accepted();
    link.pause();
    const message = Buffer.concat([Buffer.from("30838002" + "0001" + "74", "hex"), Buffer.alloc(32_768)]);
    let sent = 0;
    // Until the network between the two is full.
    while (broker.stream.writableLength < 1_000_000) {
      broker.stream.write(message);
      sent += 1;
      await turn();
    }
    expect(packets()).toEqual([]);
    link.resume();
    await expect.poll(() => packets().length).toBe(sent);
    link.close(false);
  });
});
