import type { DeviceQoS, DeviceTopic } from "../../src/device/contract.ts";
import type { Random } from "../../src/device/random.ts";
import type { PredefinedTopic } from "../../src/gateway/settings.ts";
import { encodeShortName } from "../../src/sn/short-name.ts";
import type { Traits } from "./models/traits.ts";

/** A topic that a device publishes or subscribes to, with the name that the broker knows it by. */
export interface NamedTopic {
  topic: DeviceTopic;
  name: string;
}

/** Predefined ids that every device has; the gateway is configured with `predefinedTopicsOf`. */
const PREDEFINED_UP = 1;
const PREDEFINED_DOWN = 2;

/** What this device's predefined ids stand for. */
export function predefinedTopicsOf(clientId: string): PredefinedTopic[] {
  return [
    { id: PREDEFINED_UP, topic: `up/${clientId}/predefined`, clientId },
    { id: PREDEFINED_DOWN, topic: `down/${clientId}/predefined`, clientId },
  ];
}

/** What one device publishes to, what it subscribes to, and how the far end reaches it. */
export class ClientTopics {
  readonly publish: NamedTopic[];
  readonly subscribe: (NamedTopic & { qos: DeviceQoS })[];
  /** The names on which the far end reaches this device. */
  readonly down: string[];

  constructor(clientId: string, index: number, { topics, qosMax }: Traits, random: Random) {
    const up = `${String.fromCharCode(65 + index)}u`;
    const down = `${String.fromCharCode(65 + index)}d`;
    const qos = () => random.integer(0, qosMax) as DeviceQoS;
    this.publish = [named(`up/${clientId}/a`), named(`up/${clientId}/b`)];
    this.subscribe = [{ ...named(`down/${clientId}/plain`), qos: qos() }];
    this.down = [`down/${clientId}/plain`];
    if (topics.wildcard) {
      this.subscribe.push({ ...named(`down/${clientId}/wild/#`), qos: qos() });
      for (let level = 0; level < 5; level += 1) this.down.push(`down/${clientId}/wild/${level}`);
    }
    if (topics.predefined) {
      this.publish.push({ ...predefined(PREDEFINED_UP), name: `up/${clientId}/predefined` });
      this.subscribe.push({ ...predefined(PREDEFINED_DOWN), name: `down/${clientId}/predefined`, qos: qos() });
      this.down.push(`down/${clientId}/predefined`);
    }
    if (topics.short) {
      this.publish.push(short(up));
      this.subscribe.push({ ...short(down), qos: qos() });
      this.down.push(down);
    }
  }
}

function named(topicName: string): NamedTopic {
  return { topic: { topicIdType: "normal", topicName }, name: topicName };
}

function predefined(topicId: number): { topic: DeviceTopic } {
  return { topic: { topicIdType: "predefined", topicId } };
}

function short(name: string): NamedTopic {
  return { topic: { topicIdType: "short", topicId: encodeShortName(name)! }, name };
}
