import type { DeviceTopic, Request } from "./contract.ts";

/** Octets of a request's message beside its data or name, at most, with the long header. */
const OVERHEAD_OCTETS = 9;

/** How long the longest message of a request is, in octets. */
export function octetsOf(request: Request): number {
  return OVERHEAD_OCTETS + variableOctets(request);
}

function variableOctets(request: Request): number {
  switch (request.type) {
    case "register":
      return Buffer.byteLength(request.topicName);
    case "update-will-topic":
      return Buffer.byteLength(request.topic?.willTopic ?? "");
    case "update-will-message":
      return request.willMsg.length;
    case "publish":
      return Math.max(nameOctets(request.topic), request.data.length);
    default:
      return nameOctets(request.topic);
  }
}

/** A name is registered or subscribed to; the two octets of the other kinds are part of what every message has. */
function nameOctets(topic: DeviceTopic): number {
  return topic.topicIdType === "normal" ? Buffer.byteLength(topic.topicName) : 0;
}
