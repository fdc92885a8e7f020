import type { DeviceQoS, DeviceTopic } from "../../src/device/contract.ts";
import { encodeShortName } from "../../src/sn/short-name.ts";
import type { InteropCase } from "./interop-case.ts";
import { PREDEFINED } from "./predefined.ts";

const QOS_LEVELS: readonly DeviceQoS[] = [0, 1, 2];

/** All octets there are, over and over. */
const LARGE = Array.from({ length: 1100 }, (_, index) => String.fromCharCode(index & 0xff)).join("");

interface Naming {
  name: string;
  /** What the device names it by. */
  topic: string | DeviceTopic;
  /** What the device hears of the name. */
  heard: string;
  mqttTopic: string;
}

const NAMINGS: readonly Naming[] = [
  { name: "a name", topic: "house/kitchen", heard: "house/kitchen", mqttTopic: "house/kitchen" },
  {
    name: "a predefined id",
    topic: { topicIdType: "predefined", topicId: PREDEFINED.id },
    heard: String(PREDEFINED.id),
    mqttTopic: PREDEFINED.topic,
  },
  {
    name: "a short name",
    topic: { topicIdType: "short", topicId: encodeShortName("ab")! },
    heard: "ab",
    mqttTopic: "ab",
  },
];

const WILDCARDS: readonly Naming[] = [
  { name: "+", topic: "floors/+/heat", heard: "floors/2/heat", mqttTopic: "floors/2/heat" },
  { name: "#", topic: "garden/#", heard: "garden/pond/pump", mqttTopic: "garden/pond/pump" },
];

function fromDevice({ name, topic, mqttTopic }: Naming, qos: DeviceQoS): InteropCase {
  return {
    name: `P1 a device publishes by ${name} at QoS ${qos}, and an MQTT subscriber sees it`,
    run: async (site) => {
      const peer = await site.mqttPeer();
      await peer.subscribe(mqttTopic);
      const device = await site.device("publisher");
      await device.publish(topic, "21.5", qos);
      await device.publish(topic, "22", qos);
      const common = { topic: mqttTopic, qos, retain: false };
      await peer.receives({ ...common, data: "21.5" }, { ...common, data: "22" });
    },
  };
}

function toDevice({ name, topic, heard, mqttTopic }: Naming, qos: DeviceQoS): InteropCase {
  return {
    name: `G1 a device subscribes by ${name} at QoS ${qos}, and receives what an MQTT client publishes`,
    run: async (site) => {
      const device = await site.device("subscriber");
      await device.subscribe(topic, qos);
      const peer = await site.mqttPeer();
      await peer.publish(mqttTopic, "on", qos);
      await peer.publish(mqttTopic, "off", qos);
      const common = { topic: heard, qos, retain: false };
      await device.receives({ ...common, data: "on" }, { ...common, data: "off" });
    },
  };
}

/** Messages both ways. */
export const EXCHANGE_CASES: readonly InteropCase[] = [
  ...NAMINGS.flatMap((naming) => QOS_LEVELS.map((qos) => fromDevice(naming, qos))),
  ...[...NAMINGS, ...WILDCARDS].flatMap((naming) => QOS_LEVELS.map((qos) => toDevice(naming, qos))),
  {
    name: "S9 after UNSUBSCRIBE nothing of that topic comes any more",
    run: async (site) => {
      const device = await site.device("leaver");
      await device.subscribe("leave/this", 1);
      await device.subscribe("leave/not", 1);
      await device.unsubscribe("leave/this");
      const peer = await site.mqttPeer();
      await peer.publish("leave/this", "no", 1);
      await peer.publish("leave/not", "yes", 1);
      await device.receives({ topic: "leave/not", data: "yes", qos: 1, retain: false });
    },
  },
  {
    name: "P8 what a device publishes with Retain is kept by the broker",
    run: async (site) => {
      const device = await site.device("keeper");
      await device.publish("kept/by-device", "21", 1, true);
      const peer = await site.mqttPeer();
      await peer.subscribe("kept/by-device");
      await peer.receives({ topic: "kept/by-device", data: "21", qos: 1, retain: true });
    },
  },
  {
    name: "G8 a device receives what the broker has kept, and live messages without Retain",
    run: async (site) => {
      const peer = await site.mqttPeer();
      await peer.publish("kept/plain", "old", 1, true);
      await peer.publish("kept/wild/1", "older", 1, true);
      const device = await site.device("latecomer");
      await device.subscribe("kept/plain", 1);
      await device.subscribe("kept/wild/+", 1);
      await device.receives(
        { topic: "kept/plain", data: "old", qos: 1, retain: true },
        { topic: "kept/wild/1", data: "older", qos: 1, retain: true },
      );
      device.received.length = 0;
      await peer.publish("kept/plain", "new", 1, true);
      await device.receives({ topic: "kept/plain", data: "new", qos: 1, retain: false });
    },
  },
  {
    name: "P8 an empty message of a device clears what the broker has kept",
    run: async (site) => {
      const device = await site.device("clearer");
      await device.publish("cleared/once", "there", 1, true);
      await device.publish("cleared/still", "here", 1, true);
      await device.publish("cleared/once", "", 1, true);
      const peer = await site.mqttPeer();
      await peer.subscribe("cleared/+");
      await device.publish("cleared/once", "live", 1);
      await peer.receives(
        { topic: "cleared/still", data: "here", qos: 1, retain: true },
        { topic: "cleared/once", data: "live", qos: 1, retain: false },
      );
    },
  },
  {
    name: "P8 an empty message of an MQTT client clears what a device had the broker keep, and reaches subscribers",
    run: async (site) => {
      const first = await site.device("early-subscriber");
      await first.publish("emptied/a", "there", 1, true);
      await first.subscribe("emptied/a", 1);
      const peer = await site.mqttPeer();
      await peer.publish("emptied/a", "", 1, true);
      await first.receives(
        { topic: "emptied/a", data: "there", qos: 1, retain: true },
        { topic: "emptied/a", data: "", qos: 1, retain: false },
      );
      const late = await site.device("late-subscriber");
      await late.subscribe("emptied/a", 1);
      await peer.publish("emptied/a", "live", 1);
      await late.receives({ topic: "emptied/a", data: "live", qos: 1, retain: false });
    },
  },
  {
    name: "topics beyond ASCII go both ways",
    run: async (site) => {
      const topic = "größe/温度/🌡";
      const device = await site.device("gerät-温度");
      await device.subscribe("größe/+/🌡", 1);
      const peer = await site.mqttPeer();
      await peer.subscribe(topic);
      await device.publish(topic, "from the device", 1);
      await peer.publish(topic, "from MQTT", 1);
      const common = { topic, qos: 1, retain: false };
      await peer.receives({ ...common, data: "from the device" }, { ...common, data: "from MQTT" });
      await device.receives({ ...common, data: "from the device" }, { ...common, data: "from MQTT" });
    },
  },
  {
    name: "a message of 1,100 octets goes both ways, octet for octet",
    run: async (site) => {
      const device = await site.device("large");
      await device.subscribe("large/down", 1);
      const peer = await site.mqttPeer();
      await peer.subscribe("large/up");
      await device.publish("large/up", LARGE, 1);
      await peer.publish("large/down", LARGE, 1);
      await peer.receives({ topic: "large/up", data: LARGE, qos: 1, retain: false });
      await device.receives({ topic: "large/down", data: LARGE, qos: 1, retain: false });
    },
  },
  ...QOS_LEVELS.map(
    (qos): InteropCase => ({
      name: `G5 a message at QoS ${qos} that is larger than max_datagram is dropped, and the next one comes`,
      run: async (site) => {
        const device = await site.device("narrow");
        await device.subscribe("narrow/+", qos);
        const peer = await site.mqttPeer();
        await peer.publish("narrow/large", "x".repeat(1200), qos);
        await peer.publish("narrow/small", "fits", qos);
        await device.receives({ topic: "narrow/small", data: "fits", qos, retain: false });
      },
    }),
  ),
  {
    name: "two devices whose client ids begin alike talk to each other, and each has its own messages",
    run: async (site) => {
      const one = await site.device("sensor1");
      const ten = await site.device("sensor10");
      await one.subscribe("to/sensor1", 2);
      await ten.subscribe("to/sensor10", 2);
      await one.publish("to/sensor10", "hello, ten", 2);
      await ten.publish("to/sensor1", "hello, one", 2);
      await ten.receives({ topic: "to/sensor10", data: "hello, ten", qos: 2, retain: false });
      await one.receives({ topic: "to/sensor1", data: "hello, one", qos: 2, retain: false });
    },
  },
];
