import type { Client } from "./client.ts";
import { encodePublish, obstacleTo } from "./outbound-message.ts";
import { outboundTopicOf } from "./outbound-topic.ts";
import type { PublishPacket } from "./packet.ts";

/**
 * Sends a message of QoS 0 to a client for whom nothing waits, without a place in its queue. False where it cannot go at once: the client
 * has to be told of its topic id first, or cannot have it.
 */
export function passes(client: Client, packet: PublishPacket): boolean {
  const topic = outboundTopicOf(client, packet.topic);
  if (typeof topic === "string" || obstacleTo(client, packet, topic) !== undefined) return false;
  client.send(encodePublish(topic, false, packet));
  client.figures.countDelivered(0);
  return true;
}
