/**
 * The gateway's options, each said once. The key of an option here is its key in the file; `option-names.ts` derives its flag and its
 * environment variable, `configuration.ts` reads the three.
 */
import { z } from "zod";
import { BROKER_OPTIONS } from "./broker-options.ts";
import { CLIENT_OPTIONS } from "./client-options.ts";
import { hostPortText, parseGroup, parseHostPort, parseListenUrl } from "./host-port.ts";
import { NOTHING_KEPT } from "./nothing-kept.ts";
import { OPERATION_OPTIONS } from "./operation-options.ts";
import {
  choice,
  duration,
  fileName,
  IS_HOME,
  integer,
  isNot,
  isNotHome,
  list,
  mountpoint,
  type Option,
  optional,
  text,
  yesOrNo,
} from "./option.ts";
import { PREDEFINED_TOPIC_KEYS, predefinedTopics } from "./predefined-topics.ts";

const LISTEN = isNot("a place to listen at (udp://host:port, such as udp://0.0.0.0:1883 or udp://[::]:1883)");

const folder = text(
  "<folder>",
  "a folder, or memory: to keep nothing",
  (path) => path === NOTHING_KEPT || !/^(memory:|$)/i.test(path),
);

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
    expected: "a URL such as udp://0.0.0.0:1883, or a list of such",
    meaning: "where MQTT-SN clients come in: udp://host:port, udp://[::]:1883; may be given several times",
    placeholder: "<url>",
    fromText: (value: string) => value.split(/[\s,]+/).filter((url) => url !== ""),
    flags: "-l, --listen",
    needsRestart: true,
  },
  mode: {
    schema: z
      .enum(["transparent", "aggregating"], isNot("a mode there is (transparent)"))
      .refine((mode) => mode !== "aggregating", {
        error: '"aggregating" is planned and does not exist yet: write transparent, or leave it out',
      })
      .meta({ enum: ["transparent"] }),
    expected: "transparent",
    default: "transparent",
    meaning: "transparent: every client has a broker connection of its own",
    placeholder: "<mode>",
    fromText: (value: string) => value,
    needsRestart: true,
  },
  "gateway.id": {
    ...integer(1, 255),
    default: 1,
    meaning: "GwId, the gateway's number among its neighbours, 1 to 255",
    needsRestart: true,
  },
  "discovery.enabled": {
    ...yesOrNo(),
    default: true,
    meaning:
      "answer clients that search for a gateway (SEARCHGW), and advertise (ADVERTISE) while the broker can be reached",
    needsRestart: true,
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
    needsRestart: true,
  },
  "discovery.interfaces": {
    ...list("<interface>", "the name or address of a network interface, or all", (name) => name !== ""),
    default: ["all"],
    meaning: "network interfaces for that: names such as eth0, or their addresses",
    needsRestart: true,
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
    needsRestart: true,
  },
  ...BROKER_OPTIONS,
  "embedded.listen": {
    ...text("<host:port>", "a host and a port, such as 127.0.0.1:1883", (place) => parseHostPort(place) !== null),
    default: "127.0.0.1:1883",
    meaning: "where the embedded broker takes MQTT clients in (TCP)",
    needsRestart: true,
  },
  ...CLIENT_OPTIONS,
  "topics.predefined": {
    schema: predefinedTopics.optional(),
    keys: PREDEFINED_TOPIC_KEYS,
    expected: `a list of entries { ${PREDEFINED_TOPIC_KEYS.join(", ")} }, of which client may be left out`,
    default: undefined,
    meaning: `topic ids that need no registration: a list of { id, topic, client }. With \${clientId} in a topic, clients whose id has / + or # in it, or begins with $, are refused`,
    placeholder: "<list>",
    fromText: undefined,
  },
  "topics.predefined_file": {
    ...optional(fileName()),
    default: undefined,
    meaning:
      "file with such topic ids: one of the Paho gateway (lines of ClientId,TopicName,TopicId), one of bisquitt (YAML), or a list like topics.predefined (YAML)",
  },
  "topics.mountpoint": {
    ...mountpoint(),
    default: "",
    defaultShown: "none",
    mayBeEmpty: true,
    meaning: `put before every topic towards the broker, and taken off again, such as plant/ or clients/\${clientId}/; with \${clientId}, clients whose id has / + or # in it, or begins with $, are refused`,
    needsRestart: true,
  },
  "forwarders.enabled": {
    ...yesOrNo(),
    default: true,
    meaning: "accept clients behind forwarders (forwarder encapsulation)",
  },
  "state.path": {
    ...folder,
    schema: folder.schema.refine(isNotHome, IS_HOME),
    isPath: true as const,
    default: process.env.STATE_DIRECTORY?.split(":")[0] || "./data",
    defaultShown: "./data, or $STATE_DIRECTORY",
    meaning: "folder for what survives a restart; memory: keeps nothing",
    needsRestart: true,
  },
  ...OPERATION_OPTIONS,
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
    needsRestart: true,
  },
} satisfies Record<string, Option>;

export type OptionKey = keyof typeof OPTIONS;

/** What the gateway was told: a value for every option. Durations are in milliseconds. */
export type OptionValues = { readonly [Key in OptionKey]: z.output<(typeof OPTIONS)[Key]["schema"]> };
