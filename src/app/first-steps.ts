import { type HostPort, hostPortText, reachableHost } from "./configuration/host-port.ts";

/** What a gateway that has just started can be reached by. */
interface Reachable {
  /** The command the user types, without arguments. */
  command: string;
  listener: HostPort;
  /** Where MQTT clients find the broker, as a URL without credentials. */
  brokerUrl: string;
  /** Of the status page; undefined where there is none. */
  pageUrl: string | undefined;
}

/** A few lines that tell a person what to type next to see a message go through. */
export function firstSteps({ command, listener, brokerUrl, pageUrl }: Reachable): string {
  const host = reachableHost(listener.host);
  const isDefault = host === "127.0.0.1" && listener.port === 1883;
  const gateway = isDefault ? "" : ` --gateway udp://${hostPortText({ host, port: listener.port })}`;
  return `
  Try it. In a second terminal:

    ${command} subscribe${gateway} --topic greetings

  and in a third:

    ${command} publish${gateway} --topic greetings --message hello

  MQTT clients find the same messages at ${brokerUrl}.${pageUrl === undefined ? "" : `\n  A browser shows who is connected: ${pageUrl}`}
  Ctrl-C stops the gateway.

`;
}
