/** How a broker speaks over TCP: bare, over TLS, over WebSocket, over WebSocket over TLS. */
export type BrokerScheme = "mqtt" | "mqtts" | "ws" | "wss";

/** Where connections to a broker go, and over what. */
export interface BrokerPlace {
  scheme: BrokerScheme;
  /** A name or an address; an IPv6 address without its brackets. */
  host: string;
  port: number;
  /** Path and query that a WebSocket server is asked for; empty for others. */
  path: string;
  /** What a WebSocket server is to speak. */
  subProtocol: string;
}
