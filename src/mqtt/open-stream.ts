import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { BrokerPlace } from "./broker-place.ts";
import type { BrokerStream } from "./broker-stream.ts";
import type { TlsSettings } from "./tls-settings.ts";
import { openTlsStream } from "./tls-stream.ts";
import { WebSocketStream } from "./web-socket-stream.ts";

/** Ports at which a broker seldom speaks bare MQTT, and what it speaks there. */
const OTHER_PORTS: ReadonlyMap<number, string> = new Map([
  [8883, "mqtts://"],
  [8884, "mqtts:// or wss://"],
  [443, "mqtts:// or wss://"],
  [80, "ws://"],
  [8080, "ws://"],
  [8083, "ws://"],
  [9001, "ws://"],
]);

/** Into which all TCP connections read, one after the other: what was read is taken before anything else is. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** Begins a connection to a broker; see `OpenBrokerStream`. Over TLS it needs to know how. */
export function openStream(
  place: BrokerPlace,
  tls: TlsSettings | undefined,
  onOctets: ((octets: Buffer) => void) | undefined,
): Duplex {
  switch (place.scheme) {
    case "mqtt":
      return openTcpStream(place, onOctets);
    case "mqtts":
      return openTlsStream(place, needed(tls));
    case "ws":
      return new WebSocketStream(place, () => connect({ host: place.host, port: place.port, noDelay: true }));
    case "wss":
      return new WebSocketStream(place, () => openTlsStream(place, needed(tls)));
  }
}

function openTcpStream({ host, port }: BrokerPlace, onOctets: ((octets: Buffer) => void) | undefined): Duplex {
  const stream: BrokerStream = connect({
    host,
    port,
    noDelay: true,
    // Otherwise Node makes a buffer of 64 KiB for each read, most of which is for two to sixty octets.
    ...(onOctets && { onread: { buffer: READ_BUFFER, callback: take } }),
  });
  function take(size: number): boolean {
    // Who says something is not silent; a socket that reads in this way does not know it by itself.
    if (stream.silenceHint !== undefined) stream.silenceHint = undefined;
    onOctets?.(READ_BUFFER.subarray(0, size));
    return true;
  }
  const other = OTHER_PORTS.get(port);
  if (other !== undefined) {
    stream.silenceHint = `it wants another URL, for at port ${port} brokers mostly have ${other}`;
  }
  return stream;
}

function needed(tls: TlsSettings | undefined): TlsSettings {
  if (tls === undefined) throw new Error("a connection over TLS has to be told how");
  return tls;
}
