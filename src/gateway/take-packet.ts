import type { ClientRecord } from "./client-record.ts";
import type { Instant } from "./contract.ts";
import type { PacketFromBroker, PublishPacket } from "./packet.ts";

/** A packet of the broker, which begins an exchange or belongs to one: what it delivers (§6.10), and what it answers to the client. */
export function takePacket(client: ClientRecord, packet: PacketFromBroker, now: Instant): void {
  const { requests, deliveries } = client;
  switch (packet.cmd) {
    case "publish":
      deliver(client, packet, now);
      break;
    case "pubrel":
      deliveries.release(packet, now);
      break;
    case "suback":
      requests.subscribed(packet);
      break;
    case "unsuback":
      requests.unsubscribed(packet);
      break;
    default:
      requests.acknowledged(packet, now);
  }
}

function deliver({ deliveries, terms }: ClientRecord, packet: PublishPacket, now: Instant): void {
  const topic = terms.name(packet.topic);
  if (topic === undefined) deliveries.answers.refuse(packet, { reason: "its topic is not below topics.mountpoint" });
  else deliveries.receive(topic === packet.topic ? packet : { ...packet, topic }, now);
}
