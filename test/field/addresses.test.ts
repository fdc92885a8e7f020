import { describe, expect, test, vi } from "vitest";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { MulticastPeer } from "../adapters/multicast-peer.ts";
import { Site } from "../interop/site.ts";
import { publishWitnessed } from "../interop/witness.ts";
import { stop } from "../process/gateway-process.ts";
import { Sensor } from "../process/sensor.ts";

const GROUP = "239.255.83.12";
const BOUND = { timeout: 20_000, interval: 10 };

const connectOf = (clientId: string): Message => {
  return { type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration: 600, clientId };
};

describe("a device that knows the group and nothing else", () => {
  test("field 12 GWINFO and ADVERTISE come from where CONNECT is served", async () => {
    const flags = ["--discovery-groups", GROUP, "--discovery-advertise-interval", "1s"];
    const site = await Site.start("embedded:", flags);
    const { port } = site.gateway;
    const peer = await MulticastPeer.at(GROUP, port);
    const from = `127.0.0.1:${port}`;
    const gwInfo = { from, octets: "030201" };
    await vi.waitFor(() => {
      // Its first datagrams may come before the gateway is in the group.
      peer.sendToGroup("030100");
      expect(peer.answers).toContainEqual(gwInfo);
      expect(peer.heardFromOthers).toContainEqual(gwInfo);
      expect(peer.heardFromOthers).toContainEqual({ from, octets: "0500010001" });
    }, BOUND);
    expect(new Set([...peer.answers, ...peer.heardFromOthers].map((heard) => heard.from))).toEqual(new Set([from]));
    const sensor = new Sensor(port);
    sensor.connect("found");
    await sensor.message("CONNACK");
  });
});

describe("nodes behind a forwarder", () => {
  /** What the forwarder has got for this node, opened. */
  function receivedBy(forwarder: Sensor, node: number): Message[] {
    return forwarder.received.flatMap((message) => {
      if (message.type !== "ENCAPSULATED" || message.wirelessNodeId[0] !== node) return [];
      const inner = decode(message.data);
      return inner.type === "malformed" ? [] : [inner];
    });
  }

  test("field 11 everything works through a forwarder, and every answer goes to the node that asked", async () => {
    const site = await Site.start("embedded:", []);
    const forwarder = new Sensor(site.gateway.port);
    const peer = await site.mqttPeer();
    await peer.subscribe("node/#");
    const nodes = [1, 2, 3];
    const send = (node: number, message: Message) => {
      const data = encode(message).slice();
      forwarder.send({ type: "ENCAPSULATED", radius: 0, wirelessNodeId: Uint8Array.of(node), data });
    };
    const heard = async <T extends Message["type"]>(node: number, type: T) => {
      const find = () => receivedBy(forwarder, node).find((message) => message.type === type);
      await vi.waitFor(() => expect(find()).toBeDefined(), BOUND);
      return find() as Message & { type: T };
    };
    for (const node of nodes) send(node, connectOf(`node-${node}`));
    for (const node of nodes) expect((await heard(node, "CONNACK")).returnCode).toBe(0);
    for (const node of nodes) {
      send(node, { type: "SUBSCRIBE", dup: false, qos: 1, msgId: 1, topicIdType: "normal", topicName: `node/${node}` });
    }
    for (const node of nodes) {
      const { topicId } = await heard(node, "SUBACK");
      const data = Buffer.from(`of ${node}`);
      send(node, {
        type: "PUBLISH",
        dup: false,
        qos: 1,
        retain: false,
        topicIdType: "normal",
        topicId,
        msgId: 2,
        data,
      });
    }
    for (const node of nodes) {
      expect((await heard(node, "PUBACK")).returnCode).toBe(0);
      // Its own message comes back to it, and no other one.
      const { topicId, msgId } = await heard(node, "PUBLISH");
      send(node, { type: "PUBACK", topicId, msgId, returnCode: 0 });
    }
    await vi.waitFor(
      () => expect(peer.received.map(({ data }) => data).sort()).toEqual(["of 1", "of 2", "of 3"]),
      BOUND,
    );
    for (const node of nodes) {
      const published = receivedBy(forwarder, node).filter(({ type }) => type === "PUBLISH");
      expect(published.map((message) => Buffer.from((message as { data: Uint8Array }).data).toString())).toEqual([
        `of ${node}`,
      ]);
    }
    await stop(site.process);
    for (const node of nodes) await heard(node, "DISCONNECT");
    // Nothing came without an envelope.
    expect(new Set(forwarder.received.map(({ type }) => type))).toEqual(new Set(["ENCAPSULATED"]));
  });
});

describe("a sleeping device whose NAT gives it a new port", () => {
  async function asleep(...flags: string[]): Promise<{ elsewhere: Sensor }> {
    const site = await Site.start("embedded:", flags);
    const sensor = new Sensor(site.gateway.port);
    sensor.connect("nomad");
    await sensor.message("CONNACK");
    sensor.send({ type: "SUBSCRIBE", dup: false, qos: 1, msgId: 1, topicIdType: "short", topicId: 0x6e6d });
    await sensor.message("SUBACK");
    sensor.send({ type: "DISCONNECT", duration: 600 });
    await sensor.message("DISCONNECT");
    await publishWitnessed(site, "nm", 1, ["for the nomad"]);
    return { elsewhere: new Sensor(site.gateway.port) };
  }

  test("field 6 a device at a new port is told to connect again, and whoever forges its PINGREQ gets nothing", async () => {
    const { elsewhere } = await asleep();
    elsewhere.send({ type: "PINGREQ", clientId: "nomad" });
    await elsewhere.message("DISCONNECT");
    expect(elsewhere.received.map(({ type }) => type)).toEqual(["DISCONNECT"]);
    elsewhere.connect("nomad");
    expect((await elsewhere.message("CONNACK")).returnCode).toBe(0);
  });

  test("field 6 a device at a new port gets its messages there with clients.migrate_on_wake", async () => {
    const { elsewhere } = await asleep("--clients-migrate-on-wake", "true");
    elsewhere.send({ type: "PINGREQ", clientId: "nomad" });
    const { data, topicId, msgId } = await elsewhere.message("PUBLISH");
    expect(Buffer.from(data).toString()).toBe("for the nomad");
    elsewhere.send({ type: "PUBACK", topicId, msgId, returnCode: 0 });
    await elsewhere.message("PINGRESP");
  });
});
