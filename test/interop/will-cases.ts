import { expect, vi } from "vitest";
import type { DeviceSettings } from "../../src/device/settings.ts";
import type { InteropCase } from "./interop-case.ts";
import type { Received } from "./received.ts";
import type { Site } from "./site.ts";
import type { UdpDevice } from "./udp-device.ts";

const BOUND = { timeout: 20_000, interval: 50 };

/** How often the will is changed while messages come. */
const UPDATES = 10;

/** What is published meanwhile. */
const SENT = Array.from({ length: 100 }, (_, index) => String(index));

/** A device with a will, and a keep alive that is soon over. */
const withWill = (willTopic: string): Partial<DeviceSettings> => ({
  duration: 1,
  will: { willTopic, willMsg: Buffer.from("first"), qos: 1, retain: false },
});

/** A device with a durable session whose will changes again and again while `SENT` is published for it. */
export async function subscriberThroughUpdates(site: Site, clientId: string, qos: 1 | 2): Promise<UdpDevice> {
  // The embedded broker may close a connection that has just been made, when an acknowledgement overtakes its own repetition. To the gateway
  // this looks as if the client were elsewhere: a device that pings learns of it, and connects again.
  const device = await site.device(clientId, { cleanSession: false, reconnect: true, duration: 2 });
  await device.subscribe(`${clientId}/#`, qos);
  const peer = await site.mqttPeer();
  const publishing = (async () => {
    // One after the other: of many at once Mosquitto 2.0.11 delivers 20 of QoS 2 to a session that was away, and no more.
    for (const data of SENT) await peer.publish(`${clientId}/${Number(data) % 3}`, data, qos);
  })();
  for (let update = 0; update < UPDATES; update += 1) {
    const topic = { willTopic: `gone/${update}`, qos: 0, retain: false } as const;
    await vi.waitFor(() => device.updateWillTopic(topic), BOUND);
  }
  await publishing;
  return device;
}

/** What was published for the device of `subscriberThroughUpdates`, at QoS 2: once each, and in order. */
export function sentOnce(clientId: string): Received[] {
  return SENT.map((data) => ({ topic: `${clientId}/${Number(data) % 3}`, data, qos: 2, retain: false }));
}

/** Wills that are changed while their device is connected (§6.4), and what such a change must not cost. */
export const WILL_CASES: readonly InteropCase[] = [
  {
    name: "W6 W10 K3 the will that was changed is the one that fires",
    row: "will-updates",
    run: async (site) => {
      const peer = await site.mqttPeer();
      await peer.subscribe("wills-changed/+");
      const device = await site.device("changing", withWill("wills-changed/first"));
      await device.updateWillTopic({ willTopic: "wills-changed/second", qos: 2, retain: false });
      await device.updateWillMessage("second");
      device.vanish();
      await peer.receives({ topic: "wills-changed/second", data: "second", qos: site.qos(2), retain: false });
    },
  },
  {
    name: "W7 a will that was deleted does not fire",
    row: "will-updates",
    run: async (site) => {
      const peer = await site.mqttPeer();
      await peer.subscribe("wills-deleted/+");
      const device = await site.device("deleting", withWill("wills-deleted/never"));
      await device.updateWillTopic(undefined);
      device.vanish();
      // Its time is up after that of the other one.
      const witness = await site.device("witness-of-deleting", withWill("wills-deleted/witness"));
      witness.vanish();
      await peer.receives({ topic: "wills-deleted/witness", data: "first", qos: 1, retain: false });
    },
  },
  {
    name: "W3 W6 the will that was changed comes back with a durable session",
    row: "will-updates",
    run: async (site) => {
      const peer = await site.mqttPeer();
      await peer.subscribe("wills-durable/+");
      const before = await site.device("keeping", { ...withWill("wills-durable/first"), cleanSession: false });
      await before.updateWillTopic({ willTopic: "wills-durable/second", qos: 1, retain: false });
      await before.disconnect();
      const after = await site.device("keeping", { duration: 1, cleanSession: false });
      after.vanish();
      await peer.receives({ topic: "wills-durable/second", data: "first", qos: 1, retain: false });
    },
  },
  {
    name: "W10 a durable subscriber misses nothing of QoS 1 while its will changes ten times",
    row: "will-updates",
    run: async (site) => {
      const device = await subscriberThroughUpdates(site, "restless", 1);
      await vi.waitFor(() => expect(new Set(device.received.map(({ data }) => data))).toEqual(new Set(SENT)), BOUND);
    },
  },
  {
    name: "W10 a device publishes on as if nothing were while its will changes",
    row: "will-updates",
    run: async (site) => {
      const peer = await site.mqttPeer();
      await peer.subscribe("unimpressed");
      const device = await site.device("unimpressed");
      const data = Array.from({ length: 30 }, (_, index) => String(index));
      await device.updateWillTopic({ willTopic: "unimpressed/will", qos: 0, retain: false });
      const updating = (async () => {
        for (let update = 0; update < UPDATES; update += 1) await device.updateWillMessage(String(update));
      })();
      for (const each of data) await device.publish("unimpressed", each, 2);
      await updating;
      await peer.receives(
        ...data.map((each) => ({ topic: "unimpressed", data: each, qos: site.qos(2), retain: false }) as const),
      );
    },
  },
];
