import { describe, expect, test, vi } from "vitest";
import type { MqttPeer } from "../interop/mqtt-peer.ts";
import type { UdpDevice } from "../interop/udp-device.ts";
import { OutageSite } from "./outage-site.ts";

const QOS_LEVELS = [0, 1, 2] as const;
const BOUND = { timeout: 10_000, interval: 10 };

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

describe("all connections to the broker break at once", () => {
  test.each(["FIN", "RST"] as const)("with %s: no device notices, and messages go both ways again", async (how) => {
    const site = await OutageSite.start();
    const before = await site.peer();
    const names = ["durable", "clean", "sleeper"];
    const devices = await Promise.all(names.map((name) => subscribed(site, name, before, name === "clean")));
    const sleeper = devices[2]!;
    await sleeper.sleep(60);
    const told = devices.map(disturbances);
    site.proxy.cutAll(how);
    await site.restored(names);
    const peer = await site.peer();
    await peer.subscribe("from/+", 2);
    await exchange(devices[0]!, "durable", peer);
    await exchange(devices[1]!, "clean", peer);
    await peer.publish("to/sleeper/state", "good night", 1);
    await sleeper.wake();
    expect(sleeper.received.at(-1)).toEqual({ topic: "to/sleeper/state", data: "good night", qos: 1, retain: false });
    expect(devices.map(disturbances)).toEqual(told);
    expect(sleeper.heardAsleep).toEqual([]);
  });

  test("and the broker remembers nobody: subscriptions are made again, and no device notices", async () => {
    const site = await OutageSite.start();
    const before = await site.peer();
    const names = ["durable", "clean", "sleeper"];
    const devices = await Promise.all(names.map((name) => subscribed(site, name, before, name === "clean")));
    const sleeper = devices[2]!;
    await sleeper.sleep(60);
    const told = devices.map(disturbances);
    await site.forget();
    site.proxy.cutAll();
    await site.restored(names);
    const peer = await site.peer();
    await peer.subscribe("from/+", 2);
    await exchange(devices[0]!, "durable", peer);
    await exchange(devices[1]!, "clean", peer);
    await peer.publish("to/sleeper/state", "good night", 2);
    await sleeper.wake();
    expect(sleeper.received.at(-1)).toEqual({ topic: "to/sleeper/state", data: "good night", qos: 2, retain: false });
    expect(devices.map(disturbances)).toEqual(told);
    expect(sleeper.heardAsleep).toEqual([]);
  });
});
