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

/** Ways to name a topic. Cases run at once, so that each has topics of its own: those with its number, 0 to 9. */
function namings(number: number): readonly Naming[] {
  const id = 10 + number;
  const short = `s${number}`;
  return [
    { name: "a name", topic: `house/${number}`, heard: `house/${number}`, mqttTopic: `house/${number}` },
    {
      name: "a predefined id",
      topic: { topicIdType: "predefined", topicId: id },
      heard: String(id),
      mqttTopic: PREDEFINED.get(id)!,
    },
    {
      name: "a short name",
      topic: { topicIdType: "short", topicId: encodeShortName(short)! },
      heard: short,
      mqttTopic: short,
    },
  ];
}

function wildcards(number: number): readonly Naming[] {
  const [plus, hash] = [`floors/${number}/2/heat`, `garden/${number}/pond/pump`];
  return [
    { name: "+", topic: `floors/${number}/+/heat`, heard: plus, mqttTopic: plus },
    { name: "#", topic: `garden/${number}/#`, heard: hash, mqttTopic: hash },
  ];
}

function fromDevice({ name, topic, mqttTopic }: Naming, qos: DeviceQoS): InteropCase {
  return {
    name: `P1 a device publishes by ${name} at QoS ${qos}, and an MQTT subscriber sees it`,
    row: `publish-${qos}`,
    run: async (site) => {
      const peer = await site.mqttPeer();
      await peer.subscribe(mqttTopic);
      const device = await site.device(`publisher-by-${name}-${qos}`);
      await device.publish(topic, "21.5", qos);
      await device.publish(topic, "22", qos);
      const common = { topic: mqttTopic, qos: site.qos(qos), retain: false };
      await peer.receives({ ...common, data: "21.5" }, { ...common, data: "22" });
    },
  };
}

function unconnected({ name, topic, mqttTopic }: Naming): InteropCase {
  return {
    name: `N1 N5 a device publishes by ${name} at QoS -1, without a connection`,
    row: "publish-minus-1",
    run: async (site) => {
      const peer = await site.mqttPeer();
      await peer.subscribe(mqttTopic);
      site.unconnectedDevice("unconnected").publishUnconnected(topic as DeviceTopic, "from nobody");
      await peer.receives({ topic: mqttTopic, data: "from nobody", qos: 0, retain: false });
    },
  };
}

function toDevice({ name, topic, heard, mqttTopic }: Naming, qos: DeviceQoS): InteropCase {
  return {
    name: `G1 a device subscribes by ${name} at QoS ${qos}, and receives what an MQTT client publishes`,
    row: `deliver-${qos}`,
    run: async (site) => {
      const device = await site.device(`subscriber-by-${name}-${qos}`);
      await device.subscribe(topic, qos);
      const peer = await site.mqttPeer();
      await peer.publish(mqttTopic, "on", qos);
      await peer.publish(mqttTopic, "off", qos);
      const common = { topic: heard, qos: site.qos(qos), retain: false };
      await device.receives({ ...common, data: "on" }, { ...common, data: "off" });
    },
  };
}

/** Messages both ways. */
export const EXCHANGE_CASES: readonly InteropCase[] = [
  ...QOS_LEVELS.flatMap((qos) => namings(qos).map((naming) => fromDevice(naming, qos))),
  ...QOS_LEVELS.flatMap((qos) => [...namings(3 + qos), ...wildcards(qos)].map((naming) => toDevice(naming, qos))),
  ...namings(6)
    .filter(({ topic }) => typeof topic !== "string")
    .map(unconnected),
  {
    name: "S9 after UNSUBSCRIBE nothing of that topic comes any more",
    row: "unsubscribe",
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
    name: "topics beyond ASCII go both ways",
    row: "topics",
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
    row: "payloads",
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
      row: "payloads",
      run: async (site) => {
        const device = await site.device(`narrow-${qos}`);
        await device.subscribe(`narrow/${qos}/+`, qos);
        const peer = await site.mqttPeer();
        await peer.publish(`narrow/${qos}/large`, "x".repeat(1200), qos);
        await peer.publish(`narrow/${qos}/small`, "fits", qos);
        await device.receives({ topic: `narrow/${qos}/small`, data: "fits", qos: site.qos(qos), retain: false });
      },
    }),
  ),
  {
    name: "two devices whose client ids begin alike talk to each other, and each has its own messages",
    row: "deliver-2",
    run: async (site) => {
      const one = await site.device("sensor1");
      const ten = await site.device("sensor10");
      await one.subscribe("to/sensor1", 2);
      await ten.subscribe("to/sensor10", 2);
      await one.publish("to/sensor10", "hello, ten", 2);
      await ten.publish("to/sensor1", "hello, one", 2);
      const common = { qos: site.qos(2), retain: false };
      await ten.receives({ topic: "to/sensor10", data: "hello, ten", ...common });
      await one.receives({ topic: "to/sensor1", data: "hello, one", ...common });
    },
  },
];
