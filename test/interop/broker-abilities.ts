import type { MqttQoS } from "../../src/gateway/packet.ts";

/** What a broker does, seen through the gateway with the options that it needs. */
export interface BrokerAbilities {
  /** The highest QoS that is left of a message, and that is granted. */
  maxQos: MqttQoS;
  /** Whom it gives retained messages to. */
  retained: "to everybody" | "not to wildcards" | "to nobody";
  /** Whether a message comes at the QoS of the subscription where that is lower, or always at that of the publisher. */
  lowersQos: boolean;
  /** Whether `$share/group/topic` has every message delivered to one of the group. */
  sharesSubscriptions: boolean;
  /** What comes of a publish that its access rules do not allow: a refusal, nothing at all, or the end of the connection. */
  deniedPublish: Denial;
  /** The same of a subscription; "silent" where it is granted, and nothing comes of it. */
  deniedSubscribe: Denial;
}

export type Denial = "told" | "silent" | "disconnected";

/** One that has everything. */
export const ALL_ABILITIES: BrokerAbilities = {
  maxQos: 2,
  retained: "to everybody",
  lowersQos: true,
  sharesSubscriptions: true,
  deniedPublish: "told",
  deniedSubscribe: "told",
};
