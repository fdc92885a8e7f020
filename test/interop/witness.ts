import type { DeviceQoS } from "../../src/device/contract.ts";
import type { Received } from "./received.ts";
import type { Site } from "./site.ts";

/**
 * Publishes messages at the broker, and resolves when a device that is awake, at the same gateway, has received them all: by then a
 * sleeping device that has also subscribed would have heard of them.
 */
export async function publishWitnessed(
  site: Site,
  topic: string,
  qos: DeviceQoS,
  texts: readonly string[],
): Promise<Received[]> {
  const witness = await site.device(`witness-of-${topic.replaceAll("/", "-")}`);
  await witness.subscribe(topic, qos);
  const peer = await site.mqttPeer();
  for (const text of texts) await peer.publish(topic, text, qos);
  const messages = texts.map((data) => ({ topic, data, qos: site.qos(qos), retain: false }));
  await witness.receives(...messages);
  await witness.disconnect();
  return messages;
}
