import { Random } from "../../src/device/random.ts";
import type { MqttQoS } from "../../src/gateway/packet.ts";

/** What the broker of a world does otherwise than one that has everything, and what stands before its topics. */
export interface BrokerHabits {
  /** `topics.mountpoint` of the gateways; empty is none. */
  mountpoint: string;
  /** The highest QoS that it bears from a client. */
  maxQos: MqttQoS;
  /** Whether it bears what is to be retained. */
  retains: boolean;
  /** PUBLISHes of QoS 1 and 2 of one client that it bears unfinished at once. */
  receiveMax: number;
  /** It speaks MQTT 5: gateways hear that of itself, and not by their settings, and it says why it ends a connection. */
  speaksMqtt5: boolean;
  /** The shares of PUBLISHes that it answers with quota exceeded, with not authorized, and with a success of another name. */
  quota: number;
  denials: number;
  oddSuccesses: number;
  /** It says that it has no session of a client, and has it. */
  deniesSessions: boolean;
}

const PLAIN: BrokerHabits = {
  mountpoint: "",
  maxQos: 2,
  retains: true,
  receiveMax: Number.POSITIVE_INFINITY,
  speaksMqtt5: false,
  quota: 0,
  denials: 0,
  oddSuccesses: 0,
  deniesSessions: false,
};

const MOUNTPOINTS = ["site/", `of/\${clientId}/`, "s"];

/** Draws from numbers of its own, so that the rest of a world is the same with or without. */
export function drawHabits(seed: number): BrokerHabits {
  const random = new Random(seed ^ 0xb40ce5);
  if (random.next() < 0.4) return PLAIN;
  const speaksMqtt5 = random.next() < 0.5;
  const happens = (share: number) => random.next() < share;
  return {
    mountpoint: happens(0.4) ? MOUNTPOINTS[random.integer(0, MOUNTPOINTS.length - 1)]! : "",
    maxQos: happens(0.4) ? 1 : 2,
    retains: !happens(0.3),
    receiveMax: speaksMqtt5 && happens(0.6) ? random.integer(1, 4) : Number.POSITIVE_INFINITY,
    speaksMqtt5,
    quota: speaksMqtt5 && happens(0.4) ? random.next() * 0.3 : 0,
    denials: speaksMqtt5 && happens(0.3) ? random.next() * 0.2 : 0,
    oddSuccesses: speaksMqtt5 && happens(0.3) ? random.next() : 0,
    deniesSessions: happens(0.1),
  };
}
