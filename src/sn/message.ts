import type { TopicIdType } from "./topic-id-type.ts";

/** QoS as a PUBLISH may carry it: −1 needs no connection and gets no answer (§6.8). */
export type QoS = 0 | 1 | 2 | -1;

/**
 * A text field as it came off the wire; null where its octets are not UTF-8. The message around it is still answered (T5), so this
 * is not a decoding error.
 */
export type Text = string | null;

export interface Advertise {
  type: "ADVERTISE";
  gwId: number;
  /** Seconds until the gateway's next ADVERTISE. */
  duration: number;
}

export interface SearchGw {
  type: "SEARCHGW";
  radius: number;
}

export interface GwInfo {
  type: "GWINFO";
  gwId: number;
  /** Empty when a gateway sends it; its coding is undefined. */
  gwAdd: Uint8Array;
}

export interface Connect {
  type: "CONNECT";
  will: boolean;
  cleanSession: boolean;
  protocolId: number;
  /** Keep alive in seconds. */
  duration: number;
  clientId: Text;
}

/** A message that is its return code and nothing else. */
export interface Answer {
  type: "CONNACK" | "WILLTOPICRESP" | "WILLMSGRESP";
  returnCode: number;
}

/** A message without any field. */
export interface Bare {
  type: "WILLTOPICREQ" | "WILLMSGREQ" | "PINGRESP";
}

/** WILLTOPIC sets the will topic while connecting, WILLTOPICUPD changes it later. The empty form deletes the will (W2, W7). */
export type WillTopic =
  | { type: "WILLTOPIC" | "WILLTOPICUPD"; empty: true }
  | { type: "WILLTOPIC" | "WILLTOPICUPD"; empty: false; qos: QoS; retain: boolean; willTopic: Text };

export interface WillMsg {
  type: "WILLMSG" | "WILLMSGUPD";
  willMsg: Uint8Array;
}

export interface Register {
  type: "REGISTER";
  /** 0x0000 from a client. */
  topicId: number;
  msgId: number;
  topicName: Text;
}

/** REGACK answers REGISTER, PUBACK answers PUBLISH: same fields, same layout (§5.4.11, §5.4.13). */
export interface TopicAck {
  type: "REGACK" | "PUBACK";
  topicId: number;
  msgId: number;
  returnCode: number;
}

export interface Publish {
  type: "PUBLISH";
  dup: boolean;
  qos: QoS;
  retain: boolean;
  topicIdType: TopicIdType;
  /** The id, or the two octets of a short topic name. */
  topicId: number;
  /** 0x0000 at QoS 0 and −1. */
  msgId: number;
  data: Uint8Array;
}

/** A message that is its MsgId and nothing else. */
export interface MsgIdOnly {
  type: "PUBREC" | "PUBREL" | "PUBCOMP" | "UNSUBACK";
  msgId: number;
}

/** The topic of SUBSCRIBE and UNSUBSCRIBE: a name or filter, or the two octets of a predefined id or short name. */
export type SubscriptionTopic =
  | { topicIdType: "normal"; topicName: Text }
  | { topicIdType: "predefined" | "short"; topicId: number }
  | { topicIdType: "reserved" };

export type Subscribe = { type: "SUBSCRIBE"; dup: boolean; qos: QoS; msgId: number } & SubscriptionTopic;

export type Unsubscribe = { type: "UNSUBSCRIBE"; msgId: number } & SubscriptionTopic;

export interface SubAck {
  type: "SUBACK";
  /** The QoS that was granted. */
  qos: QoS;
  topicId: number;
  msgId: number;
  returnCode: number;
}

export interface PingReq {
  type: "PINGREQ";
  /** Empty as a keep alive; the client's id when it wakes up. */
  clientId: Text;
}

export interface Disconnect {
  type: "DISCONNECT";
  /** Sleep time in seconds; undefined in the two-octet form. */
  duration: number | undefined;
}

/** A forwarder's envelope (§5.5). `data` is the inner message with its own header, not decoded. */
export interface Encapsulated {
  type: "ENCAPSULATED";
  /** 0 to 3; meaningful only towards the forwarder (E3). */
  radius: number;
  wirelessNodeId: Uint8Array;
  data: Uint8Array;
}

/** Every message of MQTT-SN 1.2. The order of the union has no meaning. */
export type Message =
  | Advertise
  | SearchGw
  | GwInfo
  | Connect
  | Answer
  | Bare
  | WillTopic
  | WillMsg
  | Register
  | TopicAck
  | Publish
  | MsgIdOnly
  | Subscribe
  | SubAck
  | Unsubscribe
  | PingReq
  | Disconnect
  | Encapsulated;
