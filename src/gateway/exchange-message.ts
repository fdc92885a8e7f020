import type { Message } from "../sn/message.ts";
import type { ClientRecord } from "./client-record.ts";
import type { Instant } from "./contract.ts";
import { register } from "./registration.ts";

/**
 * A message of a connected client that begins an exchange or belongs to one: what it asks (§6.5 to §6.9), and what it answers to us
 * (§6.10). `askedIn` is the period of the client in which it came; see `Client.sleeps`.
 */
export function takeExchangeMessage(client: ClientRecord, message: Message, askedIn: number, now: Instant): void {
  const { requests, deliveries } = client;
  switch (message.type) {
    case "PUBLISH":
      requests.publish(message, askedIn, now);
      return;
    case "PUBREL":
      requests.release(message, askedIn, now);
      return;
    case "REGISTER":
      register(client, message);
      return;
    case "SUBSCRIBE":
      requests.subscribe(message, askedIn);
      return;
    case "UNSUBSCRIBE":
      requests.unsubscribe(message, askedIn);
      return;
    case "REGACK":
      deliveries.onRegAck(message, now);
      break;
    case "PUBACK":
      deliveries.onPubAck(message, now);
      break;
    case "PUBREC":
      deliveries.onPubRec(message, now);
      break;
    case "PUBCOMP":
      deliveries.onPubComp(message, now);
      break;
  }
  deliveries.advance(now);
}
