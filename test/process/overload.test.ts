import { generate } from "mqtt-packet";
import { describe, expect, test, vi } from "vitest";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import { UdpDevice } from "../interop/udp-device.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { LoadBroker } from "./load-broker.ts";
import { residentMiB } from "./resident-memory.ts";
import { Sensor } from "./sensor.ts";

/** What the process may take beside what its limits let wait: garbage that is not collected yet, and buffers of sockets. */
const SLACK_MIB = 48;

/** The same where large datagrams flood in: V8 lets 32 MiB of their buffers pile up before it collects, and Node takes 64 KiB for each. */
const FLOOD_SLACK_MIB = 72;

const BOUND = { timeout: 20_000, interval: 10 };

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function start(...flags: string[]) {
  const broker = await LoadBroker.start();
  const gateway = new GatewayProcess(["run", "-b", broker.url, "-l", "udp://127.0.0.1:0", ...flags]);
  await gateway.line("gateway.ready");
  const port = await gateway.listenerPort();
  const steady = new UdpDevice({ host: "127.0.0.1", port }, "steady", { tRetryMs: 250, nRetry: 20 });
  await steady.connect();
  await steady.publish("steady/state", "0", 1);
  return { broker, gateway, port, steady };
}

/** A device that does what the test says and nothing by itself, connected. */
async function sensorAt(port: number, clientId: string, cleanSession = true): Promise<Sensor> {
  const sensor = new Sensor(port);
  sensor.send({ type: "CONNECT", will: false, cleanSession, protocolId: 1, duration: 3600, clientId });
  expect((await sensor.message("CONNACK")).returnCode).toBe(RETURN_CODE.accepted);
  return sensor;
}

/** The topic id for a name. */
async function registered(sensor: Sensor, topicName: string): Promise<number> {
  sensor.send({ type: "REGISTER", topicId: 0, msgId: 1, topicName });
  return (await sensor.message("REGACK")).topicId;
}

async function subscribed(sensor: Sensor, topicName: string): Promise<void> {
  sensor.send({ type: "SUBSCRIBE", dup: false, qos: 2, msgId: 2, topicIdType: "normal", topicName });
  expect((await sensor.message("SUBACK")).returnCode).toBe(RETURN_CODE.accepted);
}

const publish = (topicId: number, data: Uint8Array, qos: 0 | 1 = 0, msgId = 0): Message => {
  return { type: "PUBLISH", dup: false, qos, retain: false, topicIdType: "normal", topicId, msgId, data };
};

const fromBroker = (topic: string, qos: 0 | 1 | 2, messageId: number, payload: Buffer) => {
  return generate({ cmd: "publish", topic, payload, qos, messageId, dup: false, retain: false });
};

/** Sends as fast as it can for so long. */
async function floods(sensors: readonly Sensor[], datagram: Uint8Array, milliseconds: number): Promise<void> {
  for (const until = performance.now() + milliseconds; performance.now() < until; await turn()) {
    for (const sensor of sensors) for (let index = 0; index < 20; index += 1) sensor.sendOctets(datagram);
  }
}

/** Publishes at QoS 1 until told that it is over, at least ten times; gives the longest time that one took, in milliseconds. */
async function slowestPublish(device: UdpDevice, isOver: () => boolean): Promise<number> {
  let slowest = 0;
  for (let count = 0; count < 10 || !isOver(); count += 1) {
    const start = performance.now();
    await device.publish("steady/state", `${count}`, 1);
    slowest = Math.max(slowest, performance.now() - start);
  }
  return slowest;
}

describe("overload: memory stays bounded, and the others are served", () => {
  test("a broker that takes nothing more from some clients: what they publish is refused as congestion", async () => {
    const { broker, gateway, port, steady } = await start();
    const sensors = await Promise.all(Array.from({ length: 10 }, (_, index) => sensorAt(port, `loud-${index}`)));
    const topicIds = await Promise.all(sensors.map((sensor, index) => registered(sensor, `loud/${index}`)));
    for (let index = 0; index < 10; index += 1) (await broker.link(`loud-${index}`)).socket.pause();
    const before = residentMiB(gateway);
    let isOver = false;
    const slowest = slowestPublish(steady, () => isOver);
    const data = new Uint8Array(60_000);
    // Some 40 MB each: more than what the system takes for a connection.
    for (let round = 0; round < 700; round += 1) {
      for (const [index, sensor] of sensors.entries()) sensor.send(publish(topicIds[index]!, data));
      await turn();
    }
    for (const sensor of sensors) expect((await sensor.message("PUBACK")).returnCode).toBe(RETURN_CODE.congestion);
    isOver = true;
    expect(await slowest).toBeLessThan(5000);
    expect(residentMiB(gateway) - before).toBeLessThan(FLOOD_SLACK_MIB);
    // Who only wants to know whether the gateway is there is told.
    sensors[0]!.send({ type: "PINGREQ", clientId: "" });
    await sensors[0]!.message("PINGRESP");
  });

  test("a device that publishes as fast as it can takes no more than its share", async () => {
    const { broker, gateway, port, steady } = await start();
    const loud = await sensorAt(port, "loud");
    const topicId = await registered(loud, "loud");
    const before = residentMiB(gateway);
    let isOver = false;
    const flood = floods([loud], encode(publish(topicId, new Uint8Array(32))).slice(), 3000).then(() => {
      isOver = true;
    });
    const slowest = await slowestPublish(steady, () => isOver);
    await flood;
    expect(broker.published.get("loud")).toBeGreaterThan(1000);
    expect(slowest).toBeLessThan(5000);
    expect(residentMiB(gateway) - before).toBeLessThan(SLACK_MIB);
  });

  test("10,000 clients that begin a CONNECT and never end it", async () => {
    const { broker, gateway, port, steady } = await start(
      "--clients-retry-interval",
      "1s",
      "--clients-retry-count",
      "1",
    );
    const before = residentMiB(gateway);
    const forwarder = new Sensor(port);
    for (let index = 0; index < 10_000; index += 1) {
      const connect: Message = {
        type: "CONNECT",
        will: true,
        cleanSession: true,
        protocolId: 1,
        duration: 60,
        clientId: `half-open-${index}`,
      };
      const wirelessNodeId = Uint8Array.from([index >> 8, index & 255]);
      forwarder.send({ type: "ENCAPSULATED", radius: 0, wirelessNodeId, data: encode(connect).slice() });
      if (index % 50 === 49) await turn();
    }
    await steady.publish("steady/state", "1", 1);
    const refused = gateway.line("client.refused");
    expect(await refused).toMatchObject({ limit: "clients.max_half_open" });
    expect(residentMiB(gateway) - before).toBeLessThan(SLACK_MIB);
    expect([...broker.links.keys()].filter((id) => id.startsWith("half"))).toEqual([]);
    // They are given up, and there is room for others.
    await vi.waitFor(() => sensorAt(port, "late"), { timeout: 20_000, interval: 200 });
  });

  test("Z19 a subscriber that does not acknowledge: QoS 0 is dropped, QoS 1 and 2 wait at the broker, and come in the end", async () => {
    const { broker, gateway, port, steady } = await start("--log-level", "debug");
    const slow = await sensorAt(port, "slow");
    await subscribed(slow, "down");
    const { socket, acknowledged } = await broker.link("slow");
    const before = residentMiB(gateway);
    const payload = Buffer.alloc(1000, "x");
    const EACH = 30_000;
    const wanted: string[] = [];
    for (let index = 0; index < EACH; index += 1) {
      // Packet identifiers of a thousand messages do not meet.
      const id = 1 + (index % 60_000);
      if (index < 1000) {
        const qos = index % 2 === 0 ? 1 : 2;
        wanted.push(...(qos === 1 ? [`puback ${id}`] : [`pubrec ${id}`, `pubcomp ${id}`]));
        socket.write(fromBroker("down", qos, id, payload));
      }
      socket.write(fromBroker("down", 0, 0, payload));
      if (index % 100 === 99) await turn();
    }
    expect(await gateway.line("queue.paused")).toMatchObject({ clientId: "slow" });
    expect(await gateway.line("delivery.dropped")).toMatchObject({ clientId: "slow", qos: 0 });
    expect(await slowestPublish(steady, () => true)).toBeLessThan(5000);
    expect(residentMiB(gateway) - before).toBeLessThan(SLACK_MIB);
    // Now it does.
    let looked = 0;
    await vi.waitFor(
      () => {
        for (; looked < slow.received.length; looked += 1) {
          const message = slow.received[looked]!;
          if (message.type === "PUBREL") slow.send({ type: "PUBCOMP", msgId: message.msgId });
          if (message.type !== "PUBLISH") continue;
          const { qos, topicId, msgId } = message;
          if (qos === 1) slow.send({ type: "PUBACK", topicId, msgId, returnCode: 0 });
          if (qos === 2) slow.send({ type: "PUBREC", msgId });
        }
        expect(acknowledged.length).toBe(wanted.length);
      },
      { timeout: 40_000, interval: 1 },
    );
    expect(new Set(acknowledged)).toEqual(new Set(wanted));
  });

  test("bufferedOctetsMax: many sleeping clients whose messages wait have no more than clients.max_buffered_bytes together", async () => {
    const { broker, gateway, port, steady } = await start("--clients-max-buffered-bytes", "2000000");
    const CLIENTS = 100;
    const sensors = await Promise.all(
      Array.from({ length: CLIENTS }, (_, index) => sensorAt(port, `sleeper-${index}`, false)),
    );
    for (const sensor of sensors) {
      await subscribed(sensor, "down");
      sensor.send({ type: "DISCONNECT", duration: 3600 });
      await sensor.message("DISCONNECT");
    }
    const before = residentMiB(gateway);
    // Five megabytes in all.
    for (let index = 0; index < CLIENTS; index += 1) {
      const { socket } = await broker.link(`sleeper-${index}`);
      for (let id = 1; id <= 50; id += 1) socket.write(fromBroker("down", 1, id, Buffer.alloc(1000)));
    }
    expect(await gateway.line("queue.paused")).toMatchObject({ level: "warn", limit: "clients.max_buffered_bytes" });
    expect(await slowestPublish(steady, () => true)).toBeLessThan(5000);
    expect(residentMiB(gateway) - before).toBeLessThan(SLACK_MIB);
    // As each of them is given its messages, reading goes on for the others, until all have all.
    const looked = sensors.map(() => 0);
    for (const [index, sensor] of sensors.entries()) sensor.send({ type: "PINGREQ", clientId: `sleeper-${index}` });
    await vi.waitFor(
      async () => {
        for (const [index, sensor] of sensors.entries()) {
          for (; looked[index]! < sensor.received.length; looked[index]! += 1) {
            const message = sensor.received[looked[index]!]!;
            if (message.type !== "PUBLISH") continue;
            const { topicId, msgId } = message;
            sensor.send({ type: "PUBACK", topicId, msgId, returnCode: 0 });
          }
        }
        for (let index = 0; index < CLIENTS; index += 1) {
          expect((await broker.link(`sleeper-${index}`)).acknowledged.length).toBe(50);
        }
      },
      { timeout: 40_000, interval: 1 },
    );
    expect(gateway.lines.some(({ event }) => event === "delivery.dropped")).toBe(false);
  });

  test("G5 the largest packet that MQTT has is acknowledged without being kept, and the connection stays", async () => {
    const { broker, gateway, port, steady } = await start();
    const sensor = await sensorAt(port, "small", false);
    await subscribed(sensor, "down");
    const link = await broker.link("small");
    const before = residentMiB(gateway);
    const header = Buffer.from([0x32, 0xff, 0xff, 0xff, 0x7f, 0, 4, ...Buffer.from("down"), 0, 1]);
    link.socket.write(header);
    const piece = Buffer.alloc(1024 * 1024);
    let highest = 0;
    for (let left = 268_435_455 - 8; left > 0; left -= piece.length) {
      const isFull = !link.socket.write(piece.subarray(0, left));
      if (isFull) await new Promise((resolve) => link.socket.once("drain", resolve));
      highest = Math.max(highest, residentMiB(gateway));
    }
    link.socket.write(fromBroker("down", 1, 2, Buffer.from("next")));
    expect(await sensor.message("PUBLISH")).toMatchObject({ msgId: 2 });
    expect(link.acknowledged).toEqual(["puback 1"]);
    expect(highest - before).toBeLessThan(SLACK_MIB);
    expect(await broker.link("small")).toBe(link);
    await steady.publish("steady/state", "1", 1);
  });

  test("datagrams as large as there are go through, either way", async () => {
    const { broker, port } = await start("--clients-max-datagram", "65507");
    const sensor = await sensorAt(port, "large");
    const topicId = await registered(sensor, "up");
    await subscribed(sensor, "down");
    sensor.send(publish(topicId, new Uint8Array(65_507 - 9), 1, 7));
    expect(await sensor.message("PUBACK")).toMatchObject({ msgId: 7, returnCode: 0 });
    expect(broker.published.get("up")).toBe(1);
    const link = await broker.link("large");
    link.socket.write(fromBroker("down", 0, 0, Buffer.alloc(65_507 - 9 + 1)));
    link.socket.write(fromBroker("down", 0, 0, Buffer.alloc(65_507 - 9)));
    expect((await sensor.message("PUBLISH")).data).toHaveLength(65_507 - 9);
  });

  test("a client with 1000 subscriptions has them made again in packets of eight, and gets no more of them", async () => {
    const { broker, gateway, port, steady } = await start("--broker-reconnect-min", "100ms");
    const sensor = await sensorAt(port, "keen", false);
    const before = residentMiB(gateway);
    const subscribe = (index: number) => {
      const topicName = `${"some/long/name/".repeat(10)}${index}/#`;
      sensor.send({ type: "SUBSCRIBE", dup: false, qos: 1, msgId: index, topicIdType: "normal", topicName });
    };
    const codes = () => sensor.received.filter((message) => message.type === "SUBACK").map((each) => each.returnCode);
    for (let index = 1; index <= 1001; index += 1) {
      subscribe(index);
      if (index % 50 === 0 || index > 1000) await vi.waitFor(() => expect(codes().length).toBe(index), BOUND);
    }
    expect(codes().filter((code) => code === RETURN_CODE.accepted)).toHaveLength(1000);
    expect(codes().at(-1)).toBe(RETURN_CODE.congestion);
    const first = await broker.link("keen");
    for (const { socket } of broker.links.values()) socket.resetAndDestroy();
    await vi.waitFor(async () => {
      const second = await broker.link("keen");
      expect(second).not.toBe(first);
      expect(second.subscribed).toEqual(new Array(125).fill(8));
    }, BOUND);
    expect(residentMiB(gateway) - before).toBeLessThan(SLACK_MIB);
    await steady.publish("steady/state", "1", 1);
  });
});
