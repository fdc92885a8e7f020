import type { Effect, GatewayEvent } from "../../src/gateway/contract.ts";

/** An event of the gateway on one line. */
export function eventText(event: GatewayEvent): string {
  if (event.type === "broker-reachable") return `the broker ${event.reachable ? "can" : "cannot"} be reached`;
  if (event.type !== "packet") return "link" in event ? `link ${event.link} ${event.type}` : event.type;
  return `link ${event.link} ${packetText(event.packet)}`;
}

/** An effect on a link on one line. */
export function linkEffectText(effect: Extract<Effect, { link: number }>): string {
  return `link ${effect.link} ${doingText(effect)}`;
}

function doingText(effect: Extract<Effect, { link: number }>): string {
  if (effect.type === "write") return packetText(effect.packet);
  if (effect.type === "close") return `close${effect.disconnect ? " with DISCONNECT" : ""}`;
  if (effect.type !== "open") return effect.type;
  const { clientId, cleanSession, will } = effect.connect;
  return `open for ${clientId}${cleanSession ? ", clean session" : ""}${will === undefined ? "" : `, will ${will.topic}`}`;
}

function packetText(packet: {
  cmd: string;
  messageId: number;
  topic?: string;
  payload?: Uint8Array;
  qos?: number;
  dup?: boolean;
}): string {
  const { cmd, messageId, topic, payload, qos, dup } = packet;
  if (topic === undefined) return `${cmd} ${messageId}`;
  return `${cmd} ${messageId} ${topic} QoS ${qos}${dup === true ? " dup" : ""} ${Buffer.from(payload!).toString()}`;
}
