import { createServer, type Server } from "node:net";
import { Aedes } from "aedes";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PublishPacket } from "../../src/gateway/packet.ts";
import { parseBrokerUrl, type TcpBroker } from "../../src/mqtt/broker-url.ts";
import { opener } from "./carried-links.ts";
import { openLink } from "./link-double.ts";

let aedes: Aedes;
let server: Server;
let broker: TcpBroker;
const published: { topic: string; payload: string }[] = [];

beforeEach(async () => {
  published.length = 0;
  aedes = await Aedes.createBroker();
  aedes.on("publish", ({ topic, payload }) => {
    if (!topic.startsWith("$SYS")) published.push({ topic, payload: payload.toString() });
  });
  server = createServer(aedes.handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  broker = parseBrokerUrl(`mqtt://127.0.0.1:${(server.address() as { port: number }).port}`) as TcpBroker;
});

afterEach(async () => {
  await new Promise<void>((resolve) => aedes.close(resolve));
  await new Promise((resolve) => server.close(resolve));
});

function publish(fields: Partial<PublishPacket>): PublishPacket {
  return {
    cmd: "publish",
    topic: "a/b",
    payload: Buffer.from("21.5"),
    qos: 0,
    retain: false,
    dup: false,
    messageId: 0,
    ...fields,
  };
}

async function open(options: Parameters<typeof openLink>[1] = {}) {
  const opened = openLink(opener(broker.url), options);
  await expect.poll(opened.types).toContain("link-opened");
  return opened;
}

describe("a link to aedes", () => {
  it("connects, and says whether the broker has a session", async () => {
    const first = await open({ cleanSession: false });
    expect(first.events[0]).toEqual({ type: "link-opened", link: 7, sessionPresent: false });
    first.link.write({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "a", qos: 1 }] });
    await expect.poll(() => first.packets("suback")).toEqual([{ cmd: "suback", messageId: 1, granted: [1] }]);
    first.link.close(true);
    await expect.poll(first.types).toContain("link-closed");

    const second = await open({ cleanSession: false });
    expect(second.events[0]).toEqual({ type: "link-opened", link: 7, sessionPresent: true });
    second.link.close(false);
    await expect.poll(second.types).toContain("link-closed");
  });

  it("passes messages both ways at every QoS, with the identifiers as they are", async () => {
    const { link, packets } = await open();
    link.write({
      cmd: "subscribe",
      messageId: 0xfffe,
      subscriptions: [
        { topic: "in/+", qos: 2 },
        { topic: "größe", qos: 0 },
      ],
    });
    await expect.poll(() => packets("suback")).toEqual([{ cmd: "suback", messageId: 0xfffe, granted: [2, 0] }]);

    link.write(publish({ topic: "größe", payload: Buffer.from("1") }));
    link.write(publish({ topic: "in/1", qos: 1, messageId: 300 }));
    link.write(publish({ topic: "in/2", qos: 2, messageId: 301 }));
    await expect.poll(() => packets("puback")).toEqual([{ cmd: "puback", messageId: 300 }]);
    await expect.poll(() => packets("pubrec")).toEqual([{ cmd: "pubrec", messageId: 301 }]);
    link.write({ cmd: "pubrel", messageId: 301 });
    await expect.poll(() => packets("pubcomp")).toEqual([{ cmd: "pubcomp", messageId: 301 }]);

    await expect.poll(() => packets("publish").length).toBe(3);
    const delivered = packets("publish") as PublishPacket[];
    expect(delivered.map(({ topic, qos }) => [topic, qos]).sort()).toEqual([
      ["größe", 0],
      ["in/1", 1],
      ["in/2", 2],
    ]);
    const [one, two] = [1, 2].map((qos) => delivered.find((packet) => packet.qos === qos)!);
    expect(Buffer.from(one!.payload).toString()).toBe("21.5");
    link.write({ cmd: "puback", messageId: one!.messageId });
    link.write({ cmd: "pubrec", messageId: two!.messageId });
    await expect.poll(() => packets("pubrel")).toEqual([{ cmd: "pubrel", messageId: two!.messageId }]);
    link.write({ cmd: "pubcomp", messageId: two!.messageId });

    link.write({ cmd: "unsubscribe", messageId: 9, unsubscriptions: ["in/+", "größe"] });
    await expect.poll(() => packets("unsuback")).toEqual([{ cmd: "unsuback", messageId: 9 }]);
    link.close(true);
  });

  it("is probed in order with the packets", async () => {
    const { link, events, types } = await open();
    link.write({ cmd: "unsubscribe", messageId: 1, unsubscriptions: ["x"] });
    link.probe();
    await expect.poll(types).toEqual(["link-opened", "packet", "link-probed"]);
    expect(events[2]).toEqual({ type: "link-probed", link: 7 });
    link.close(true);
  });

  it("takes the will back when it closes with DISCONNECT, after everything that was written", async () => {
    const { link, types } = await open({
      will: { topic: "will", payload: Buffer.from("gone"), qos: 1, retain: false },
    });
    link.write(publish({ topic: "last" }));
    link.close(true);
    await expect.poll(types).toEqual(["link-opened", "link-closed"]);
    expect(published.map(({ topic }) => topic)).toEqual(["last"]);
  });

  it("leaves the will to the broker when it closes without", async () => {
    const { link, types } = await open({ will: { topic: "will", payload: Buffer.alloc(0), qos: 0, retain: false } });
    link.close(false);
    await expect.poll(types).toEqual(["link-opened", "link-closed"]);
    await expect.poll(() => published).toEqual([{ topic: "will", payload: "" }]);
  });

  it("keeps the connection alive by itself", async () => {
    // aedes cuts a client off after one and a half seconds of silence.
    const { link, types } = await open({ keepAliveSeconds: 1 });
    let pings = 0;
    aedes.on("ping", () => {
      pings += 1;
    });
    await expect.poll(() => pings, { timeout: 5000 }).toBe(2);
    expect(types()).toEqual(["link-opened"]);
    link.close(true);
  });

  it("says which return code a refusal has", async () => {
    aedes.authenticate = (_client, username, password, done) => {
      expect([username, password?.toString()]).toEqual(["sensor", "geheim"]);
      done(Object.assign(new Error("no"), { returnCode: 4 }), null);
    };
    const { events, types } = openLink(opener(broker.url), { username: "sensor", password: "geheim" });
    await expect.poll(types).toContain("link-refused");
    const reason = "bad user name or password (0x04)";
    expect(events).toEqual([{ type: "link-refused", link: 7, returnCode: 4, reason }]);
  });

  it("is ended by the broker when the client id connects elsewhere", async () => {
    const first = await open();
    const second = await open();
    await expect.poll(first.types).toEqual(["link-opened", "link-closed"]);
    expect(first.events[1]).toMatchObject({ byBroker: true });
    second.link.close(true);
  });

  it("is connected under another client id where the options say so", async () => {
    const { link } = await open({ clientId: "gw-device" });
    expect(Object.keys((aedes as unknown as { clients: object }).clients)).toEqual(["gw-device"]);
    link.close(true);
  });
});
