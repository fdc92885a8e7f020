/** What can be set in the core. Times in milliseconds. The configuration file's names and defaults are in src/app. */
export interface Settings {
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
  /** Sessions at once, half-open ones included; and as many stored ones of disconnected clients. */
  clientsMax: number;
  /** Longest ClientId that is accepted, in octets of UTF-8. The standard says 23 characters (C6). */
  clientIdOctetsMax: number;
  /** Normal topic ids of one client. */
  topicsMax: number;
  /** The longest topic name or filter that is taken from a client, in octets of UTF-8. */
  topicOctetsMax: number;
  /** Subscriptions of one client. */
  subscriptionsMax: number;
  /** Requests of one client that wait for the broker at once (P4). */
  inFlightMax: number;
  /** Messages that wait for one client. */
  queuedMax: number;
  /** Octets of topic and payload that wait for one client. */
  queuedOctetsMax: number;
  /** Messages that a client is sent in one awake period (Z8). */
  awakeMessagesMax: number;
  /** The largest message that is sent to a client, in octets (G5). */
  datagramOctetsMax: number;
  /** DISCONNECTs per second to senders without a session, all together; one address gets one a second (X7). */
  strangerAnswersPerSecond: number;
  /** Predefined topic ids. */
  predefinedTopics: readonly PredefinedTopic[];
}

export interface PredefinedTopic {
  id: number;
  topic: string;
  /** The client for which it stands; undefined is all clients. */
  clientId: string | undefined;
}

export const DEFAULT_SETTINGS: Settings = {
  tRetryMs: 10_000,
  nRetry: 3,
  keepAliveFactor: undefined,
  idleLimitMs: 86_400_000,
  connectTimeoutMs: 10_000,
  clientsMax: 10_000,
  clientIdOctetsMax: 256,
  topicsMax: 1000,
  topicOctetsMax: 1024,
  subscriptionsMax: 1000,
  inFlightMax: 64,
  queuedMax: 100,
  queuedOctetsMax: 65_536,
  awakeMessagesMax: 1000,
  datagramOctetsMax: 1200,
  strangerAnswersPerSecond: 1000,
  predefinedTopics: [],
};
