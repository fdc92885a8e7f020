import { describe, expect, it } from "vitest";
import type { PacketToBroker } from "../../src/gateway/packet.ts";
import type { Link } from "../../src/mqtt/link.ts";
import { LinkScheduler } from "../../src/mqtt/link-scheduler.ts";
import { openLink } from "./link-double.ts";
import { openPair, PINGREQ, PINGRESP, pair, publish, turn } from "./link-pair.ts";

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

describe("a link", () => {
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
      const { broker, link, types, tick } = await openTicked(2);
      link.write(publish(1, { qos: 1, messageId: 1 }));
      await tick(3);
      expect(broker.count(PINGREQ)).toBe(1);
      broker.stream.write(PINGRESP);
      await tick(20);
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
});
