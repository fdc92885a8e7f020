/**
 * The gateway's options, each said once. The key of an option here is its key in the file; `option-names.ts` derives its flag and its
 * environment variable, `configuration.ts` reads the three.
 */
import { z } from "zod";
import { parseBrokerUrl } from "../mqtt/broker-url.ts";
import { isClientRule } from "./client-rules.ts";
import { hostPortText, parseGroup, parseHostPort, parseListenUrl } from "./host-port.ts";
import { NOTHING_KEPT } from "./nothing-kept.ts";
import {
  choice,
  duration,
  integer,
  isNot,
  list,
  number,
  type Option,
  optional,
  secret,
  template,
  text,
  yesOrNo,
} from "./option.ts";
import { PREDEFINED_TOPIC_KEYS, predefinedTopics } from "./predefined-topics.ts";

const LISTEN = isNot("a place to listen at (udp://host:port, such as udp://0.0.0.0:1883 or udp://[::]:1883)");

export const OPTIONS = {
  listen: {
    schema: z
      .array(
        z.string(LISTEN).refine((url) => parseListenUrl(url) !== null, LISTEN),
        isNot("a URL such as udp://0.0.0.0:1883, or a list of such URLs"),
      )
      .min(1, { error: "is an empty list: name at least one place, such as udp://0.0.0.0:1883" })
      .superRefine((urls, context) => {
        const seen = new Set<string>();
        for (const [index, url] of urls.entries()) {
          const place = parseListenUrl(url);
          // At port 0 the system chooses another one each time.
          if (place === null || place.port === 0) continue;
          const name = hostPortText(place).toLowerCase();
          if (seen.has(name)) {
            context.addIssue({ code: "custom", path: [index], message: `${JSON.stringify(url)} is listed twice` });
          }
          seen.add(name);
        }
      }),
    default: ["udp://0.0.0.0:1883"],
    meaning: "where MQTT-SN clients come in: udp://host:port, udp://[::]:1883; may be given several times",
    placeholder: "<url>",
    fromText: (value: string) => value.split(/[\s,]+/).filter((url) => url !== ""),
    flags: "-l, --listen",
  },
  mode: {
    schema: z
      .enum(["transparent", "aggregating"], isNot("a mode there is (transparent)"))
      .refine((mode) => mode !== "aggregating", {
        error: '"aggregating" is planned and does not exist yet: write transparent, or leave it out',
      }),
    default: "transparent",
    meaning: "transparent: every client has a broker connection of its own",
    placeholder: "<mode>",
    fromText: (value: string) => value,
  },
  "gateway.id": {
    ...integer(1, 255),
    default: 1,
    meaning: "GwId, the gateway's number among its neighbours, 1 to 255",
  },
  "discovery.enabled": {
    ...yesOrNo(),
    default: true,
    meaning:
      "answer clients that search for a gateway (SEARCHGW), and advertise (ADVERTISE) while the broker can be reached",
  },
  "discovery.groups": {
    ...list(
      "<address>",
      "a multicast address, such as 225.1.1.1 or [ff03::1883]:1883",
      (group) => parseGroup(group) !== null,
    ),
    default: ["225.1.1.1", "ff03::1883"],
    meaning:
      "multicast groups for that, used by listeners of the same IP version; the port is the listener's unless given",
  },
  "discovery.interfaces": {
    ...list("<interface>", "the name or address of a network interface, or all", (name) => name !== ""),
    default: ["all"],
    meaning: "network interfaces for that: names such as eth0, or their addresses",
  },
  "discovery.advertise_interval": {
    ...duration("1s", "65535s"),
    default: "900s",
    meaning: "time between two ADVERTISEs (TADV); the standard advises more than 15 minutes",
  },
  "discovery.radius": {
    ...integer(0, 255),
    placeholder: "<hops>",
    default: 0,
    meaning: "how many hops an ADVERTISE goes; 0 for the whole network",
  },
  "discovery.standby": {
    ...yesOrNo(),
    default: false,
    meaning: "keep still while another gateway advertises, and take over when it has missed three in a row",
  },
  "broker.url": {
    schema: z.string(isNot("a text")).superRefine((url, context) => {
      const broker = parseBrokerUrl(url);
      if (broker.type === "unusable") context.addIssue({ code: "custom", message: broker.problem });
    }),
    placeholder: "<url>",
    fromText: (value: string) => value,
    default: "mqtt://127.0.0.1:1883",
    meaning: "the MQTT broker: mqtt://host:port, or embedded: for the one inside the gateway",
    flags: "-b, --broker",
  },
  "broker.username": {
    ...optional(template(false)),
    default: undefined,
    meaning: `user name for each client's connection; \${clientId} is filled in`,
  },
  "broker.password": {
    ...optional(secret("<template>")),
    default: undefined,
    meaning: `password for each client's connection; \${clientId} is filled in. Others can see it in the list of processes: prefer the file`,
  },
  "broker.password_file": {
    ...optional(text("<file>", "the name of a file", (name) => name !== "")),
    default: undefined,
    meaning: "file that holds the password; its last line end is left off",
  },
  "broker.client_id": {
    ...template(true),
    default: `\${clientId}`,
    meaning: "MQTT client id of each client",
  },
  "broker.keep_alive": {
    ...duration("1s", "65535s"),
    default: "60s",
    meaning: "MQTT keep alive of the gateway's connections; it pings by itself, also while a client sleeps",
  },
  "broker.connect_timeout": {
    ...duration("100ms", "10m"),
    default: "10s",
    meaning:
      "how long the broker may take to answer a client's CONNECT; and how long it may be silent when it owes an answer, before it is asked for a sign of life, and again before the connection is given up",
  },
  "broker.reconnect_min": {
    ...duration("10ms", "1h"),
    default: "1s",
    meaning: "first wait before a broken connection to the broker is tried again",
  },
  "broker.reconnect_max": {
    ...duration("10ms", "1d"),
    default: "60s",
    meaning: "longest wait before a broken connection to the broker is tried again",
  },
  "broker.max_reconnect_rate": {
    ...integer(1, 1_000_000),
    default: 500,
    meaning: "clients' broken connections that are made anew a second; a client that connects does not wait for it",
  },
  "broker.outage_limit": {
    ...duration("0s", "1d"),
    default: "30s",
    meaning: "how long an active client may be without the broker before it is told that it is disconnected",
  },
  "embedded.listen": {
    ...text("<host:port>", "a host and a port, such as 127.0.0.1:1883", (place) => parseHostPort(place) !== null),
    default: "127.0.0.1:1883",
    meaning: "where the embedded broker takes MQTT clients in (TCP)",
  },
  "clients.max": {
    ...integer(1, 1_000_000),
    default: 10_000,
    meaning: "clients at once; more are refused as congestion",
  },
  "clients.allow": {
    ...list("<pattern>", "a pattern of client ids (sensor-*), an IP address or a network (10.0.0.0/8)", isClientRule),
    default: [],
    defaultShown: "all",
    meaning:
      "who may connect: patterns of client ids (sensor-*), and addresses or networks (10.0.0.0/8, fd00::/8) that datagrams may come from; with both, both have to fit",
  },
  "clients.deny": {
    ...list("<pattern>", "a pattern of client ids (sensor-*), an IP address or a network (10.0.0.0/8)", isClientRule),
    default: [],
    defaultShown: "none",
    meaning: "who may not, in the same way; goes before clients.allow",
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
  "topics.predefined": {
    schema: predefinedTopics.optional(),
    keys: PREDEFINED_TOPIC_KEYS,
    default: undefined,
    meaning: "topic ids that need no registration: a list of { id, topic, client }",
    placeholder: "<list>",
    fromText: undefined,
  },
  "forwarders.enabled": {
    ...yesOrNo(),
    default: true,
    meaning: "accept clients behind forwarders (forwarder encapsulation)",
  },
  "state.path": {
    ...text(
      "<folder>",
      "a folder, or memory: to keep nothing",
      (path) => path === NOTHING_KEPT || !/^(memory:|$)/i.test(path),
    ),
    default: process.env.STATE_DIRECTORY?.split(":")[0] || "./data",
    defaultShown: "./data, or $STATE_DIRECTORY",
    meaning: "folder for what survives a restart; memory: keeps nothing",
  },
  "log.level": {
    ...choice("<level>", ["trace", "debug", "info", "warn", "error"]),
    default: "info",
    meaning: "how much is logged: trace (every MQTT-SN message in words), debug, info, warn or error",
  },
  "log.format": {
    ...optional(choice("<format>", ["pretty", "json"])),
    default: undefined,
    defaultShown: "pretty on a terminal, else json",
    meaning: "pretty: lines for people; json: one JSON object a line",
  },
} satisfies Record<string, Option>;

export type OptionKey = keyof typeof OPTIONS;

/** What the gateway was told: a value for every option. Durations are in milliseconds. */
export type OptionValues = { readonly [Key in OptionKey]: z.output<(typeof OPTIONS)[Key]["schema"]> };
