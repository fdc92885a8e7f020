import type { DeviceSettings } from "../../src/device/settings.ts";
import type { InteropCase } from "./interop-case.ts";

/** A session that outlives the connection. */
const DURABLE: Partial<DeviceSettings> = { cleanSession: false };

/** Connections that end and begin again: wills, durable and clean sessions. */
export const SESSION_CASES: readonly InteropCase[] = [
  {
    name: "K3 X3 the will of a device that falls silent fires, and that of one that said DISCONNECT does not",
    row: "wills",
    run: async (site) => {
      const peer = await site.mqttPeer();
      await peer.subscribe("wills/+");
      const willOf = (name: string): Partial<DeviceSettings> => ({
        duration: 1,
        will: { willTopic: `wills/${name}`, willMsg: Buffer.from("gone"), qos: 1, retain: false },
      });
      const polite = await site.device("polite", willOf("polite"));
      await polite.disconnect();
      // Its time is up after that of the other one.
      const silent = await site.device("silent", willOf("silent"));
      silent.vanish();
      await peer.receives({ topic: "wills/silent", data: "gone", qos: 1, retain: false });
    },
  },
  {
    name: "C a will with Retain is kept by the broker",
    row: "wills",
    run: async (site) => {
      const peer = await site.mqttPeer();
      await peer.subscribe("status/meter");
      const device = await site.device("meter", {
        duration: 1,
        will: { willTopic: "status/meter", willMsg: Buffer.from("offline"), qos: 0, retain: true },
      });
      device.vanish();
      await peer.receives({ topic: "status/meter", data: "offline", qos: 0, retain: false });
      if (site.abilities.retained === "to nobody") {
        site.findings.differences.add("not kept");
        return;
      }
      const late = await site.mqttPeer();
      await late.subscribe("status/meter");
      await late.receives({ topic: "status/meter", data: "offline", qos: 0, retain: true });
    },
  },
  ...([1, 2] as const).map(
    (qos): InteropCase => ({
      name: `G2 S11 what was published meanwhile at QoS ${qos} reaches a device that comes back with CleanSession=0`,
      row: "durable",
      run: async (site) => {
        const clientId = `durable-${qos}`;
        const before = await site.device(clientId, DURABLE);
        await before.subscribe(`${clientId}/+`, qos);
        await before.disconnect();
        const peer = await site.mqttPeer();
        const messages = ["one", "two", "three", "four"].map((data, index) => {
          return { topic: `${clientId}/${index % 2}`, data, qos: site.qos(qos), retain: false };
        });
        for (const { topic, data } of messages.slice(0, 3)) await peer.publish(topic, data, qos);
        // A device of the same name that has forgotten everything but that: it needs REGISTER to know the topics.
        const after = await site.device(clientId, DURABLE);
        await after.receives(...messages.slice(0, 3));
        await peer.publish(messages[3]!.topic, messages[3]!.data, qos);
        await after.receives(...messages);
      },
    }),
  ),
  {
    name: "S11 a device that comes back with CleanSession=1 gets nothing of before",
    row: "clean",
    run: async (site) => {
      const before = await site.device("forgetful", DURABLE);
      await before.subscribe("forgetful/old", 1);
      await before.disconnect();
      const peer = await site.mqttPeer();
      await peer.publish("forgetful/old", "missed", 1);
      const after = await site.device("forgetful");
      await after.subscribe("forgetful/new", 1);
      await peer.publish("forgetful/old", "not subscribed", 1);
      await peer.publish("forgetful/new", "hello", 1);
      await after.receives({ topic: "forgetful/new", data: "hello", qos: 1, retain: false });
    },
  },
  {
    name: "S11 a session that began with CleanSession=1 is gone after DISCONNECT",
    row: "clean",
    run: async (site) => {
      const before = await site.device("passing");
      await before.subscribe("passing/old", 1);
      await before.disconnect();
      const peer = await site.mqttPeer();
      await peer.publish("passing/old", "missed", 1);
      const after = await site.device("passing", DURABLE);
      await after.subscribe("passing/new", 1);
      await peer.publish("passing/new", "hello", 1);
      await after.receives({ topic: "passing/new", data: "hello", qos: 1, retain: false });
    },
  },
  {
    name: "a device that was cut off in the middle gets its QoS 2 messages once, on the next connection",
    row: "durable",
    run: async (site) => {
      const before = await site.device("cut-off", DURABLE);
      await before.subscribe("cut/off", 2);
      before.vanish();
      const peer = await site.mqttPeer();
      await peer.publish("cut/off", "one", 2);
      await peer.publish("cut/off", "two", 2);
      const after = await site.device("cut-off", DURABLE);
      await after.receives(
        { topic: "cut/off", data: "one", qos: site.qos(2), retain: false },
        { topic: "cut/off", data: "two", qos: site.qos(2), retain: false },
      );
    },
  },
];
