import type { Instant } from "./contract.ts";
import type { MqttQoS } from "./packet.ts";
import type { SubscribeTopic } from "./requested-topic.ts";

interface Exchange {
  readonly msgId: number;
  readonly packetId: number;
  /** The period of the client in which it asked; see `Client.sleeps`. */
  askedIn: number;
}

export interface PublishExchange extends Exchange {
  readonly type: "publish";
  readonly qos: 1 | 2;
  readonly topicId: number;
  /** The topic's name, for the log; undefined of a PUBLISH of before a restart. */
  readonly topic: string | undefined;
  readonly fingerprint: number | undefined;
  /** It went to a broker without QoS 2 with QoS 1. */
  readonly carried: boolean;
  /**
   * sent: the broker has it; received: it said PUBREC; handed over: it said PUBACK to a message of QoS 2, and knows of no more to come;
   * released: the client said PUBREL.
   */
  phase: "sent" | "received" | "handed over" | "released";
  /** The connection was made anew since: the broker may not have got the PUBREL. */
  unsure: boolean;
  /** When it came. */
  readonly askedAt: Instant;
}

interface SubscribeExchange extends Exchange {
  readonly type: "subscribe";
  readonly topic: SubscribeTopic;
  readonly qos: MqttQoS;
}

interface UnsubscribeExchange extends Exchange {
  readonly type: "unsubscribe";
  readonly filter: string;
}

/** A request that the gateway made for its client's sake; nobody waits for the answer. */
interface OwnExchange extends Exchange {
  readonly type: "own";
  /** What was subscribed to again. */
  readonly restored: readonly string[];
}

/** A request that waits for the broker. */
export type OpenExchange = PublishExchange | SubscribeExchange | UnsubscribeExchange | OwnExchange;
