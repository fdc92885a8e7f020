import type { Address } from "./contract.ts";
import type { Will } from "./packet.ts";
import type { Subscription } from "./subscription-table.ts";

/** What of one client survives a restart: plain data, which whoever keeps it may write as it likes. */
export interface SavedSession {
  readonly clientId: string;
  /** CleanSession=0. */
  readonly durable: boolean;
  /**
   * What becomes of it after a restart: an active client goes on without noticing, a sleeping one wakes up as if nothing had happened
   * (one that was awake has gone back to sleep), of one that is disconnected the stored session is there when it connects.
   */
  readonly state: "active" | "asleep" | "disconnected";
  /** Where the client was heard last; where it is behind a forwarder, where that is. */
  readonly address: Address;
  /** The client among the nodes of its forwarder; undefined where it has none (§5.5). */
  readonly wirelessNodeId: Uint8Array | undefined;
  /** The Duration of its CONNECT, in seconds. */
  readonly keepAlive: number;
  /** The Duration of its last DISCONNECT, in seconds; 0 where it never slept. */
  readonly sleepDuration: number;
  readonly will: Will | undefined;
  readonly topics: readonly SavedTopic[];
  readonly subscriptions: readonly Subscription[];
  /** What stood before every topic of it towards the broker. */
  readonly mountpoint: string;
  /** Its PUBLISHes of QoS 2 that the broker has, and whose exchange was not over. */
  readonly openPublishes: readonly SavedPublish[];
  /** The packet identifier of the message that the client was sent and had not acknowledged; 0 for none. */
  readonly inFlight: number;
}

/** A normal topic id of a client. */
export interface SavedTopic {
  readonly id: number;
  readonly name: string;
  /** The client was told of it (T11). */
  readonly announced: boolean;
}

/** A QoS 2 exchange of a client that was open. */
export interface SavedPublish {
  readonly msgId: number;
  /** What stands for the MsgId towards the broker: nearly always the same number. */
  readonly packetId: number;
  /** By which its PUBLISH is told from another one with the same MsgId; undefined where only the PUBREL was seen. */
  readonly fingerprint: number | undefined;
  readonly released: boolean;
}

/** What of the gateway survives a restart. */
export interface SavedGateway {
  readonly sessions: readonly SavedSession[];
  /** The topic id that was handed out last. */
  readonly lastTopicId: number;
  /** The gateway ended in order, and nothing has been handed out since; else it may be that something was that is not saved. */
  readonly endedInOrder?: boolean;
}
