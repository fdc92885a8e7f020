/**
 * The MQTT packets the core speaks, in the shape of `mqtt-packet`'s objects, so that nothing is converted on the way. CONNECT,
 * CONNACK, PINGREQ and DISCONNECT are not here: they belong to the link.
 */

/** QoS of MQTT. */
export type MqttQoS = 0 | 1 | 2;

export interface Will {
  topic: string;
  payload: Uint8Array;
  qos: MqttQoS;
  retain: boolean;
}

export interface PublishPacket {
  cmd: "publish";
  topic: string;
  payload: Uint8Array;
  qos: MqttQoS;
  retain: boolean;
  dup: boolean;
  /** The packet identifier; 0 at QoS 0. */
  messageId: number;
}

export interface AckPacket {
  cmd: "puback" | "pubrec" | "pubrel" | "pubcomp";
  messageId: number;
  /** The reason code of MQTT 5, where it is not 0: from 0x80 on it is a failure. */
  reasonCode?: number;
}

export interface SubscribePacket {
  cmd: "subscribe";
  messageId: number;
  subscriptions: { topic: string; qos: MqttQoS }[];
}

export interface UnsubscribePacket {
  cmd: "unsubscribe";
  messageId: number;
  unsubscriptions: string[];
}

export interface SubackPacket {
  cmd: "suback";
  messageId: number;
  /** For each filter the granted QoS, or the failure: 0x80, or another reason code of MQTT 5 from there on. */
  granted: number[];
}

export interface UnsubackPacket {
  cmd: "unsuback";
  messageId: number;
}

export type PacketToBroker = PublishPacket | AckPacket | SubscribePacket | UnsubscribePacket;

export type PacketFromBroker = PublishPacket | AckPacket | SubackPacket | UnsubackPacket;
