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

/** The same for people, and what else is said there: one text for each thing that is not as much as there can be. */
export function limitTexts(properties: Properties): string[] {
  const { receiveMax, maxQos, retains, packetOctetsMax } = brokerLimits(properties);
  const { wildcardSubscriptionAvailable, sharedSubscriptionAvailable } = properties;
  const texts: string[] = [];
  if (maxQos < EVERYTHING.maxQos) texts.push(`QoS ${maxQos} at most`);
  if (!retains) texts.push("no retained messages");
  if (packetOctetsMax < EVERYTHING.packetOctetsMax) texts.push(`packets of ${packetOctetsMax} octets at most`);
  if (receiveMax < EVERYTHING.receiveMax) texts.push(`${receiveMax} unfinished messages of QoS 1 and 2 at most`);
  if (wildcardSubscriptionAvailable === false) texts.push("no wildcards in subscriptions");
  if (sharedSubscriptionAvailable === false) texts.push("no shared subscriptions");
  return texts;
}
