import { closest } from "./closest.ts";

/** Begins the environment variables of the commands that are MQTT-SN clients; those of the gateway begin like it, and go on otherwise. */
const CLIENT_VARIABLE_PREFIX = "MQTTSN_CLIENT_";

/** The variables of publish, subscribe and simulate. The gateway knows them in order to leave them alone. */
export const CLIENT_VARIABLES: readonly string[] = [
  "BROKER",
  "COUNT",
  "DELIVER",
  "DISCOVER",
  "DURATION",
  "FORWARDER_NODE",
  "FORWARDERS",
  "GATEWAY",
  "GROUP",
  "ID",
  "INTERFACE",
  "JSON",
  "KEEP_ALIVE",
  "KEEP_SESSION",
  "LOSS",
  "MESSAGE",
  "NODES",
  "PAYLOAD",
  "PREDEFINED",
  "QOS",
  "RADIUS",
  "RATE",
  "RETAIN",
  "RETRY_COUNT",
  "RETRY_INTERVAL",
  "SEED",
  "SHORT",
  "SLEEP",
  "TOPIC",
  "VERBOSE",
  "WHOLE",
  "WILL_MESSAGE",
  "WILL_QOS",
  "WILL_RETAIN",
  "WILL_TOPIC",
].map((name) => CLIENT_VARIABLE_PREFIX + name);

/** The variable of a flag: `MQTTSN_CLIENT_RETRY_COUNT` of `--retry-count`, and `MQTTSN_CLIENT_ID` of `--client-id`. */
export function clientVariableOf(flag: string): string {
  return (
    CLIENT_VARIABLE_PREFIX +
    flag
      .replace(/^--(client-)?/, "")
      .replaceAll("-", "_")
      .toUpperCase()
  );
}

/** A sentence for each variable that begins like those of the clients, and is none. */
export function unknownClientVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith(CLIENT_VARIABLE_PREFIX) && !CLIENT_VARIABLES.includes(name))
    .map((name) => {
      const meant = closest(name.slice(CLIENT_VARIABLE_PREFIX.length), CLIENT_VARIABLES.map(shortOf));
      return `${name}: there is no such variable${meant === undefined ? "" : `; did you mean ${CLIENT_VARIABLE_PREFIX}${meant}?`}`;
    });
}

// What all names have in common does not make one like another.
function shortOf(name: string): string {
  return name.slice(CLIENT_VARIABLE_PREFIX.length);
}
