import { describe, expect, it } from "vitest";
import { openLink } from "./link-double.ts";
import { CONNACK, openPair, PINGREQ, PINGRESP, pair, publish, turn } from "./link-pair.ts";

const DISCONNECT = "e000";

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
      const reason = "server unavailable (0x03)";
      expect(events[0]).toEqual({ type: "link-refused", link: 7, returnCode: 3, reason });
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
