/**
 * What the API answers, in the shape of its JSON; docs/openapi.yaml says the same to others. Times are milliseconds since 1970 (UTC),
 * durations carry their unit in the name, counts are since the gateway was started.
 */

/**
 * What a client is doing, in one word: connecting: in the middle of its CONNECT; active, asleep, awake; lost: silent for too long, or
 * replaced; disconnected: it said so, or was told; refused: it was let in at no time since; abandoned: it did not finish its CONNECT.
 */
export type ClientState =
  | "connecting"
  | "active"
  | "asleep"
  | "awake"
  | "lost"
  | "disconnected"
  | "refused"
  | "abandoned";

/** One client, as a list shows it. */
export interface ClientSummary {
  clientId: string;
  state: ClientState;
  /** `10.0.0.7:4711`; of a client behind a forwarder the forwarder's. */
  address: string;
  /** Which of the forwarder's nodes it is, in hexadecimal; null where it is behind none. */
  wirelessNodeId: string | null;
  /** CleanSession=0: its session is kept when it is gone. */
  durable: boolean;
  /** As it said in CONNECT. */
  keepAliveSeconds: number;
  /** As it said when it went to sleep last; 0 where it has not slept. */
  sleepSeconds: number;
  /** The time while the gateway's machine slept, or its process stood still, is not counted: what was before looks so much later. */
  lastSeen: number;
  /** When it will be taken for lost unless it is heard: for a client that sleeps, when it has to have woken up. Null where it is gone. */
  lostAt: number | null;
  link: "none" | "opening" | "open" | "renewing";
  /** Messages that wait for it, and their octets. */
  queued: number;
  queuedOctets: number;
  /** Requests of it that wait for the broker. */
  unanswered: number;
  subscriptions: number;
  topics: number;
  datagramsIn: number;
  octetsIn: number;
  datagramsOut: number;
  octetsOut: number;
  /** Its messages that the broker has; messages of the broker that it has, and that it was not given. */
  published: number;
  delivered: number;
  dropped: number;
  /** Requests of it that were refused: PUBLISH, REGISTER, SUBSCRIBE, changes of its will. */
  refused: number;
  /** PUBLISHes of it that came once more; messages that it was sent once more. */
  repeatedIn: number;
  repeatedOut: number;
  /** Connections that it began; a CONNECT by which it came out of its sleep is a wake-up. */
  connects: number;
  wakeUps: number;
  /** How it went last, and why; null where it has not gone since the gateway was started. */
  parted: { how: "disconnected" | "lost" | "refused" | "abandoned"; at: number; reason: string } | null;
}

/** `/api/clients`: one page of those that fit. */
export interface ClientList {
  /** How many fit, on all pages. */
  total: number;
  offset: number;
  limit: number;
  clients: ClientSummary[];
  /** How many there are in each state, whether they fit or not. */
  states: Record<ClientState, number>;
}

/** Something that happened, as the log has it. */
export interface LoggedEvent {
  at: number;
  level: "trace" | "debug" | "info" | "warn" | "error";
  name: string;
  message: string;
  /** The client that it is about, where it is about one. */
  clientId: string | null;
}

/** `/api/clients/{clientId}` */
export interface ClientDetails extends ClientSummary {
  subscribed: { filter: string; qos: 0 | 1 | 2; topicIdType: "normal" | "predefined" | "short"; topicId: number }[];
  /** `announced`: the client knows the id in its present connection. `suppressed`: it refuses to know the name. */
  topicIds: { id: number; name: string; announced: boolean; suppressed: boolean }[];
  /** Without its message. */
  will: { topic: string; qos: 0 | 1 | 2; retain: boolean; octets: number } | null;
  /** The last things that happened in its session, oldest first: messages of the client in capitals, packets of the broker in small letters. */
  events: { at: number; event: string; id: number }[];
  /** What the log had to say of it lately, oldest first. */
  log: LoggedEvent[];
}

/** One datagram, as `/api/clients/{clientId}/trace` sends it (event `datagram`). */
export interface TracedDatagram {
  at: number;
  /** Seen from the gateway. */
  direction: "in" | "out";
  octets: number;
  /** The message in words. */
  text: string;
  /** The datagram in hexadecimal. */
  hex: string;
}

/** `/api/gateway` */
export interface GatewayStatus {
  version: string;
  gatewayId: number;
  node: string;
  startedAt: number;
  now: number;
  ready: boolean;
  listeners: string[];
  broker: {
    /** Without user name and password. */
    url: string;
    reachable: boolean;
    /** Since when it is so; null before the first answer. */
    since: number | null;
    /** Why it cannot be reached; null while it can. */
    reason: string | null;
    /** How often it could not be reached any more. */
    outages: number;
    mqttVersion: 4 | 5;
  };
  /** Sessions with a client, and the most there may be (clients.max). */
  sessions: number;
  sessionsMax: number;
  states: Record<ClientState, number>;
  /** Messages that wait in the gateway, and the octets of memory that they take; the most there may be (clients.max_buffered_bytes). */
  queued: number;
  queuedOctets: number;
  queuedOctetsMax: number;
  /** By QoS: 0, 1, 2. */
  published: [number, number, number];
  publishedWithoutConnection: number;
  delivered: [number, number, number];
  repeatedByClients: number;
  repeatedToClients: number;
  wakeUps: number;
  datagramsIn: number;
  octetsIn: number;
  datagramsOut: number;
  octetsOut: number;
  process: { residentOctets: number; cpuSeconds: number; eventLoopDelayP99Ms: number | null };
  /** Limits of the configuration that were reached, by key, and how often. */
  limitsReached: Record<string, number>;
  /** What the log had to say lately at info or above, oldest first. */
  log: LoggedEvent[];
}

/** One point of `/api/history`: rates over the time since the point before. */
export interface HistoryPoint {
  at: number;
  datagramsInPerSecond: number;
  datagramsOutPerSecond: number;
  publishedPerSecond: number;
  deliveredPerSecond: number;
  repeatedPerSecond: number;
  /** Clients that are active, asleep or awake. */
  clients: number;
  asleep: number;
  brokerReachable: boolean;
}

/** `/api/history?range=10m` or `24h`, oldest first. */
export interface History {
  range: "10m" | "24h";
  intervalSeconds: number;
  points: HistoryPoint[];
}

/** What is answered where a request cannot be: `message` says why, for people. */
export interface ApiError {
  error: string;
  message: string;
}
