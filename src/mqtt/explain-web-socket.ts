import type { IncomingMessage } from "node:http";
import type { BrokerPlace } from "./broker-place.ts";
import { cutText } from "./cut-text.ts";
import { maskedPath } from "./masked-path.ts";

/** What it means, and what to do, that a server has answered the request for a WebSocket with something else. */
export function explainResponse(
  place: BrokerPlace,
  { statusCode = 0, statusMessage, headers }: IncomingMessage,
): string {
  const answer = `the server answered ${statusCode}${statusMessage ? ` ${shown(statusMessage)}` : ""} instead of opening a WebSocket`;
  const [whole] = place.path.split("?") as [string];
  const path = maskedPath(whole);
  switch (statusCode) {
    case 401:
    case 403:
    case 407:
      return `${answer}: it, or a proxy before it, wants credentials that are not MQTT's; a token may have to be in the URL`;
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return `${answer}: it sends on to ${shown(withoutQuery(headers.location).replaceAll(whole, path))}; write that as broker.url, with ws: or wss:`;
    case 404:
    case 200:
    case 405:
      return `${answer}: there is no MQTT at the path ${path}; most brokers have it at /mqtt, some at / or /ws`;
    case 400:
    case 426:
      return `${answer}: the path ${path} may be wrong (most brokers have MQTT at /mqtt), or it is https there: wss: instead of ws:`;
    case 502:
    case 503:
    case 504:
      return `${answer}: a proxy is there, and the broker behind it is not`;
    default:
      return `${answer}; is it an MQTT broker, and is the path ${path} right?`;
  }
}

/** What it means that a server has chosen another sub-protocol than was asked for, or none. */
export function explainSubProtocol({ subProtocol }: BrokerPlace, chosen: string | undefined): string {
  const choice = chosen === undefined ? "it chose no sub-protocol" : `it chose the sub-protocol ${shown(chosen)}`;
  const remedy =
    "is another service at this path, or does the URL need another sub-protocol after a # (…/mqtt#mqttv3.1)?";
  return `the server opened a WebSocket, but not for ${subProtocol}: ${choice}; ${remedy}`;
}

/** What it means that a connection has failed that was to become a WebSocket; undefined where the error says enough by itself. */
export function explainHandshakeError({ port, scheme }: BrokerPlace, error: NodeJS.ErrnoException): string | undefined {
  const bare = scheme === "wss" ? "mqtts" : "mqtt";
  if (error.code?.startsWith("HPE_")) {
    return `what listens at port ${port} does not speak HTTP, as WebSocket servers do; is it bare MQTT (${bare}://)?`;
  }
  // Of a connection that is not reached it says which call has failed.
  if (error.code !== "ECONNRESET") return undefined;
  const secure = scheme === "ws" ? ", or TLS (wss://)" : "";
  return `the server closed the connection instead of opening a WebSocket; is port ${port} for bare MQTT (${bare}://)${secure}?`;
}

/** What may be secret in a URL is left out. */
function withoutQuery(url: string | undefined): string {
  return url?.replace(/[?#].*/s, "").replace(/\/\/[^/]*@/, "//") ?? "nowhere";
}

function shown(text: string): string {
  return JSON.stringify(cutText(text));
}
