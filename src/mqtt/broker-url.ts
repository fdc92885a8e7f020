import type { Duplex } from "node:stream";
import type { BrokerPlace, BrokerScheme } from "./broker-place.ts";
import { maskedPath } from "./masked-path.ts";
import { openStream } from "./open-stream.ts";
import type { TlsSettings } from "./tls-settings.ts";

/** Where the broker is. */
export type BrokerUrl = TcpBroker | EmbeddedBrokerUrl | UnusableBrokerUrl;

/** A broker that is reached over TCP. */
export interface TcpBroker extends BrokerPlace {
  type: "tcp";
  /** Credentials in the URL, decoded. */
  username: string | undefined;
  password: string | undefined;
  /** Whether it is reached over TLS. */
  isSecure: boolean;
  /** The URL for people: with its port, and without anything that may be secret. */
  url: string;
  /** The URL to write for the same broker over TLS. */
  secureUrl: string;
  /** Begins a connection, as `OpenBrokerStream`. `tls` is needed where it `isSecure`. */
  openStream: (tls?: TlsSettings, onOctets?: (octets: Buffer) => void) => Duplex;
}

/** The broker inside the process. */
export interface EmbeddedBrokerUrl {
  type: "embedded";
}

export interface UnusableBrokerUrl {
  type: "unusable";
  /** What is wrong and what to write instead, without any password: goes on after `broker.url: `. */
  problem: string;
}

const DEFAULT_PORTS: Readonly<Record<BrokerScheme, number>> = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 };

/** How others write what we write otherwise. */
const OTHER_SPELLINGS: Readonly<Record<string, BrokerScheme>> = {
  "tcp:": "mqtt",
  "ssl:": "mqtts",
  "tls:": "mqtts",
  "mqtt+ssl:": "mqtts",
  "mqtt+tls:": "mqtts",
  "mqtt+ws:": "ws",
  "ws+mqtt:": "ws",
  "mqtt+wss:": "wss",
  "wss+mqtt:": "wss",
  "http:": "ws",
  "https:": "wss",
};

const USABLE = "mqtt://host:port, mqtts://host:port, ws://host:port/path, wss://host:port/path, or embedded:";

/** What HTTP allows as the name of a protocol. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Takes the URL of a broker apart: `mqtt://[user:password@]host[:port]`, the same with `mqtts:`; `ws:` and `wss:` with a path and a query,
 * and after a `#` the sub-protocol where it is another one than `mqtt`; or `embedded:`.
 */
export function parseBrokerUrl(text: string): BrokerUrl {
  if (text === "embedded:") return { type: "embedded" };
  if (/^embedded\b/i.test(text)) return unusable("the broker inside the gateway is written embedded: and nothing more");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Where there is an @ there may be a password before it; where there is a query or a longer path, a token in it.
  const shown = /[@?]|[^:/]\/[^/]*\/./.test(text) ? "this" : JSON.stringify(text);
  const spelling = OTHER_SPELLINGS[url?.protocol ?? ""];
  if (spelling !== undefined && url!.host !== "") return unusable(`${shown} is written ${spelling}:// here`);
  const scheme = url?.protocol.slice(0, -1) as BrokerScheme;
  if (url === undefined || !Object.hasOwn(DEFAULT_PORTS, scheme) || url.hostname === "" || url.port === "0") {
    return unusable(`${shown} is not a URL that the gateway can use (${USABLE})`);
  }
  const isWebSocket = scheme === "ws" || scheme === "wss";
  if (!isWebSocket && (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "")) {
    return unusable(`${shown} has something after the port; write ${scheme}://host:port`);
  }
  const subProtocol = url.hash === "" ? "mqtt" : decodePercent(url.hash.slice(1));
  if (subProtocol === null || !TOKEN.test(subProtocol)) {
    return unusable(`${shown} has a # with something after it that is no WebSocket sub-protocol, such as mqtt`);
  }
  const [username, password] = [decodePercent(url.username), decodePercent(url.password)];
  if (username === null || password === null) {
    return unusable("the user name or the password has a % that stands for nothing; write %25 for a %");
  }
  const port = url.port === "" ? DEFAULT_PORTS[scheme] : Number(url.port);
  const secureScheme = isWebSocket ? "wss" : "mqtts";
  const securePort = port === DEFAULT_PORTS[scheme] ? DEFAULT_PORTS[secureScheme] : port;
  const shownPath = isWebSocket ? maskedPath(url.pathname) : "";
  const broker: TcpBroker = {
    type: "tcp",
    scheme,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    path: isWebSocket ? `${url.pathname}${url.search}` : "",
    subProtocol,
    username: username || undefined,
    password: password || undefined,
    isSecure: scheme === secureScheme,
    url: `${scheme}://${url.hostname}:${port}${shownPath}`,
    secureUrl: `${secureScheme}://${url.hostname}:${securePort}${shownPath}`,
    openStream: (tls, onOctets) => openStream(broker, tls, onOctets),
  };
  return broker;
}

function decodePercent(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // The one way in which it reports a % that is not followed by an octet in hex.
    return null;
  }
}

function unusable(problem: string): UnusableBrokerUrl {
  return { type: "unusable", problem };
}
