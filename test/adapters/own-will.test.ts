import type { Socket } from "node:net";
import { generate, type IConnectPacket, type Packet, parser } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { EmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { openLink } from "./link-double.ts";
import { listen, startOwnClient } from "./own-client-double.ts";

const WILL = { topic: "sn/bridge/state", payload: Buffer.from("offline"), qos: 1, retain: true } as const;

type Answer = number | "close";

/** A broker that answers each CONNECT with a code, by what the attempts were so far; of each it says what will it had. */
async function broker(version: 4 | 5, answer: (connect: IConnectPacket, attempt: number) => Answer) {
  const wills: (string | undefined)[] = [];
  const sockets: Socket[] = [];
  const openStream = await listen((socket) => {
    sockets.push(socket);
    const packets = parser();
    packets.on("error", () => {});
    packets.on("packet", (packet: Packet) => {
      if (packet.cmd !== "connect") return;
      wills.push(packet.will?.topic);
      const code = answer(packet, wills.length);
      if (code === "close") socket.destroy();
      else if (version === 5) {
        socket.write(generate({ cmd: "connack", reasonCode: code, sessionPresent: false }, { protocolVersion: 5 }));
      } else socket.write(generate({ cmd: "connack", returnCode: code, sessionPresent: false }));
    });
    socket.on("data", (octets) => packets.parse(octets));
  });
  return { openStream, wills, sockets };
}

describe("the will of the gateway's own client", () => {
  it("is published by the broker when the connection ends without a word, and not after DISCONNECT", async () => {
    const embedded = await EmbeddedBroker.start({ listen: { host: "127.0.0.1", port: 0 } });
    const { link, packets } = openLink(embedded.openStream);
    link.write({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "sn/#", qos: 0 }] });
    await expect.poll(() => packets("suback").length).toBe(1);
    const streams: ReturnType<typeof embedded.openStream>[] = [];
    const openStream = () => {
      const stream = embedded.openStream();
      streams.push(stream);
      return stream;
    };
    const { client, told } = startOwnClient(openStream, { will: WILL });
    await expect.poll(() => told).toEqual(["reachable"]);
    streams[0]!.destroy();
    await expect.poll(() => packets("publish")).toMatchObject([{ topic: WILL.topic, payload: WILL.payload }]);
    await expect.poll(() => told.at(-1)).toBe("reachable");
    client.publish("sn/last", Uint8Array.of(1), { qos: 1, retain: false });
    await client.close();
    await expect.poll(() => packets("publish")).toMatchObject([{ topic: WILL.topic }, { topic: "sn/last" }]);
    await embedded.close();
  });

  it.each([0x90, 0x99, 0x9a, 0x9b])(
    "is left out at once where a broker of MQTT 5 refuses it with code %i",
    async (code) => {
      const { openStream, wills, sockets } = await broker(5, ({ will }) => (will === undefined ? 0 : code));
      const refused: string[] = [];
      const onWillRefused = (reason: string) => refused.push(reason);
      const { told } = startOwnClient(openStream, { version: 5, will: WILL, onWillRefused, reconnectMinMs: 50 });
      await expect.poll(() => told).toEqual(["reachable"]);
      expect(wills).toEqual([WILL.topic, undefined]);
      expect(refused).toEqual([expect.stringContaining("Connection refused: ")]);
      // It is not tried again, nor told again.
      sockets.at(-1)!.destroy();
      await expect.poll(() => told.length).toBe(3);
      expect(wills).toEqual([WILL.topic, undefined, undefined]);
      expect(refused).toHaveLength(1);
    },
  );

  it.each<[string, 4 | 5, Answer]>([
    ["refuses the connection with MQTT 3.1.1", 4, 5],
    ["refuses the connection with MQTT 5", 5, 0x87],
    ["closes the connection", 4, "close"],
  ])(
    "is left out at every second attempt where the broker %s, and tried again after the next loss",
    async (_name, version, refusal) => {
      const { openStream, wills, sockets } = await broker(version, ({ will }) => (will === undefined ? 0 : refusal));
      const refused: string[] = [];
      const onWillRefused = (reason: string) => refused.push(reason);
      const { told } = startOwnClient(openStream, { version, will: WILL, onWillRefused });
      await expect.poll(() => told.at(-1)).toBe("reachable");
      expect(wills).toEqual([WILL.topic, undefined]);
      expect(refused).toHaveLength(1);
      sockets.at(-1)!.destroy();
      await expect.poll(() => told.filter((each) => each === "reachable").length).toBe(2);
      expect(wills).toEqual([WILL.topic, undefined, WILL.topic, undefined]);
      expect(refused).toHaveLength(1);
    },
  );

  it("is not to blame where the broker refuses the connection without it too", async () => {
    const { openStream, wills } = await broker(4, (_connect, attempt) => (attempt > 4 ? 0 : 4));
    const refused: string[] = [];
    const onWillRefused = (reason: string) => refused.push(reason);
    const { told } = startOwnClient(openStream, { will: WILL, onWillRefused });
    await expect.poll(() => told.at(-1)).toBe("reachable");
    expect(wills).toEqual([WILL.topic, undefined, WILL.topic, undefined, WILL.topic]);
    expect(told).toHaveLength(2);
    expect(refused).toEqual([]);
  });

  it("stays for some time where the broker has taken it before: a broker that starts may refuse for other reasons", async () => {
    const { openStream, wills, sockets } = await broker(4, (_connect, attempt) => (attempt > 1 && attempt < 5 ? 3 : 0));
    const { told } = startOwnClient(openStream, { will: WILL });
    await expect.poll(() => told).toEqual(["reachable"]);
    sockets[0]!.destroy();
    await expect.poll(() => wills.length).toBe(5);
    expect(wills).toEqual(new Array(5).fill(WILL.topic));
  });

  it("is left out in the end where the broker does not take it any more", async () => {
    const { openStream, sockets } = await broker(4, ({ will }, attempt) => (attempt > 1 && will !== undefined ? 5 : 0));
    const { told } = startOwnClient(openStream, { will: WILL });
    await expect.poll(() => told).toEqual(["reachable"]);
    sockets[0]!.destroy();
    await expect.poll(() => told.filter((each) => each === "reachable").length).toBe(2);
  });

  it("does not decide which version the broker speaks: MQTT 3.1.1 is tried with the same one", async () => {
    const { openStream, wills } = await broker(5, ({ will, protocolVersion }) =>
      protocolVersion === 5 && will === undefined ? 0 : "close",
    );
    const { told, version } = startOwnClient(openStream, { version: 5, will: WILL });
    await expect.poll(() => told.at(-1)).toBe("reachable");
    expect(wills).toEqual([WILL.topic, WILL.topic, undefined]);
    expect(version.current).toBe(5);
  });
});
