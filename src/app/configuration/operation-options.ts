/** The options for whoever operates the gateway: status page, status on the bus, trace; see options.ts. */
import { isTopicName } from "../../sn/topic-name.ts";
import { parseHostPort } from "./host-port.ts";
import { httpToken } from "./http-token.ts";
import { duration, fileName, integer, list, type Option, optional, text, yesOrNo } from "./option.ts";

/** The beginning of topics: whole levels, without the slash that follows. */
function baseTopic() {
  return text(
    "<topic>",
    `the beginning of a topic name (without +, #, \${…} and control characters, and without / or $ at its ends)`,
    (topic) => isTopicName(topic) && !/^[$/]|\/$|\$\{/.test(topic),
  );
}

export const OPERATION_OPTIONS = {
  "http.listen": {
    ...text(
      "<host:port>",
      'a host and a port, such as 127.0.0.1:9884, or "" for none',
      (place) => place === "" || parseHostPort(place) !== null,
    ),
    default: "127.0.0.1:9884",
    mayBeEmpty: true,
    meaning:
      "where the status page, the API, health and metrics are served (HTTP); empty turns them off. Any other than a loopback address needs http.token_file",
    needsRestart: true,
  },
  "http.token": {
    ...httpToken(),
    default: undefined,
    meaning:
      "token that the status page, the API and /metrics ask for; /healthz and /readyz need none. Others can see it in the list of processes: prefer the file",
  },
  "http.token_file": {
    ...optional(fileName()),
    default: undefined,
    meaning: "file that holds the token; its last line end is left off",
  },
  "http.hosts": {
    ...list("<name>", "the name of a host, such as gateway.example.org", (name) => /^[\w.-]+$/.test(name)),
    default: [],
    defaultShown: "none",
    meaning:
      "names by which browsers reach the status page, such as that of a proxy before it; addresses, localhost and the machine's own name need not be said",
  },
  "http.max_streams": {
    ...integer(1, 10_000),
    default: 50,
    meaning: "live views at once: pages that are open, and traces",
    needsRestart: true,
  },
  "bridge.enabled": {
    ...yesOrNo(),
    default: true,
    meaning: "tell of the gateway itself on the broker, below bridge.base_topic",
    needsRestart: true,
  },
  "bridge.base_topic": {
    ...baseTopic(),
    default: "mqttsn",
    meaning:
      "where that is: <base>/bridge/state, info and health, <base>/<client id>/availability. Each gateway at a broker needs one of its own; topics.mountpoint does not apply to it",
    needsRestart: true,
  },
  "bridge.availability": {
    ...yesOrNo(),
    default: true,
    meaning:
      "tell of each client whether it is there (retained): online, also while it sleeps, or offline; of clients.max clients at most",
    needsRestart: true,
  },
  "bridge.health_interval": {
    ...duration("1s", "1d"),
    default: "1m",
    meaning: "time between two messages with the gateway's figures",
    needsRestart: true,
  },
  "bridge.home_assistant": {
    ...yesOrNo(),
    default: false,
    meaning: "tell Home Assistant of the gateway's figures (MQTT discovery)",
    needsRestart: true,
  },
  "bridge.home_assistant_prefix": {
    ...baseTopic(),
    default: "homeassistant",
    meaning: "where Home Assistant listens for that",
    needsRestart: true,
  },
  "trace.file": {
    ...optional(fileName()),
    default: undefined,
    meaning:
      "file to which every datagram is written, with its payload, for Wireshark (pcap; tshark -r <file> -d udp.port==1883,mqttsn). One that is there is renamed first, with .1 behind its name",
    needsRestart: true,
  },
  "trace.max_bytes": {
    ...integer(131_072, Number.MAX_SAFE_INTEGER),
    default: 104_857_600,
    meaning: "a larger one is renamed, with .1 behind its name, and another one begun; the one of before is deleted",
    needsRestart: true,
  },
} satisfies Record<string, Option>;
