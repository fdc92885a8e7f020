/** The options of the broker's side; see options.ts. */
import { z } from "zod";
import { parseBrokerUrl } from "../../mqtt/broker-url.ts";
import { BROKER_PROFILES } from "./broker-profiles.ts";
import { maskedUrl } from "./masked-url.ts";
import {
  choice,
  duration,
  fileName,
  integer,
  isNot,
  list,
  MASK,
  type Option,
  optional,
  secret,
  shown,
  template,
  text,
  yesOrNo,
} from "./option.ts";

/** What others call the two versions that there are. */
const VERSION_NAMES: Readonly<Record<4 | 5, RegExp>> = { 4: /^v?(3\.?1\.?1|4(\.0)?)$/i, 5: /^v?5(\.0)*$/i };

const VERSION = {
  error: ({ input }: { input?: unknown }) => {
    const text = String(input);
    const meant = ([4, 5] as const).find((version) => VERSION_NAMES[version].test(text));
    if (meant !== undefined && !Array.isArray(input))
      return `${shown(input)}: write ${meant} for MQTT ${meant === 4 ? "3.1.1" : "5"}`;
    return `${shown(input)} is not 4 (MQTT 3.1.1) or 5 (MQTT 5)`;
  },
};

/** A URL as `maskedUrl` leaves it. */
const MASKED_URL = /\/\/\*\*\*@|\?\*\*\*|\/\*\*\*(?=$|#)/;
const HAS_MASK = `has ${MASK} in it, which check prints in place of what may be secret; write that, or broker.username and broker.password_file`;

/** An optional file. */
const file = () => optional(fileName());

export const BROKER_OPTIONS = {
  "broker.url": {
    schema: z.string(isNot("a text")).superRefine((url, context) => {
      const broker = parseBrokerUrl(url);
      if (broker.type === "unusable") context.addIssue({ code: "custom", message: broker.problem });
      else if (MASKED_URL.test(url)) context.addIssue({ code: "custom", message: HAS_MASK });
    }),
    expected: "mqtt://host:port, mqtts://host:port, ws://host:port/path, wss://host:port/path, or embedded: in quotes",
    placeholder: "<url>",
    fromText: (value: string) => value,
    default: "mqtt://127.0.0.1:1883",
    masked: maskedUrl,
    meaning:
      "the MQTT broker: mqtt://host:1883; over TLS mqtts://host:8883; over WebSocket ws://host:80/mqtt or wss://host:443/mqtt (the path is the broker's, mostly /mqtt; a sub-protocol other than mqtt goes behind a #); or embedded: for the one inside the gateway, in the file in quotes. It may hold a user name and a password (mqtt://name:password@host)",
    flags: "-b, --broker",
    needsRestart: true,
  },
  "broker.profile": {
    ...choice("<broker>", Object.keys(BROKER_PROFILES) as [keyof typeof BROKER_PROFILES]),
    default: "generic",
    meaning: `what kind of broker it is: sets other options to what it can do, where they are not set (${Object.keys(BROKER_PROFILES).join(", ")})`,
  },
  "broker.version": {
    ...integer(4, 5),
    schema: z.literal([4, 5], VERSION),
    expected: "4 or 5",
    default: 4,
    meaning:
      "MQTT version towards the broker: 4 is MQTT 3.1.1; 5 falls back to it where the broker does not speak MQTT 5",
  },
  "broker.session_expiry": {
    ...optional(duration("1s", "49710d")),
    default: undefined,
    defaultShown: "never",
    meaning: "MQTT 5: how long the broker keeps the session of a client that is not connected (CleanSession=0)",
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
    ...file(),
    default: undefined,
    meaning: "file that holds the password; its last line end is left off",
  },
  "broker.client_id": {
    ...template(true),
    default: `\${clientId}`,
    meaning: "MQTT client id of each client",
    needsRestart: true,
  },
  "broker.own_client_id": {
    ...optional(text("<id>", "a client id, not empty", (id) => id !== "")),
    default: undefined,
    defaultShown: "a new one at each start: mqtt-sn-gateway-<gateway.id>-<random>",
    meaning:
      "MQTT client id of the gateway's own connection, by which it knows whether the broker can be reached, and over which QoS -1 goes",
    needsRestart: true,
  },
  "broker.ca": {
    ...file(),
    default: undefined,
    defaultShown: "the certificate authorities that Node comes with",
    meaning:
      "TLS: file with the certificates (PEM) of the authorities that may vouch for the broker, or the broker's own where it is signed by itself",
  },
  "broker.cert": {
    ...file(),
    default: undefined,
    meaning:
      "TLS: file with the gateway's certificate (PEM) and those of its authorities behind it, for brokers that ask for one; with broker.key",
  },
  "broker.key": {
    ...file(),
    default: undefined,
    meaning: "TLS: file with the private key (PEM) of broker.cert",
  },
  "broker.key_passphrase": {
    ...optional(secret("<text>")),
    default: undefined,
    meaning: "TLS: what broker.key is encrypted with; prefer the file",
  },
  "broker.key_passphrase_file": {
    ...file(),
    default: undefined,
    meaning: "file that holds it; its last line end is left off",
  },
  "broker.server_name": {
    ...optional(text("<name>", "the name of a host", (name) => name !== "")),
    default: undefined,
    defaultShown: "the host of broker.url",
    meaning:
      "TLS: name that the broker is asked for (SNI) and that its certificate has to be for, where it is another one than in the URL",
  },
  "broker.alpn": {
    ...list("<protocol>", "the name of a protocol, such as mqtt", (name) => name !== ""),
    default: [],
    defaultShown: "none",
    meaning: "TLS: protocols that the broker is offered (ALPN), the best one first; few brokers want any",
  },
  "broker.reject_unauthorized": {
    ...yesOrNo(),
    default: true,
    meaning:
      "TLS: refuse a broker whose certificate cannot be verified; false lets whoever is on the way read and change what goes to it",
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
  "broker.max_qos": {
    ...integer(0, 2),
    default: 2,
    meaning:
      "highest QoS that the broker takes; at 1, what clients publish with QoS 2 is carried with QoS 1, and at 0 what they publish with QoS 1 or 2 is refused",
  },
  "broker.retain": {
    ...choice("<what>", ["keep", "strip"]),
    default: "keep",
    meaning: "what becomes of the Retain flag towards the broker: strip for brokers that refuse retained messages",
  },
  "broker.forbidden_characters": {
    ...text(
      "<characters>",
      "characters that stand in topics (without / + #)",
      (characters) => !/[/+#\0]/.test(characters),
    ),
    default: "",
    defaultShown: "none",
    mayBeEmpty: true,
    meaning:
      "characters in topics for which the broker would close the connection, or lose the message; such topics of clients are refused",
  },
  "broker.sas_key": {
    ...optional(secret("<base64>")),
    default: undefined,
    meaning: "Azure IoT Hub: key that each client's password (SAS token) is signed with; prefer the file",
  },
  "broker.sas_key_file": {
    ...file(),
    default: undefined,
    meaning: "file that holds it; its last line end is left off",
  },
  "broker.sas_policy": {
    ...optional(text("<name>", "the name of a shared access policy", (name) => name !== "")),
    default: undefined,
    defaultShown: "none: the key is the device's own",
    meaning: "Azure IoT Hub: the shared access policy that the key belongs to",
  },
  "broker.sas_lifetime": {
    ...duration("5m", "365d"),
    default: "1h",
    meaning: "Azure IoT Hub: how long a token holds; connections are made anew before that",
  },
} satisfies Record<string, Option>;
