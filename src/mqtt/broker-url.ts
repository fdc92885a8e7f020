import { connect } from "node:net";
import type { Duplex } from "node:stream";

/** Where the broker is. */
export type BrokerUrl = TcpBroker | EmbeddedBrokerUrl | UnusableBrokerUrl;

/** A broker that is reached over TCP. */
export interface TcpBroker {
  type: "tcp";
  /** A name or an address; an IPv6 address without its brackets. */
  host: string;
  port: number;
  /** Credentials in the URL, decoded. */
  username: string | undefined;
  password: string | undefined;
  /** Begins a connection. Errors come as the stream's. */
  openStream: () => Duplex;
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

const PORT = 1883;

const NOT_YET = new Set(["mqtts:", "ws:", "wss:"]);

/** Takes the URL of a broker apart: `mqtt://[user:password@]host[:port]`, or `embedded:`. */
export function parseBrokerUrl(text: string): BrokerUrl {
  if (text === "embedded:") return { type: "embedded" };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && NOT_YET.has(url.protocol)) {
    return unusable(`${url.protocol}// is not supported yet; use mqtt://host:port, or embedded:`);
  }
  // Where there is an @ there may be a password before it.
  const shown = text.includes("@") ? "this" : `"${text}"`;
  if (url?.protocol !== "mqtt:" || url.hostname === "" || url.port === "0") {
    return unusable(`${shown} is not a URL that the gateway can use (mqtt://host:port, or embedded:)`);
  }
  if ((url.pathname !== "" && url.pathname !== "/") || url.search !== "" || url.hash !== "") {
    return unusable(`${shown} has something after the port; write mqtt://host:port`);
  }
  const username = decodePercent(url.username);
  const password = decodePercent(url.password);
  if (username === null || password === null) {
    return unusable("the user name or the password has a % that stands for nothing; write %25 for a %");
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? PORT : Number(url.port);
  return {
    type: "tcp",
    host,
    port,
    username: username === "" ? undefined : username,
    password: password === "" ? undefined : password,
    openStream: () => connect({ host, port, noDelay: true }),
  };
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
