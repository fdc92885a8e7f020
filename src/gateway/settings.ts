import type { MqttQoS } from "./packet.ts";

/** What can be set in the core. Times in milliseconds. The configuration file's names and defaults are in src/app. */
export interface Settings {
  /** GwId (§5.3.6). */
  gatewayId: number;
  /** Whether SEARCHGW is answered and ADVERTISE sent. */
  discovery: boolean;
  /** TADV, a whole number of seconds up to 65535 (§7.2). */
  advertiseIntervalMs: number;
  /** Whether the gateway keeps still while another one advertises (D5). */
  standby: boolean;
  /** NADV: ADVERTISEs of another gateway that are missed before it counts as gone (§7.2). */
  nAdv: number;
  /** How far ADVERTISE goes, in hops; 0 is the whole network. */
  advertiseRadius: number;
  /** Whether forwarder encapsulation is accepted (§5.5). */
  forwarders: boolean;
  /** Whether PUBLISH with QoS −1 is accepted (N8). */
  qosMinusOne: boolean;
  /** PUBLISHes with QoS −1 per second from one source. */
  qosMinusOnePerSourcePerSecond: number;
  /** The same from all sources together. */
  qosMinusOnePerSecond: number;
  /** Whether a PINGREQ from a new address moves a sleeping client there. */
  migrateOnWake: boolean;
  /**
   * What the CONNECT of a sleeping client means (Z12): resume: it is active with its session as it was, whatever the flags say; prompt:
   * the same, but with Will=1 it is asked for its will before; new: what the CONNECT of any other client means.
   */
  wakeByConnect: "resume" | "prompt" | "new";
  /** Patterns of client ids that may connect, `*` for any characters; empty is all. */
  clientIdsAllowed: readonly string[];
  /** Patterns of client ids that may not. */
  clientIdsDenied: readonly string[];
  /** Patterns of client ids by which a client would be taken for the gateway's own connection. */
  clientIdsReserved: readonly string[];
  /** Tretry: how long the gateway waits for a client's answer before it sends again (§7.2). */
  tRetryMs: number;
  /** Nretry: how often it sends again before it gives up. */
  nRetry: number;
  /** Multiplies keep alive and sleep durations; undefined is the tolerance of the standard (K4). */
  keepAliveFactor: number | undefined;
  /** How long a client may be silent that connected with a keep alive of 0 (K5). */
  idleLimitMs: number;
  /** How long the broker may take to answer the CONNECT of a client. */
  connectTimeoutMs: number;
  /** First wait before a client's broker connection that was lost is made anew, and the longest. */
  reconnectMinMs: number;
  reconnectMaxMs: number;
  /** Connections per second that are made anew, all clients together. */
  reconnectsPerSecond: number;
  /** How long a client that is there may be without its broker connection before it is told. */
  outageLimitMs: number;
  /** Whether `save` has a use: there is a store. */
  savesSessions: boolean;
  /** Sessions at once, half-open ones included; and as many stored ones of disconnected clients. */
  clientsMax: number;
  /** Clients at once that have begun a CONNECT and not finished it. */
  setUpsMax: number;
  /** CONNECTs per second that begin a set-up. */
  connectsPerSecond: number;
  /** Longest ClientId that is accepted, in octets of UTF-8. The standard says 23 characters (C6). */
  clientIdOctetsMax: number;
  /** Normal topic ids of one client. */
  topicsMax: number;
  /** The longest topic name or filter that is taken from a client, in octets of UTF-8. */
  topicOctetsMax: number;
  /** The longest will message that is taken from a client, in octets. */
  willMsgOctetsMax: number;
  /** Subscriptions of one client. */
  subscriptionsMax: number;
  /** Requests of one client that wait for the broker at once (P4). */
  inFlightMax: number;
  /** Messages that wait for one client. */
  queuedMax: number;
  /** Octets of topic and payload that wait for one client. */
  queuedOctetsMax: number;
  /** Octets of memory for messages that wait in the gateway, to and from all clients together. */
  bufferedOctetsMax: number;
  /** Octets of memory for topic names and subscriptions of all clients together, stored sessions included. */
  namesOctetsMax: number;
  /** Messages that a client is sent in one awake period (Z8). */
  awakeMessagesMax: number;
  /** The largest message that is sent to a client, in octets (G5). */
  datagramOctetsMax: number;
  /** Answers per second to senders without a session, all together; one address gets one a second (X7). */
  strangerAnswersPerSecond: number;
  /** Predefined topic ids. */
  predefinedTopics: readonly PredefinedTopic[];
  /** Put before every topic towards the broker, and taken off again; `${clientId}` in it stands for the client. */
  mountpoint: string;
  /** The highest QoS that the broker is sent. */
  brokerMaxQos: MqttQoS;
  /** Whether the broker is told to retain what clients want retained. */
  brokerRetains: boolean;
  /** Characters that no topic may have towards the broker, for it would close the connection. */
  forbiddenInTopics: string;
}

export interface PredefinedTopic {
  id: number;
  /** `${clientId}` in it stands for the client. */
  topic: string;
  /** The client for which it stands; undefined is all clients. */
  clientId: string | undefined;
}

export const DEFAULT_SETTINGS: Settings = {
  gatewayId: 1,
  discovery: true,
  advertiseIntervalMs: 900_000,
  standby: false,
  nAdv: 3,
  advertiseRadius: 0,
  forwarders: true,
  qosMinusOne: true,
  qosMinusOnePerSourcePerSecond: 50,
  qosMinusOnePerSecond: 1000,
  migrateOnWake: false,
  wakeByConnect: "resume",
  clientIdsAllowed: [],
  clientIdsDenied: [],
  clientIdsReserved: ["mqtt-sn-gateway-*"],
  tRetryMs: 10_000,
  nRetry: 3,
  keepAliveFactor: undefined,
  idleLimitMs: 86_400_000,
  connectTimeoutMs: 10_000,
  reconnectMinMs: 1000,
  reconnectMaxMs: 60_000,
  reconnectsPerSecond: 500,
  outageLimitMs: 30_000,
  savesSessions: false,
  clientsMax: 10_000,
  setUpsMax: 5000,
  connectsPerSecond: 10_000,
  clientIdOctetsMax: 256,
  topicsMax: 1000,
  topicOctetsMax: 1024,
  willMsgOctetsMax: 1024,
  subscriptionsMax: 1000,
  inFlightMax: 64,
  queuedMax: 100,
  queuedOctetsMax: 65_536,
  bufferedOctetsMax: 268_435_456,
  namesOctetsMax: 268_435_456,
  awakeMessagesMax: 1000,
  datagramOctetsMax: 1200,
  strangerAnswersPerSecond: 1000,
  predefinedTopics: [],
  mountpoint: "",
  brokerMaxQos: 2,
  brokerRetains: true,
  forbiddenInTopics: "",
};
