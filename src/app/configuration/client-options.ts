/** The options that are about clients; see options.ts. */
import { clientRuleRemedy, isClientRule } from "./client-rules.ts";
import { CREDENTIAL_KEYS, credentialEntries, maskedEntries } from "./credential-entries.ts";
import { choice, duration, fileName, integer, list, number, type Option, optional, yesOrNo } from "./option.ts";

/** Who is meant: by what clients are called, or by where they are. */
function clientRules() {
  const expected = "a pattern of client ids (sensor-*), an IP address or a network (10.0.0.0/8)";
  return list("<pattern>", expected, isClientRule, clientRuleRemedy);
}

export const CLIENT_OPTIONS = {
  "clients.max": {
    ...integer(1, 1_000_000),
    default: 10_000,
    meaning: "clients at once; more are refused as congestion",
  },
  "clients.allow": {
    ...clientRules(),
    default: [],
    defaultShown: "all",
    meaning:
      "who may connect: patterns of client ids (sensor-*), and addresses or networks (10.0.0.0/8, fd00::/8) that datagrams may come from; with both, both have to fit",
  },
  "clients.deny": {
    ...clientRules(),
    default: [],
    defaultShown: "none",
    meaning:
      "who may not, in the same way; goes before clients.allow. Who is connected when a reload denies it stays until its next CONNECT",
  },
  "clients.credentials": {
    schema: credentialEntries.optional(),
    keys: CREDENTIAL_KEYS,
    expected: `a list of entries { ${CREDENTIAL_KEYS.join(", ")} }: client, and what there is of the others`,
    masked: maskedEntries,
    default: undefined,
    meaning: "user names and passwords at the broker, by client: a list of { client, username, password }",
    placeholder: "<list>",
    fromText: undefined,
  },
  "clients.credentials_file": {
    ...optional(fileName()),
    default: undefined,
    meaning: "YAML file with such a list; what is in clients.credentials goes before it",
  },
  "clients.migrate_on_wake": {
    ...yesOrNo(),
    default: false,
    meaning: "let a sleeping client wake up at another address (behind a NAT); only where nobody forges client ids",
  },
  "clients.wake_by_connect": {
    ...choice("<how>", ["resume", "prompt", "new"]),
    default: "resume",
    meaning:
      "what the CONNECT of a sleeping client does: resume its session, whatever its flags say; prompt for its will first, where it asks for that; or begin a new connection as its flags say",
  },
  "clients.qos_minus_one": {
    ...yesOrNo(),
    default: true,
    meaning: "accept PUBLISH with QoS -1, from anybody, without a connection",
  },
  "clients.max_qos_minus_one_rate": {
    ...integer(1, 1_000_000),
    default: 1000,
    meaning: "PUBLISHes with QoS -1 a second, all together; more are dropped",
  },
  "clients.max_qos_minus_one_source_rate": {
    ...integer(1, 1_000_000),
    default: 50,
    meaning: "the same from one address and port, or one node behind a forwarder",
  },
  "clients.max_half_open": {
    ...integer(1, 1_000_000),
    default: 5000,
    meaning: "clients at once in the middle of their CONNECT; more are refused as congestion",
  },
  "clients.max_connect_rate": {
    ...integer(1, 1_000_000),
    default: 10_000,
    meaning: "CONNECTs a second; more are refused as congestion",
  },
  "clients.retry_interval": {
    ...duration("10ms", "1h"),
    default: "10s",
    meaning: "how long a client may take to answer before a message is sent again (Tretry)",
  },
  "clients.retry_count": { ...integer(0, 100), default: 3, meaning: "how often a message is sent again (Nretry)" },
  "clients.keep_alive_factor": {
    ...optional(number(1, 100)),
    default: undefined,
    defaultShown: "the standard's tolerance",
    meaning: "a client is lost after its keep alive or sleep duration times this",
  },
  "clients.idle_limit": {
    ...duration("1s", "365d"),
    default: "1d",
    meaning: "how long a client may be silent that connected without a keep alive",
  },
  "clients.max_topics": { ...integer(1, 65_534), default: 1000, meaning: "topic ids of one client" },
  "clients.max_topic_length": {
    ...integer(1, 65_535),
    placeholder: "<bytes>",
    default: 1024,
    meaning: "longest topic name or filter that is taken from a client",
  },
  "clients.max_will_length": {
    ...integer(0, 65_535),
    placeholder: "<bytes>",
    default: 1024,
    meaning: "longest will message that is taken from a client",
  },
  "clients.max_client_id_length": {
    ...integer(23, 65_535),
    placeholder: "<bytes>",
    default: 256,
    meaning: "longest client id; the standard says 23 characters",
  },
  "clients.max_subscriptions": { ...integer(1, 65_534), default: 1000, meaning: "subscriptions of one client" },
  "clients.max_in_flight": {
    ...integer(1, 65_535),
    default: 64,
    meaning: "requests of one client that wait for the broker at once",
  },
  "clients.max_queued": { ...integer(1, 1_000_000), default: 100, meaning: "messages that wait for one client" },
  "clients.max_queued_bytes": {
    ...integer(1, 1_073_741_824),
    placeholder: "<bytes>",
    default: 65_536,
    meaning: "topics and payloads that wait for one client",
  },
  "clients.max_buffered_bytes": {
    ...integer(65_536, 1_099_511_627_776),
    placeholder: "<bytes>",
    default: 268_435_456,
    meaning: "memory for messages that wait in the gateway, to and from all clients together",
  },
  "clients.max_topic_bytes": {
    ...integer(65_536, 1_099_511_627_776),
    placeholder: "<bytes>",
    default: 268_435_456,
    meaning: "memory for topic names and subscriptions, of all clients together, stored sessions included",
  },
  "clients.max_awake_messages": {
    ...integer(1, 1_000_000),
    default: 1000,
    meaning: "messages that a sleeping client is given each time it asks",
  },
  "clients.max_datagram": {
    // 65507 is the largest payload of UDP over IPv4; below 32 hardly a topic name fits.
    ...integer(32, 65_507),
    placeholder: "<bytes>",
    default: 1200,
    meaning: "largest MQTT-SN message to a client",
  },
  "clients.max_stranger_answers": {
    ...integer(1, 1_000_000),
    default: 1000,
    meaning: "answers a second to senders without a session, all together; one sender gets one a second",
  },
} satisfies Record<string, Option>;
