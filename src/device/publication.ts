import type { Publish } from "../sn/message.ts";
import type { PublishRequest } from "./contract.ts";
import type { Retry } from "./retry.ts";
import type { Waiting } from "./waiting.ts";

/** The message that is being published. Its MsgId stays the same from one connection to the next, so that QoS 2 remains exactly once. */
export interface Publication {
  readonly request: PublishRequest;
  msgId: number;
  sent: boolean;
  /** PUBREC has come: what is outstanding is PUBREL. */
  received: boolean;
  /** The topic was registered again in this connection, after PUBACK 0x02. */
  registeredAgain: boolean;
  congestions: number;
  /** undefined while it waits for a topic id, for TWAIT or for a connection. */
  retry: Retry | undefined;
}

/** undefined where nothing waits. */
export function publicationOf(waiting: Waiting<PublishRequest> | undefined): Publication | undefined {
  if (waiting === undefined) return undefined;
  const { request, congestions } = waiting;
  return { request, msgId: 0, sent: false, received: false, registeredAgain: false, congestions, retry: undefined };
}

/** With DUP where it was sent before (R3). */
export function publishMessage({ request, msgId, sent }: Publication, topicId: number): Publish {
  const { qos, retain, topic, data } = request;
  return { type: "PUBLISH", dup: sent, qos, retain, topicIdType: topic.topicIdType, topicId, msgId, data };
}
