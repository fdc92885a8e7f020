import { expect } from "vitest";
import type { DeviceQoS } from "../../src/device/contract.ts";
import type { InteropCase } from "./interop-case.ts";
import type { Site } from "./site.ts";
import type { UdpDevice } from "./udp-device.ts";
import { publishWitnessed } from "./witness.ts";

/** Long enough for any case. */
const SLEEP_SECONDS = 60;

async function sleeperOf(site: Site, clientId: string, topic: string, qos: DeviceQoS): Promise<UdpDevice> {
  const device = await site.device(clientId);
  await device.subscribe(topic, qos);
  await device.sleep(SLEEP_SECONDS);
  return device;
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

function wakesUpTo(count: number, qos: DeviceQoS): InteropCase {
  const topic = `sleep/${count}/at/${qos}`;
  return {
    name: `Z3 Z5 Z7 ${count} messages at QoS ${qos} wait for a sleeping device, and come before PINGRESP when it wakes`,
    row: "sleep",
    run: async (site) => {
      const device = await sleeperOf(site, `sleeper-${count}-${qos}`, topic, qos);
      const messages = await publishWitnessed(site, topic, qos, numbered(count));
      expectSilence(device);
      // At QoS 0 nobody can tell whether the gateway has them all by now.
      if (qos === 0) await device.wakesUntilReceived(...messages);
      else await device.wake();
      await device.receives(...messages);
      expectSilence(device);
    },
  };
}

/** Z3: nothing was sent to it while it slept, and so it has received nothing. */
function expectSilence(device: UdpDevice): void {
  expect(device.heardAsleep).toEqual([]);
}

/** The sleeping client, whole. */
export const SLEEP_CASES: readonly InteropCase[] = [
  {
    name: "K8 Z2 Z20 a device sleeps longer than its keep alive and than the broker's; one that oversleeps is lost",
    row: "sleep",
    run: async (site) => {
      // NATS makes a limit of 1 s of a keep alive of 1 s, and not of 1.5 s.
      const brief = await site.with({ "broker.keep_alive": "2s" });
      const peer = await brief.mqttPeer();
      await peer.subscribe("sleep/wills/+");
      const willOf = (name: string) => ({
        duration: 1,
        will: { willTopic: `sleep/wills/${name}`, willMsg: Buffer.from("gone"), qos: 1 as const, retain: false },
      });
      const sound = await brief.device("sound-sleeper", willOf("sound"));
      await sound.subscribe("sleep/long", 1);
      await sound.sleep(SLEEP_SECONDS);
      const oversleeper = await brief.device("oversleeper", willOf("over"));
      await oversleeper.sleep(3);
      await peer.receives({ topic: "sleep/wills/over", data: "gone", qos: 1, retain: false });
      const messages = await publishWitnessed(brief, "sleep/long", 1, ["still there?"]);
      await sound.wake();
      await sound.receives(...messages);
    },
  },
  wakesUpTo(5, 0),
  wakesUpTo(5, 1),
  wakesUpTo(5, 2),
  // More than the 20 that Mosquitto sends before it waits for an acknowledgement.
  wakesUpTo(50, 0),
  wakesUpTo(50, 1),
  wakesUpTo(50, 2),
  // More than clients.max_queued, which is 100: the rest stays at the broker until there is room.
  wakesUpTo(150, 1),
  {
    name: "Z6 a device for which nothing waits gets PINGRESP alone, as often as it asks",
    row: "sleep",
    run: async (site) => {
      const device = await sleeperOf(site, "idle-sleeper", "sleep/idle", 1);
      await device.wake();
      await device.wake();
      expectSilence(device);
      await device.receives();
    },
  },
  {
    name: "Z5 every awake period brings what is new, and nothing twice",
    row: "sleep",
    run: async (site) => {
      const device = await sleeperOf(site, "regular-sleeper", "sleep/regular", 1);
      const first = await publishWitnessed(site, "sleep/regular", 1, ["one", "two"]);
      await device.wake();
      await device.receives(...first);
      const second = await publishWitnessed(site, "sleep/regular", 1, ["three"]);
      await device.wake();
      await device.receives(...first, ...second);
      await device.wake();
      await device.receives(...first, ...second);
      expectSilence(device);
    },
  },
  {
    name: "G2 Z5 a message that a wildcard covers is registered first, in the awake period",
    row: "sleep",
    run: async (site) => {
      const device = await sleeperOf(site, "wild-sleeper", "sleep/wild/+", 1);
      const [one] = await publishWitnessed(site, "sleep/wild/1", 1, ["one"]);
      const [two] = await publishWitnessed(site, "sleep/wild/2", 1, ["two"]);
      expectSilence(device);
      await device.wake();
      await device.receives(one!, two!);
    },
  },
  {
    name: "Z12 CONNECT makes a sleeping device active: what waited comes, and its subscriptions stay",
    row: "sleep",
    run: async (site) => {
      const device = await sleeperOf(site, "resumer", "sleep/resume", 1);
      const waited = await publishWitnessed(site, "sleep/resume", 1, ["one", "two"]);
      expectSilence(device);
      await device.connect();
      await device.receives(...waited);
      const live = await publishWitnessed(site, "sleep/resume", 1, ["three"]);
      await device.receives(...waited, ...live);
    },
  },
  {
    name: "Z12 a device that resumes publishes by the topic ids of before, and sleeps again",
    row: "sleep",
    run: async (site) => {
      const peer = await site.mqttPeer();
      await peer.subscribe("sleep/report");
      const device = await site.device("reporter");
      await device.publish("sleep/report", "1", 1);
      await device.sleep(SLEEP_SECONDS);
      await device.connect();
      await device.publish("sleep/report", "2", 2);
      await device.sleep(SLEEP_SECONDS);
      await peer.receives(
        { topic: "sleep/report", data: "1", qos: 1, retain: false },
        { topic: "sleep/report", data: "2", qos: site.qos(2), retain: false },
      );
      expectSilence(device);
    },
  },
  {
    name: "Z13 DISCONNECT ends the sleep without the will",
    row: "sleep",
    run: async (site) => {
      const peer = await site.mqttPeer();
      await peer.subscribe("sleep/end/+");
      const will = { willTopic: "sleep/end/will", willMsg: Buffer.from("gone"), qos: 1 as const, retain: false };
      const device = await site.device("early-riser", { will });
      await device.sleep(SLEEP_SECONDS);
      await device.disconnect();
      // The will would have come before what is published now.
      await peer.publish("sleep/end/now", "marker", 1);
      await peer.receives({ topic: "sleep/end/now", data: "marker", qos: 1, retain: false });
    },
  },
];
