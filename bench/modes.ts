import type { MqttQoS } from "../src/gateway/packet.ts";

/** What the load of a mode is. */
export type Mode =
  /** Closed loop: nodes publish to the broker, or the broker's messages are delivered to nodes. */
  | { kind: "publish" | "deliver"; qos: MqttQoS }
  /** The same in an open loop. */
  | { kind: "open-publish" | "open-deliver"; qos: 0 | 1 }
  | { kind: "connect" }
  | { kind: "wake-up" }
  | { kind: "idle" }
  | { kind: "round-trip" }
  /** No load: the process alone, as in the other modes, or as it is by default, with its status page and its state on disk. */
  | { kind: "base"; byDefault: boolean };

/** Every mode, in the order in which they run. */
export const MODES: Readonly<Record<string, Mode>> = {
  "publish-qos0": { kind: "publish", qos: 0 },
  "publish-qos1": { kind: "publish", qos: 1 },
  "publish-qos2": { kind: "publish", qos: 2 },
  "deliver-qos0": { kind: "deliver", qos: 0 },
  "deliver-qos1": { kind: "deliver", qos: 1 },
  "deliver-qos2": { kind: "deliver", qos: 2 },
  connect: { kind: "connect" },
  "wake-up": { kind: "wake-up" },
  idle: { kind: "idle" },
  "round-trip": { kind: "round-trip" },
  "open-publish-qos0": { kind: "open-publish", qos: 0 },
  "open-publish-qos1": { kind: "open-publish", qos: 1 },
  "open-deliver-qos0": { kind: "open-deliver", qos: 0 },
  base: { kind: "base", byDefault: false },
  "base-default": { kind: "base", byDefault: true },
};

/** What the bare relay can do. */
export const BARE_MODES: readonly string[] = ["publish-qos0", "publish-qos1", "deliver-qos0"];
