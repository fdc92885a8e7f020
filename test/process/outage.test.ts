import { describe, expect, test, vi } from "vitest";
import type { MqttPeer } from "../interop/mqtt-peer.ts";
import type { UdpDevice } from "../interop/udp-device.ts";
import { OutageSite } from "./outage-site.ts";
import { Sensor } from "./sensor.ts";

const QOS_LEVELS = [0, 1, 2] as const;
const BOUND = { timeout: 10_000, interval: 10 };
const SHORT_TOPIC = { topicIdType: "short", topicId: 0x7474 } as const;
const PUBLISH = { type: "PUBLISH", qos: 2, dup: false, retain: false, ...SHORT_TOPIC } as const;

/** A device with a subscription of its own that has had a message, so that it knows the topic id. */
async function subscribed(
  site: OutageSite,
  clientId: string,
  peer: MqttPeer,
  cleanSession: boolean,
): Promise<UdpDevice> {
  const device = await site.device(clientId, { cleanSession });
  await device.subscribe(`to/${clientId}/+`, 2);
  await peer.publish(`to/${clientId}/state`, "before", 1);
  await device.receives({ topic: `to/${clientId}/state`, data: "before", qos: 1, retain: false });
  return device;
}

/** What of it a device has been told that it had not asked for. */
function disturbances({ heard }: UdpDevice): string[] {
  return heard.filter((type) => type === "DISCONNECT" || type === "REGISTER");
}

/** Sends a message each way at each QoS. */
async function exchange(device: UdpDevice, clientId: string, peer: MqttPeer): Promise<void> {
  for (const qos of QOS_LEVELS) {
    await device.publish(`from/${clientId}`, `up ${qos}`, qos);
    await peer.publish(`to/${clientId}/state`, `down ${qos}`, qos);
  }
  const down = QOS_LEVELS.map((qos) => ({ topic: `to/${clientId}/state`, data: `down ${qos}`, qos, retain: false }));
  await vi.waitFor(() => expect(device.received.slice(-3)).toEqual(down), BOUND);
  const up = QOS_LEVELS.map((qos) => ({ topic: `from/${clientId}`, data: `up ${qos}`, qos, retain: false }));
  await vi.waitFor(() => expect(peer.received.filter(({ topic }) => topic === `from/${clientId}`)).toEqual(up), BOUND);
}

/** Breaks all connections of devices of each kind: none of them notices, and messages go both ways again. */
async function disturbsNobody(breakAll: (site: OutageSite) => Promise<void> | void, qosAsleep: 1 | 2): Promise<void> {
  const site = await OutageSite.start();
  const before = await site.peer();
  const names = ["durable", "clean", "sleeper"];
  const devices = await Promise.all(names.map((name) => subscribed(site, name, before, name === "clean")));
  const sleeper = devices[2]!;
  await sleeper.sleep(60);
  const told = devices.map(disturbances);
  await breakAll(site);
  await site.restored(names);
  const peer = await site.peer();
  await peer.subscribe("from/+", 2);
  await exchange(devices[0]!, "durable", peer);
  await exchange(devices[1]!, "clean", peer);
  await peer.publish("to/sleeper/state", "good night", qosAsleep);
  await sleeper.wake();
  const message = { topic: "to/sleeper/state", data: "good night", qos: qosAsleep, retain: false };
  expect(sleeper.received.at(-1)).toEqual(message);
  expect(devices.map(disturbances)).toEqual(told);
  expect(sleeper.heardAsleep).toEqual([]);
}

describe("all connections to the broker break at once", () => {
  test.each(["FIN", "RST"] as const)("with %s: no device notices, and messages go both ways again", async (how) => {
    await disturbsNobody((site) => site.proxy.cutAll(how), 1);
  });

  test("and the broker remembers nobody: subscriptions are made again, and no device notices", async () => {
    await disturbsNobody(async (site) => {
      await site.forget();
      site.proxy.cutAll();
    }, 2);
  });

  test("in the middle of a message of QoS 2 of a device: it goes on where it was if the broker has it, and else the device is told", async () => {
    const site = await OutageSite.start();
    const peer = await site.peer();
    await peer.subscribe("tt", 2);
    const sensor = new Sensor(site.port);
    sensor.send({ type: "CONNECT", will: false, cleanSession: false, protocolId: 1, duration: 60, clientId: "device" });
    await sensor.message("CONNACK");
    // aedes remembers nobody who has subscribed to nothing.
    sensor.send({ type: "SUBSCRIBE", dup: false, qos: 1, msgId: 7, ...SHORT_TOPIC, topicId: 0x7a7a });
    await sensor.message("SUBACK");
    sensor.send({ ...PUBLISH, msgId: 1, data: Buffer.from("kept") });
    await sensor.message("PUBREC");
    site.proxy.cutAll();
    // As a device does that has no answer.
    await vi.waitFor(
      () => {
        sensor.send({ type: "PUBREL", msgId: 1 });
        expect(sensor.received.map(({ type }) => type)).toContain("PUBCOMP");
      },
      { timeout: 10_000, interval: 200 },
    );
    await peer.receives({ topic: "tt", data: "kept", qos: 2, retain: false });

    sensor.received.length = 0;
    sensor.send({ ...PUBLISH, msgId: 2, data: Buffer.from("forgotten") });
    await vi.waitFor(() => expect(sensor.received).toContainEqual({ type: "PUBREC", msgId: 2 }), BOUND);
    await site.forget();
    site.proxy.cutAll();
    await sensor.message("DISCONNECT");
    expect(sensor.received).not.toContainEqual({ type: "PUBCOMP", msgId: 2 });
  });

  test.each(["remembers", "forgets"] as const)(
    "and what waits for a sleeping device is not lost where the broker %s",
    async (what) => {
      const site = await OutageSite.start();
      const peer = await site.peer();
      const [sleeper, witness] = await Promise.all([site.device("sleeper"), site.device("witness")]);
      for (const device of [sleeper, witness]) await device.subscribe("news", 2);
      await sleeper.sleep(60);
      const news = QOS_LEVELS.map((qos) => ({ topic: "news", data: `${qos}`, qos, retain: false }));
      for (const { data, qos } of news) await peer.publish("news", data, qos);
      await witness.receives(...news);
      if (what === "forgets") await site.forget();
      site.proxy.cutAll();
      await site.restored(["sleeper"]);
      await sleeper.wake();
      // aedes repeats in another order.
      const inOrder = sleeper.received.toSorted((one, other) => one.qos - other.qos);
      expect(inOrder).toEqual(news);
      expect(sleeper.heardAsleep).toEqual([]);
    },
  );
});
