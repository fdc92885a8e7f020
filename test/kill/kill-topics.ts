import type { DeviceTopic, ReceivedMessage } from "../../src/device/contract.ts";
import { encodeShortName } from "../../src/sn/short-name.ts";
import type { DevicePlan } from "./device-plan.ts";

/** A topic as MQTT has it, and as a device names it. */
export interface KillTopic {
  name: string;
  asDevice: DeviceTopic;
}

/** Predefined topic ids, which the gateway's configuration has too. */
export const PREDEFINED = [
  { id: 7, topic: "kill/predefined/down" },
  { id: 8, topic: "kill/predefined/up" },
] as const;

const [PREDEFINED_DOWN, PREDEFINED_UP] = PREDEFINED;

/** The topics of messages to every durable device. */
export const SHARED_DOWN: readonly KillTopic[] = [predefined(PREDEFINED_DOWN), short("kd")];

/** Filters of the far end, which together match everything that devices publish. */
export const UP_FILTERS = ["kill/up/#", PREDEFINED_UP.topic, "ku"] as const;

/** What a device subscribes to. */
export function subscriptionsOf({ clientId, cleanSession }: DevicePlan): { topic: DeviceTopic; qos: 1 | 2 }[] {
  const wildcard = { topic: normal(`kill/down/${clientId}/#`).asDevice, qos: 2 } as const;
  if (cleanSession) return [wildcard];
  return [
    wildcard,
    { topic: normal(exact(clientId)).asDevice, qos: 1 },
    ...SHARED_DOWN.map(({ asDevice }) => ({ topic: asDevice, qos: 2 as const })),
  ];
}

/** Where messages to one device go: one of as many topics below its wildcard, or the one that it has subscribed to by name. */
export function downTopic(clientId: string, number: number): string {
  return number === 0 ? exact(clientId) : `kill/down/${clientId}/${number}`;
}

/** The QoS at which a message to this topic comes to a device. */
export function grantedQos(topic: string, published: 1 | 2): 1 | 2 {
  return topic.startsWith(exact("")) ? 1 : published;
}

/** Where a device publishes. */
export function upTopic(clientId: string, number: number): KillTopic {
  if (number === 0) return predefined(PREDEFINED_UP);
  return number === 1 ? short("ku") : normal(`kill/up/${clientId}/${number}`);
}

/** The name of the topic under which a device has got a message. */
export function nameOf({ topicIdType, topicId, topicName }: ReceivedMessage): string {
  if (topicIdType !== "predefined") return topicName ?? `topic id ${topicId}`;
  return PREDEFINED.find(({ id }) => id === topicId)?.topic ?? `predefined topic id ${topicId}`;
}

function exact(clientId: string): string {
  return `kill/exact/${clientId}`;
}

function normal(name: string): KillTopic {
  return { name, asDevice: { topicIdType: "normal", topicName: name } };
}

function predefined({ id, topic }: { id: number; topic: string }): KillTopic {
  return { name: topic, asDevice: { topicIdType: "predefined", topicId: id } };
}

function short(name: string): KillTopic {
  return { name, asDevice: { topicIdType: "short", topicId: encodeShortName(name)! } };
}
