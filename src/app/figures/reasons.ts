import type { NoteFields } from "../../gateway/contract.ts";

/** What the reasons of notes come to in metrics, in one word each, with what it means. The texts of the notes are for people. */
export const REASONS = {
  limit: "a limit of the configuration is reached; mqttsn_limits_reached_total says which",
  client_id: "the client id cannot be used",
  not_allowed: "`clients.allow` or `clients.deny`",
  protocol: "the CONNECT is of another protocol",
  will: "the will cannot be used, or there is none to change",
  broker: "the broker refused it",
  broker_silent: "the broker did not answer",
  broker_unreachable: "there is no connection to the broker",
  broker_connection: "the broker connection could not be made, or ended",
  broker_busy: "the broker takes no more at the moment",
  too_large: "larger than the broker takes",
  topic_id: "the topic id is not known",
  topic_name: "no topic name, or too long",
  not_supported: "the gateway does not do that",
  congestion: "the client is asked to try again later",
  forbidden_characters: "`broker.forbidden_characters`",
  mountpoint: "the topic does not fit `topics.mountpoint`",
  not_saved_yet: "topic ids wait for the disk",
  busy: "something else of the client is under way",
  switched_off: "switched off in the configuration",
  standby: "the gateway stands by",
  keep_alive: "silent for longer than its keep alive",
  sleep: "silent for longer than its sleep",
  no_answer: "the client did not answer",
  replaced: "another client uses its address",
  asked: "the client said DISCONNECT",
  sent_away: "whoever operates the gateway sent it away",
  stopping: "the gateway stops",
  refused_by_client: "the client refused it",
  length: "the Length is not that of the datagram",
  message_type: "a message type that there is not",
  field_missing: "the message is cut short",
  octets_left_over: "there is more than the message",
  nested: "an envelope in an envelope",
  not_for_gateway: "a message that gateways send, not receive",
  internal_error: "a bug of the gateway",
  other: "anything else: the log has it",
} as const;

export type Reason = keyof typeof REASONS;

/** What the core says, word by word. */
const BY_TEXT: ReadonlyMap<string, Reason> = new Map([
  ["the client id is empty", "client_id"],
  ["the client id is not UTF-8, or has control characters", "client_id"],
  ["the client id is too long", "client_id"],
  [
    "the client id is part of topics (topics.mountpoint, topics.predefined), and has / or + or # in it, or begins with $",
    "client_id",
  ],
  ["the client id is that of the gateway's own connection (broker.own_client_id)", "client_id"],
  ["the client id is not allowed: clients.allow, clients.deny", "not_allowed"],
  ["the will topic is not a topic name", "will"],
  ["the will topic is longer than clients.max_topic_length", "will"],
  ["the broker does not take the will topic: broker.forbidden_characters", "will"],
  ["a will cannot have QoS −1", "will"],
  ["the will message is longer than clients.max_will_length", "will"],
  ["there is no will topic", "will"],
  ["no answer from the broker", "broker_silent"],
  ["the broker cannot be reached", "broker_unreachable"],
  ["no broker connection for broker.outage_limit", "broker_unreachable"],
  ["broker connection lost while asleep", "broker_unreachable"],
  ["the broker has forgotten the session, and refused a subscription of it", "broker"],
  ["the broker has forgotten the session, and a message of QoS 2 with it", "broker"],
  ["the broker refused it when it was made again", "broker"],
  ["the broker sends more than there is room for, and no answer", "broker_silent"],
  ["the broker connection takes no more", "broker_busy"],
  ["the broker takes no more at once", "broker_busy"],
  ["too much waits for the broker connection", "broker_busy"],
  ["larger than the broker takes", "too_large"],
  ["it is larger than the broker takes", "too_large"],
  ["not a topic name, or longer than clients.max_topic_length", "topic_name"],
  ["not a topic name", "topic_name"],
  ["its short topic name is no topic name", "topic_name"],
  ["the broker does not take it: broker.forbidden_characters", "forbidden_characters"],
  ["the broker does not take its topic: broker.forbidden_characters", "forbidden_characters"],
  ["too many topic ids have not been saved yet", "not_saved_yet"],
  ["requests of the client are open", "busy"],
  ["another request has its MsgId", "busy"],
  ["it has a normal topic id, which needs a connection", "topic_id"],
  ["the predefined topic id is not known: topics.predefined", "topic_id"],
  ["its TopicIdType is reserved", "not_supported"],
  ["the client does not know the topic id", "topic_id"],
  ["its topic is not below topics.mountpoint", "mountpoint"],
  ["topics.mountpoint is another one for each client, and the sender is not connected", "mountpoint"],
  ["it is switched off: clients.qos_minus_one", "switched_off"],
  ["it is switched off: discovery.enabled", "switched_off"],
  ["forwarders are switched off: forwarders.enabled", "switched_off"],
  ["the gateway stands by", "standby"],
  ["silent for longer than its keep alive", "keep_alive"],
  ["silent for longer than its sleep", "sleep"],
  ["no answer", "no_answer"],
  ["no answer to a message", "no_answer"],
  ["no answer to REGISTER", "no_answer"],
  ["no answer during CONNECT", "no_answer"],
  ["its address is used by another client", "replaced"],
  ["DISCONNECT", "asked"],
  ["sent away", "sent_away"],
  ["sent away, and forgotten", "sent_away"],
  ["the gateway stops", "stopping"],
  ["the client refused the topic name", "refused_by_client"],
  ["the client refused the message", "refused_by_client"],
  ["length", "length"],
  ["reserved message type", "message_type"],
  ["field missing", "field_missing"],
  ["octets left over", "octets_left_over"],
  ["nested encapsulation", "nested"],
  ["internal error", "internal_error"],
]);

/** What it says with something of the moment in it. */
const BY_PATTERN: readonly (readonly [RegExp, Reason])[] = [
  [/^refused by the broker/, "broker"],
  [/ is not for a gateway$/, "not_for_gateway"],
  [/^ProtocolId /, "protocol"],
];

/** Return codes of refusals that have no other reason (§5.3.10). */
const BY_RETURN_CODE: readonly (Reason | undefined)[] = [undefined, "congestion", "topic_id", "not_supported"];

/** The word for why there is this note of the core; undefined where it has none, or one that is not known. */
export function reasonIn({ limit, reason, brokerReasonCode, returnCode }: NoteFields): Reason | undefined {
  if (limit !== undefined) return "limit";
  if (brokerReasonCode !== undefined) return "broker";
  if (typeof reason !== "string") return typeof returnCode === "number" ? BY_RETURN_CODE[returnCode] : undefined;
  return BY_TEXT.get(reason) ?? BY_PATTERN.find(([pattern]) => pattern.test(reason))?.[1];
}
