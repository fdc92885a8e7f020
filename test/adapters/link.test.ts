import dns from "node:dns";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { PacketToBroker, PublishPacket } from "../../src/gateway/packet.ts";
import { parseBrokerUrl, type TcpBroker } from "../../src/mqtt/broker-url.ts";
import type { Link } from "../../src/mqtt/link.ts";
import { LinkScheduler } from "../../src/mqtt/link-scheduler.ts";
import { openLink } from "./link-double.ts";

const CONNACK = Buffer.from("20020000", "hex");
const PINGREQ = "c000";
const PINGRESP = Buffer.from("d000", "hex");
const DISCONNECT = "e000";

/** One end of a connection as a broker that does only what a test tells it. */
class HandMadeBroker {
  readonly stream: Duplex;
  readonly chunks: Buffer[] = [];
  ended = false;

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on("data", (octets) => this.chunks.push(octets));
    stream.on("end", () => {
      this.ended = true;
    });
    stream.on("error", () => {});
  }

  get octets(): string {
    return Buffer.concat(this.chunks).toString("hex");
  }

  count(hex: string): number {
    return this.octets.split(hex).length - 1;
  }
}

function pair(): { broker: HandMadeBroker; near: Duplex; openStream: () => Duplex } {
  const [near, far] = duplexPair();
  return { broker: new HandMadeBroker(far), near, openStream: () => near };
}

/** A link that is open, over a pair of streams. */
async function openPair(options: Parameters<typeof openLink>[1] = {}) {
  const { broker, near, openStream } = pair();
  const opened = openLink(openStream, options);
  await expect.poll(() => broker.chunks.length).toBe(1);
  broker.stream.write(CONNACK);
  await expect.poll(opened.types).toEqual(["link-opened"]);
  broker.chunks.length = 0;
  return { broker, near, ...opened };
}

/** Its links tick when a test says so. */
class ManualScheduler extends LinkScheduler {
  override startTicking(): void {}
}

/** An open link whose broker may take that many ticks to answer; `tick` lets some of them pass. */
async function openTicked(answerTimeoutTicks: number) {
  const scheduler = new ManualScheduler(1000);
  const opened = await openPair({ keepAliveSeconds: 0, answerTimeoutMs: answerTimeoutTicks * 1000, scheduler });
  let ticks = 0;
  const tick = async (count: number) => {
    for (let done = 0; done < count; done += 1) {
      opened.link.tick((ticks + 1) * 1000, ticks * 1000);
      ticks += 1;
      // What comes of it is written, and the other end has read it.
      for (let turns = 0; turns < 5; turns += 1) await turn();
    }
  };
  return { ...opened, tick };
}

function publish(size: number, fields: Partial<PublishPacket> = {}): PublishPacket {
  const payload = Buffer.alloc(size, 1);
  return { cmd: "publish", topic: "t", payload, qos: 0, retain: false, dup: false, messageId: 0, ...fields };
}

/** One turn of the event loop, in which everything that waits for its end is done. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("a link", () => {
  it("emits nothing while one of its methods or its constructor runs", async () => {
    const { broker, openStream } = pair();
    let within = true;
    const during: string[] = [];
    // A broker that answers at once, in the same call, where it can.
    broker.stream.on("data", () => broker.stream.write(CONNACK));
    const { link, types } = openLink(openStream, {
      onEvent: (event) => {
        if (within) during.push(event.type);
      },
    });
    link.write(publish(1));
    link.probe();
    link.write(publish(100_000));
    link.pause();
    link.resume();
    link.close(false);
    within = false;
    await expect.poll(types).toEqual(["link-closed"]);
    expect(during).toEqual([]);
  });

  it("writes what it is given in one turn at once, in order, DISCONNECT last", async () => {
    const { broker, link } = await openPair();
    link.write(publish(1));
    link.write({ cmd: "puback", messageId: 1 });
    link.probe();
    link.close(true);
    await expect.poll(() => broker.chunks.length).toBe(1);
    expect(broker.octets).toBe(`3004${"000174"}01${"40020001"}${PINGREQ}${DISCONNECT}`);
  });

  it("reads a stream that comes octet by octet", async () => {
    const { broker, packets } = await openPair();
    const stream = Buffer.from("3206000174000701" + "40020009" + "d000" + "9004000a0180", "hex");
    for (const octet of stream) broker.stream.write(Buffer.of(octet));
    await expect
      .poll(() => packets())
      .toEqual([
        publish(1, { qos: 1, messageId: 7 }),
        { cmd: "puback", messageId: 9 },
        { cmd: "suback", messageId: 10, granted: [1, 0x80] },
      ]);
  });

  describe("ends", () => {
    it("when the broker refuses it, with the return code, and says no more", async () => {
      const { broker, openStream } = pair();
      const { events, types } = openLink(openStream);
      await expect.poll(() => broker.chunks.length).toBe(1);
      broker.stream.write(Buffer.from("20020003d000", "hex"));
      broker.stream.end();
      await expect.poll(types).toEqual(["link-refused"]);
      expect(events[0]).toEqual({ type: "link-refused", link: 7, returnCode: 3 });
      await turn();
      await turn();
      expect(types()).toEqual(["link-refused"]);
    });

    it.each([
      ["with a return code that MQTT 3.1.1 does not know", "20020006", "refused the connection with 6"],
      ["with a packet before CONNACK", "40020001", "the broker sent PUBACK before CONNACK"],
      ["with something else than MQTT", Buffer.from("SSH-2.0-").toString("hex").padEnd(400, "0"), "the broker sent a "],
      ["with a second CONNACK", "2002000020020000", "the broker sent a second CONNACK"],
    ])("when the broker answers %s", async (_name, hex, reason) => {
      const { broker, openStream } = pair();
      const { events, types } = openLink(openStream);
      await expect.poll(() => broker.chunks.length).toBe(1);
      broker.stream.write(Buffer.from(hex, "hex"));
      await expect.poll(types).toContain("link-closed");
      expect(events.at(-1)).toMatchObject({ reason: expect.stringContaining(reason) });
    });

    it("when the stream turns malformed, after the packets before that and none after", async () => {
      const { broker, events, types } = await openPair();
      broker.stream.write(Buffer.from("40020001" + "36020000" + "40020002", "hex"));
      await expect.poll(types).toEqual(["link-opened", "packet", "link-closed"]);
      const reason = "the broker sent a PUBLISH with QoS 3";
      expect(events[2]).toMatchObject({ type: "link-closed", link: 7, reason, byBroker: false });
    });

    it("when the broker closes in the middle of a packet", async () => {
      const { broker, events, types } = await openPair();
      broker.stream.write(Buffer.from("3206000174", "hex"));
      broker.stream.end();
      await expect.poll(types).toEqual(["link-opened", "link-closed"]);
      const reason = "the broker closed the connection";
      expect(events[1]).toMatchObject({ type: "link-closed", link: 7, reason, byBroker: true });
    });

    it("when its stream cannot be opened at all", async () => {
      const { link, events } = openLink(() => {
        throw new Error("no way to the broker");
      });
      link.write(publish(1));
      const reason = "no way to the broker";
      await expect.poll(() => events).toMatchObject([{ type: "link-closed", link: 7, reason, byBroker: false }]);
    });

    it("when CONNECT cannot be said", async () => {
      const { openStream } = pair();
      const will = { topic: "", payload: new Uint8Array(), qos: 0 as const, retain: false };
      const { events, types } = openLink(openStream, { will });
      await expect.poll(types).toEqual(["link-closed"]);
      expect(events[0]).toMatchObject({ reason: "CONNECT cannot be sent: Invalid will topic" });
    });

    it("when a packet cannot be said", async () => {
      const { link, events, types } = await openPair();
      link.write(publish(1, { topic: "x".repeat(65_536) }));
      await expect.poll(types).toEqual(["link-opened", "link-closed"]);
      expect(events[1]).toMatchObject({ reason: expect.stringContaining("PUBLISH cannot be sent: a topic of 65536") });
    });

    it.each([
      ["while it connects", ""],
      ["with a refusal that MQTT 3.1.1 does not know", "20020006"],
      ["with a second CONNACK", "2002000020020000"],
    ])("not by the broker when that ends the connection %s", async (_name, hex) => {
      const { broker, openStream } = pair();
      const { events, types } = openLink(openStream);
      await expect.poll(() => broker.chunks.length).toBe(1);
      broker.stream.write(Buffer.from(hex, "hex"));
      broker.stream.end();
      await expect.poll(types).toContain("link-closed");
      expect(events.at(-1)).toMatchObject({ byBroker: false });
    });

    it.each([true, false])("not by the broker when it is closed here, with DISCONNECT: %s", async (disconnect) => {
      const { broker, link, events, types } = await openPair();
      link.close(disconnect);
      broker.stream.end();
      await expect.poll(types).toEqual(["link-opened", "link-closed"]);
      expect(events[1]).toMatchObject({ reason: "closed by the gateway", byBroker: false });
    });

    it.each([
      ["ECONNRESET", true],
      ["EPIPE", true],
      ["ETIMEDOUT", false],
      ["EHOSTUNREACH", false],
    ])("by the broker or by the network: %s", async (code, byBroker) => {
      const { near, events, types } = await openPair();
      near.destroy(Object.assign(new Error("read"), { code }));
      await expect.poll(types).toEqual(["link-opened", "link-closed"]);
      expect(events[1]).toMatchObject({ byBroker });
    });

    it("once, whatever is called after it has closed", async () => {
      const { link, types } = await openPair();
      link.close(false);
      link.close(true);
      link.close(false);
      await expect.poll(types).toEqual(["link-opened", "link-closed"]);
      link.write(publish(1));
      link.probe();
      link.pause();
      link.resume();
      link.close(true);
      await turn();
      await turn();
      expect(types()).toEqual(["link-opened", "link-closed"]);
    });

    it("without a word about what still comes in when it is closed with DISCONNECT", async () => {
      const { broker, link, types } = await openPair();
      link.close(true);
      broker.stream.write(Buffer.from("40020001d000", "hex"));
      await expect.poll(() => broker.ended).toBe(true);
      broker.stream.end();
      await expect.poll(types).toEqual(["link-opened", "link-closed"]);
    });

    it("in bounded time when the broker does not close after DISCONNECT", async () => {
      const { broker, link, types } = await openPair();
      const began = performance.now();
      link.close(true);
      await expect.poll(() => broker.ended).toBe(true);
      expect(types()).toEqual(["link-opened"]);
      await expect.poll(types, { timeout: 4000 }).toEqual(["link-opened", "link-closed"]);
      expect(performance.now() - began).toBeGreaterThan(1900);
    });
  });

  describe("probes", () => {
    it("is answered by the PINGRESP that belongs to it, in order with the packets", async () => {
      const { broker, link, types } = await openPair();
      link.probe();
      link.probe();
      await expect.poll(() => broker.count(PINGREQ)).toBe(2);
      broker.stream.write(Buffer.from("40020001" + "d000" + "40020002" + "d000" + "40020003", "hex"));
      await expect.poll(types).toEqual(["link-opened", "packet", "link-probed", "packet", "link-probed", "packet"]);
    });

    it("is not answered by a PINGRESP of its own ping, nor by one that nobody asked for", async () => {
      const { broker, link, types } = await openPair({ keepAliveSeconds: 0.1 });
      broker.stream.write(PINGRESP);
      await expect.poll(() => broker.count(PINGREQ)).toBe(1);
      link.probe();
      await expect.poll(() => broker.count(PINGREQ)).toBeGreaterThanOrEqual(2);
      broker.stream.write(PINGRESP);
      broker.stream.write(Buffer.from("40020001", "hex"));
      await expect.poll(types).toEqual(["link-opened", "packet"]);
      broker.stream.write(PINGRESP);
      await expect.poll(types).toEqual(["link-opened", "packet", "link-probed"]);
      link.close(false);
    });
  });

  describe("keep alive", () => {
    it("is none where it is 0", async () => {
      const { broker, openStream } = pair();
      openLink(openStream, { keepAliveSeconds: 0 });
      await expect.poll(() => broker.octets).toContain("00044d5154540402" + "0000");
    });

    it("K8 pings when nothing was written, and goes on as long as there are answers", async () => {
      const { broker, link, types } = await openPair({ keepAliveSeconds: 0.05 });
      broker.stream.on("data", () => broker.stream.write(PINGRESP));
      await expect.poll(() => broker.count(PINGREQ)).toBeGreaterThan(5);
      expect(types()).toEqual(["link-opened"]);
      link.close(false);
    });

    it("closes a link that hears nothing after a ping", async () => {
      const { broker, events, types } = await openPair({ keepAliveSeconds: 0.04, answerTimeoutMs: 60 });
      await expect.poll(types).toEqual(["link-opened", "link-closed"]);
      const reason = "no answer to PINGREQ for 0.06 s";
      expect(events[1]).toMatchObject({ type: "link-closed", link: 7, reason, byBroker: false });
      expect(broker.count(PINGREQ)).toBeGreaterThanOrEqual(1);
    });

    it("closes a link that writes all the time and hears nothing", async () => {
      const { broker, link, events, types } = await openPair({ keepAliveSeconds: 0.1, answerTimeoutMs: 150 });
      const writing = setInterval(() => link.write(publish(1)), 10);
      await expect.poll(types).toEqual(["link-opened", "link-closed"]);
      clearInterval(writing);
      expect(events[1]).toMatchObject({ reason: "no answer to PINGREQ for 0.15 s" });
      expect(broker.count(PINGREQ)).toBeGreaterThanOrEqual(1);
    });

    it("pings a broker on a paused link, but asks for no answer", async () => {
      const { broker, link, types } = await openPair({ keepAliveSeconds: 0.04, answerTimeoutMs: 60 });
      link.write(publish(1, { qos: 1, messageId: 1 }));
      link.pause();
      await expect.poll(() => broker.count(PINGREQ)).toBeGreaterThan(5);
      expect(types()).toEqual(["link-opened"]);
      link.resume();
      await expect.poll(types).toEqual(["link-opened", "link-closed"]);
    });
  });

  describe("a broker that owes an answer", () => {
    const answered: [string, PacketToBroker][] = [
      ["PUBLISH with QoS 1", publish(1, { qos: 1, messageId: 1 })],
      ["PUBLISH with QoS 2", publish(1, { qos: 2, messageId: 1 })],
      ["PUBREC", { cmd: "pubrec", messageId: 1 }],
      ["PUBREL", { cmd: "pubrel", messageId: 1 }],
      ["SUBSCRIBE", { cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "t", qos: 1 }] }],
      ["UNSUBSCRIBE", { cmd: "unsubscribe", messageId: 1, unsubscriptions: ["t"] }],
    ];

    it.each(answered)("to %s and says nothing is pinged, and given up when it goes on", async (_name, packet) => {
      const { broker, link, events, types } = await openPair({ keepAliveSeconds: 0, answerTimeoutMs: 40 });
      link.write(packet);
      const began = performance.now();
      await expect.poll(() => broker.count(PINGREQ)).toBe(1);
      expect(performance.now() - began).toBeGreaterThanOrEqual(40);
      await expect.poll(types).toEqual(["link-opened", "link-closed"]);
      expect(performance.now() - began).toBeGreaterThanOrEqual(80);
      expect(events[1]).toMatchObject({ reason: "no answer to PINGREQ for 0.04 s", byBroker: false });
      expect(broker.count(PINGREQ)).toBe(1);
    });

    it.each([
      ["PUBLISH with QoS 0", publish(1)],
      ["PUBACK", { cmd: "puback", messageId: 1 }],
      ["PUBCOMP", { cmd: "pubcomp", messageId: 1 }],
    ] as [string, PacketToBroker][])("nothing, as to %s, is left in peace", async (_name, packet) => {
      // Of two links of one scheduler the one that is owed an answer shows that the time has passed.
      const idle = await openPair({ keepAliveSeconds: 0, answerTimeoutMs: 10 });
      const owed = await openPair({ keepAliveSeconds: 0, answerTimeoutMs: 40 });
      idle.link.write(packet);
      owed.link.write({ cmd: "pubrel", messageId: 1 });
      await expect.poll(owed.types).toEqual(["link-opened", "link-closed"]);
      expect(idle.broker.count(PINGREQ)).toBe(0);
      expect(idle.types()).toEqual(["link-opened"]);
      idle.link.close(false);
    });

    it("has the whole of the time before it is pinged, and after it", async () => {
      const { broker, link, types, tick } = await openTicked(2);
      link.write(publish(1, { qos: 1, messageId: 1 }));
      await tick(2);
      expect(broker.count(PINGREQ)).toBe(0);
      await tick(1);
      expect(broker.count(PINGREQ)).toBe(1);
      await tick(1);
      expect(types()).toEqual(["link-opened"]);
      await tick(1);
      expect(types()).toEqual(["link-opened", "link-closed"]);
    });

    it("has the whole of the time after a probe, too", async () => {
      const { link, types, tick } = await openTicked(2);
      link.write(publish(1, { qos: 1, messageId: 1 }));
      await tick(2);
      link.probe();
      await tick(2);
      expect(types()).toEqual(["link-opened"]);
      await tick(1);
      expect(types()).toEqual(["link-opened", "link-closed"]);
    });

    it("and says something else is there", async () => {
      const { broker, link, types } = await openPair({ keepAliveSeconds: 0, answerTimeoutMs: 40 });
      link.write(publish(1, { qos: 1, messageId: 1 }));
      await expect.poll(() => broker.count(PINGREQ)).toBe(1);
      broker.stream.write(PINGRESP);
      const owed = await openPair({ keepAliveSeconds: 0, answerTimeoutMs: 40 });
      owed.link.write({ cmd: "pubrel", messageId: 1 });
      await expect.poll(owed.types).toEqual(["link-opened", "link-closed"]);
      expect(broker.count(PINGREQ)).toBe(1);
      expect(types()).toEqual(["link-opened"]);
      link.close(false);
    });

    it("and sends all the time is not pinged", async () => {
      const { broker, link, packets } = await openPair({ keepAliveSeconds: 0, answerTimeoutMs: 40 });
      link.write(publish(1, { qos: 1, messageId: 1 }));
      const sending = setInterval(() => broker.stream.write(Buffer.from("3003000174", "hex")), 5);
      await expect.poll(() => packets().length).toBeGreaterThan(40);
      clearInterval(sending);
      expect(broker.count(PINGREQ)).toBe(0);
      link.close(false);
    });

    it("and reads slowly is there as long as it reads", async () => {
      let drained = 0;
      const more = (link: Link) => link.write(publish(200_000, { qos: 1, messageId: 1 }));
      const { broker, link, types } = await openPair({
        keepAliveSeconds: 0,
        answerTimeoutMs: 40,
        onEvent: ({ type }, self) => {
          if (type !== "link-drained") return;
          drained += 1;
          more(self);
        },
      });
      broker.stream.pause();
      more(link);
      const reading = setInterval(() => broker.stream.read(), 20);
      await expect.poll(() => drained).toBeGreaterThan(8);
      clearInterval(reading);
      expect(types()).not.toContain("link-closed");
      await expect.poll(types).toContain("link-closed");
    });
  });

  describe("paused", () => {
    it("hands nothing over, also of what it has read, until it is resumed", async () => {
      const { broker, near, link, packets } = await openPair({
        onEvent: (event, self) => {
          if (event.type === "packet" && event.packet.cmd === "puback" && event.packet.messageId % 2 === 0)
            self.pause();
        },
      });
      broker.stream.write(Buffer.from("40020001" + "40020002" + "40020003" + "40020004" + "40020005", "hex"));
      const ids = () => packets().map((packet) => (packet as { messageId: number }).messageId);
      await expect.poll(ids).toEqual([1, 2]);
      broker.stream.write(Buffer.from("40020006", "hex"));
      await turn();
      expect(ids()).toEqual([1, 2]);
      link.resume();
      await expect.poll(ids).toEqual([1, 2, 3, 4]);
      await turn();
      expect(near.isPaused()).toBe(true);
      link.resume();
      await expect.poll(ids).toEqual([1, 2, 3, 4, 5, 6]);
    });

    it("stays paused when it is paused and resumed and paused in one turn", async () => {
      const { broker, link, types } = await openPair();
      link.pause();
      link.resume();
      link.pause();
      broker.stream.write(Buffer.from("40020001", "hex"));
      await turn();
      await turn();
      expect(types()).toEqual(["link-opened"]);
      link.resume();
      await expect.poll(types).toEqual(["link-opened", "packet"]);
    });

    it("still closes with DISCONNECT", async () => {
      const { broker, link, types } = await openPair();
      link.pause();
      broker.stream.write(Buffer.alloc(50_000, PINGRESP));
      link.close(true);
      await expect.poll(() => broker.ended).toBe(true);
      broker.stream.end();
      await expect.poll(types).toEqual(["link-opened", "link-closed"]);
      expect(broker.octets).toBe(DISCONNECT);
    });
  });

  describe("back-pressure", () => {
    it("says once that it is stalled, and when it is drained, and loses nothing", async () => {
      const { broker, link, types } = await openPair();
      broker.stream.pause();
      for (let i = 0; i < 5; i += 1) {
        link.write(publish(30_000));
        await turn();
      }
      expect(types()).toEqual(["link-opened", "link-stalled"]);
      broker.stream.resume();
      await expect.poll(types).toEqual(["link-opened", "link-stalled", "link-drained"]);
      expect(broker.octets).toHaveLength(2 * 5 * (30_000 + 7));
    });

    it("closes when a core that does not heed it writes for ever", async () => {
      const { broker, link, events, types } = await openPair();
      broker.stream.pause();
      for (let i = 0; i < 20; i += 1) {
        link.write(publish(1_000_000));
        await turn();
      }
      await expect.poll(types).toEqual(["link-opened", "link-stalled", "link-closed"]);
      expect(events[2]).toMatchObject({ reason: expect.stringMatching(/^the broker has left \d{7} octets unread$/) });
    });
  });
});

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
