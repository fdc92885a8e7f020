import type { BrokerVersion } from "./broker-version.ts";
import type { LinkCredentials } from "./link-credentials.ts";
import type { LinkScheduler } from "./link-scheduler.ts";
import type { OpenBrokerStream } from "./open-broker-stream.ts";

/** How a link is made, besides what its client wants. */
export interface LinkOptions extends LinkCredentials {
  openStream: OpenBrokerStream;
  /** The link's own keep alive; 0 is none. */
  keepAliveSeconds: number;
  /**
   * How long nothing may come from a broker that owes an answer before it is sent a PINGREQ, and how long after that before the
   * connection is given up.
   */
  answerTimeoutMs: number;
  version: BrokerVersion;
  /** MQTT 5: how long the broker is to keep a session that outlasts its connection, in seconds; 0xFFFFFFFF is for ever. */
  sessionExpirySeconds: number;
  /** MQTT 5: PUBLISHes of QoS 1 and 2 that the broker may have unfinished towards us at once; 1 to 65,535. */
  receiveMax: number;
  /** MQTT 5: the broker keeps the session for another time than it was asked for, in seconds. */
  onSessionExpiry?: (seconds: number) => void;
  /** Stands for the client's own client id. */
  clientId?: string | undefined;
  /** One for all links. */
  scheduler: LinkScheduler;
}
