import type { Instant } from "../../../src/gateway/contract.ts";

/** A message of the gateway that the client has to answer. */
export interface OpenExchange {
  kind: "REGISTER" | "PUBLISH" | "PUBREL";
  msgId: number;
  topicId: number;
  qos: number;
  /** When it was begun, for the first time or again after a sleep. */
  since: Instant;
  /** The client said PUBREC: the broker has the next word. */
  isReceived: boolean;
}
