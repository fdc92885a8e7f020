/**
 * How a simulated or commanded MQTT-SN client and the world talk.
 *
 *     device.handle(event, now) → effects        synchronous; never throws on input; a throw is a bug
 *     device.deadline                            the earliest instant at which it wants a `deadline` event
 *
 * Like the gateway's core it has no clock, socket, timer or log: whoever runs it performs the effects in their order.
 */
import type { MessageName } from "../sn/msg-type.ts";
import type { TopicIdType } from "../sn/topic-id-type.ts";

/** A point in time: milliseconds of a clock that never goes back. Its zero has no meaning. */
export type Instant = number;

/** Where a gateway is; opaque to the device, made by whoever runs it. */
export type Address = string;

/** The application's name for a request. It comes back in the request's outcome, exactly once. */
export type Token = number;

/** QoS of an exchange with an answer, or without one at 0. */
export type DeviceQoS = 0 | 1 | 2;

/** What one publishes or subscribes to: a name (or filter), or the two octets of a predefined id or short topic name. */
export type DeviceTopic =
  | { topicIdType: "normal"; topicName: string }
  | { topicIdType: "predefined" | "short"; topicId: number };

/** What has happened, or what the application wants. */
export type DeviceEvent =
  /** `from` may be left out where nothing but the gateway's datagrams can come. */
  | { type: "datagram"; data: Uint8Array; from?: Address }
  /** `device.deadline` has come. Early or late makes no difference: `now` decides. */
  | { type: "deadline" }
  /**
   * Become active: from disconnected, or from asleep or awake (Z12). With `sleep` right after it the device sleeps again as soon as the
   * requests that waited are finished. `gateway` is whom the device speaks with from now on; from another one it disconnects first (D3).
   */
  | { type: "connect"; gateway?: Address }
  /**
   * Go to sleep as soon as every request is finished, and stay so until `connect` or `disconnect`. With `wakeEveryMs` the device wakes up by
   * itself, and after a lost connection it goes back to sleep by itself.
   */
  | { type: "sleep"; duration: number; wakeEveryMs: number | undefined }
  /** Fetch what the gateway keeps for a sleeping device (Z4). */
  | { type: "wake" }
  /** Disconnect as soon as every request is finished; what cannot be finished now fails. */
  | { type: "disconnect" }
  | Request
  /** Sent at once, in any state: it needs no connection (N1). */
  | { type: "publish-unconnected"; topic: DeviceTopic; retain: boolean; data: Uint8Array };

/** What the gateway is asked for; waits for its turn, and for the device to be active. Answered by an outcome with its token. */
export type Request = RegisterRequest | PublishRequest | SubscribeRequest | WillRequest;

export interface RegisterRequest {
  type: "register";
  token: Token;
  topicName: string;
}

export interface PublishRequest {
  type: "publish";
  token: Token;
  topic: DeviceTopic;
  qos: DeviceQoS;
  retain: boolean;
  data: Uint8Array;
}

export interface SubscribeRequest {
  type: "subscribe" | "unsubscribe";
  /** undefined where the device renews a subscription by itself. */
  token: Token | undefined;
  topic: DeviceTopic;
  /** Without meaning in `unsubscribe`. */
  qos: DeviceQoS;
}

/** Changes the will of the connection, and of those to come (§6.4). */
export type WillRequest =
  /** `topic` undefined: delete the whole will (W7). */
  | { type: "update-will-topic"; token: Token; topic: WillTopicFields | undefined }
  | { type: "update-will-message"; token: Token; willMsg: Uint8Array };

export interface WillTopicFields {
  willTopic: string;
  qos: DeviceQoS;
  retain: boolean;
}

/** How a request ended. At QoS 0 "accepted" says that the message was sent. */
export type Result =
  | "accepted"
  /** The gateway refused for good; the return code says why. */
  | "refused"
  /** No answer after Nretry retransmissions: it is not known whether the gateway has it. */
  | "no answer"
  /** Not sent, since the connection ended or there was none. */
  | "not connected"
  /** Not sent, since as much waits as is allowed. */
  | "queue full"
  /** Not sent, since it does not fit into a datagram. */
  | "too long";

/** What is to be done, and what the application has to know. */
export type DeviceEffect = { type: "send"; data: Uint8Array } | Outcome;

export type Outcome =
  | { type: "connected" }
  /** The gateway refused CONNECT. */
  | { type: "refused"; returnCode: number }
  /** `reconnecting`: the device tries again by itself. Follows `refused` as well. */
  | { type: "disconnected"; reason: DisconnectReason; reconnecting: boolean }
  | { type: "registered"; token: Token; result: Result; returnCode: number }
  | { type: "published"; token: Token; result: Result; returnCode: number }
  /** The gateway did not take a message of QoS 0 that was told as "accepted" (P2). Which one is not known, only its topic id. */
  | { type: "publish-refused"; topicId: number; returnCode: number }
  /** `qos` is the QoS granted. */
  | { type: "subscribed"; token: Token; result: Result; returnCode: number; qos: number }
  | { type: "unsubscribed"; token: Token; result: Result }
  | { type: "will-updated"; token: Token; result: Result; returnCode: number }
  | ReceivedMessage
  | { type: "asleep" }
  /** The device sleeps again; `answered` is false where no PINGRESP came (Z9). */
  | { type: "awake-ended"; answered: boolean }
  | { type: "retransmitted"; message: MessageName }
  /** Nretry retransmissions had no answer. */
  | { type: "gave-up"; message: MessageName };

export type DisconnectReason = "asked" | "gateway" | "no answer" | "refused";

export interface ReceivedMessage {
  type: "message";
  /** undefined for a predefined id, whose name only the application knows. */
  topicName: string | undefined;
  topicIdType: TopicIdType;
  topicId: number;
  qos: DeviceQoS;
  retain: boolean;
  dup: boolean;
  data: Uint8Array;
}
