import type { BrokerLimits } from "../gateway/contract.ts";
import type { Properties } from "./properties.ts";

/** What a broker does that says nothing. The largest packet is what MQTT can say. */
const EVERYTHING: BrokerLimits = { receiveMax: 65_535, maxQos: 2, retains: true, packetOctetsMax: 268_435_460 };

/** What the broker does not do, by the properties of its CONNACK (MQTT 5 §3.2.2.3). */
export function brokerLimits(properties: Properties): BrokerLimits {
  const { receiveMaximum, maximumQoS, retainAvailable, maximumPacketSize } = properties;
  return {
    receiveMax: receiveMaximum ?? EVERYTHING.receiveMax,
    maxQos: maximumQoS === 0 || maximumQoS === 1 ? maximumQoS : EVERYTHING.maxQos,
    retains: retainAvailable ?? EVERYTHING.retains,
    packetOctetsMax: maximumPacketSize ?? EVERYTHING.packetOctetsMax,
  };
}

/**
 * What of it takes something away from devices, for people: a text for each thing, also for those that only the broker has to see to. How
 * much may be unfinished at once is not among it: most brokers say a number, and hardly a device comes near it.
 */
export function limitTexts(properties: Properties): string[] {
  const { maxQos, retains, packetOctetsMax } = brokerLimits(properties);
  const { wildcardSubscriptionAvailable, sharedSubscriptionAvailable } = properties;
  const texts: string[] = [];
  if (maxQos < EVERYTHING.maxQos) texts.push(`QoS ${maxQos} at most`);
  if (!retains) texts.push("no retained messages");
  if (packetOctetsMax < EVERYTHING.packetOctetsMax) texts.push(`packets of ${packetOctetsMax} octets at most`);
  if (wildcardSubscriptionAvailable === false) texts.push("no wildcards in subscriptions");
  if (sharedSubscriptionAvailable === false) texts.push("no shared subscriptions");
  return texts;
}
