import { Aedes } from "aedes";
import { expect, it, onTestFinished } from "vitest";
import { parseBrokerUrl, type TcpBroker } from "../../src/mqtt/broker-url.ts";
import type { OpenBrokerStream } from "../../src/mqtt/open-broker-stream.ts";
import { HandMadeBroker } from "./hand-made-broker.ts";
import { openLink } from "./link-double.ts";
import { CONNACK, publish, turn } from "./link-pair.ts";
import { testServer } from "./test-server.ts";
import { tlsSettings } from "./tls-settings.ts";

type Scheme = Parameters<typeof testServer>[0];

/** Begins connections to this URL. */
export function opener(url: string, tls = tlsSettings()): OpenBrokerStream {
  const broker = parseBrokerUrl(url) as TcpBroker;
  return (onOctets) => broker.openStream(tls, onOctets);
}

/** A link that a hand-made broker has accepted. */
async function accepted(scheme: Scheme) {
  const brokers: HandMadeBroker[] = [];
  const server = await testServer(scheme, (stream) => brokers.push(new HandMadeBroker(stream)));
  const opened = openLink(opener(server.url));
  await expect.poll(() => brokers[0]?.chunks.length).toBe(1);
  brokers[0]!.stream.write(CONNACK);
  await expect.poll(opened.types).toEqual(["link-opened"]);
  return { ...opened, broker: brokers[0]!, server };
}

/** A link with a will to a real broker, and the topics of what that one has been sent. */
async function openedWithWill(scheme: Scheme) {
  const aedes = await Aedes.createBroker();
  onTestFinished(() => new Promise<void>((resolve) => aedes.close(resolve)));
  const published: string[] = [];
  aedes.on("publish", ({ topic }) => published.push(topic));
  const { url } = await testServer(scheme, (stream) => void aedes.handle(stream as never));
  const will = { topic: "will", payload: Buffer.alloc(0), qos: 0 as const, retain: false };
  return { ...openLink(opener(url), { will }), published };
}

/** What a link does over anything. */
export function itIsALinkOver(scheme: Scheme): void {
  it("passes messages both ways, and ends with DISCONNECT", async () => {
    const { link, packets, types, published } = await openedWithWill(scheme);
    // Before the connection is there: it waits.
    link.write({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "a/+", qos: 1 }] });
    await expect.poll(() => packets("suback")).toEqual([{ cmd: "suback", messageId: 1, granted: [1] }]);
    link.write(publish(100_000, { topic: "a/b", qos: 1, messageId: 2 }));
    await expect.poll(() => packets("puback")).toEqual([{ cmd: "puback", messageId: 2 }]);
    await expect.poll(() => packets("publish")).toMatchObject([{ topic: "a/b", payload: Buffer.alloc(100_000, 1) }]);
    link.write(publish(1, { topic: "last" }));
    link.close(true);
    await expect.poll(types).toContain("link-closed");
    await expect.poll(() => published).toContain("last");
    expect(published).not.toContain("will");
  });

  it("leaves the will to the broker when it closes without DISCONNECT", async () => {
    const { link, types, published } = await openedWithWill(scheme);
    await expect.poll(types).toEqual(["link-opened"]);
    link.close(false);
    await expect.poll(types).toEqual(["link-opened", "link-closed"]);
    await expect.poll(() => published).toContain("will");
  });

  it("writes what is written in one turn in one piece", async () => {
    const { broker, link } = await accepted(scheme);
    broker.chunks.length = 0;
    for (let count = 0; count < 10; count += 1) link.write(publish(10));
    await expect.poll(() => broker.octets.length / 2).toBe(10 * 15);
    expect(broker.chunks.length).toBe(1);
    link.close(false);
  });

  it("says that the broker closed the connection", async () => {
    const { broker, events, types } = await accepted(scheme);
    broker.stream.end();
    await expect.poll(types).toEqual(["link-opened", "link-closed"]);
    expect(events[1]).toMatchObject({ reason: "the broker closed the connection", byBroker: true, unasked: false });
  });

  it("says that the broker closed the connection hard", async () => {
    const { server, events, types } = await accepted(scheme);
    server.sockets[0]!.resetAndDestroy();
    await expect.poll(types).toEqual(["link-opened", "link-closed"]);
    expect(events[1]).toMatchObject({ reason: "read ECONNRESET", byBroker: true, unasked: false });
  });

  it("is stalled by a broker that does not read, and then drained", async () => {
    const { broker, link, types } = await accepted(scheme);
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
    const { broker, link, packets } = await accepted(scheme);
    link.pause();
    const message = Buffer.concat([Buffer.from("30838002000174", "hex"), Buffer.alloc(32_768)]);
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

  it("has not been asked while it connects: the broker has seen nothing of CONNECT", async () => {
    const { url, close } = await testServer(scheme, () => {});
    const { link, events, types } = openLink(opener(url));
    link.close(false);
    await expect.poll(types).toEqual(["link-closed"]);
    expect(events[0]).toMatchObject({ unasked: true });
    close();
    const later = openLink(opener(url));
    await expect.poll(later.types).toEqual(["link-closed"]);
    expect(later.events[0]).toMatchObject({ reason: expect.stringContaining("ECONNREFUSED"), unasked: true });
  });

  it("closes while it connects, with DISCONNECT", async () => {
    const { url } = await testServer(scheme, (stream) => {
      stream.on("error", () => {});
      stream.resume();
      stream.on("end", () => stream.end());
    });
    const { link, types } = openLink(opener(url));
    link.close(true);
    await expect.poll(types, { timeout: 1500 }).toEqual(["link-closed"]);
  });
}
