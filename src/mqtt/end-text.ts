import type { Duplex } from "node:stream";
import type { BrokerStream } from "./broker-stream.ts";
import { isConnecting } from "./is-connecting.ts";

/** What it means that the broker has closed a connection, for people. */
export function endText(stream: Duplex): string {
  const { silenceHint }: BrokerStream = stream;
  if (silenceHint === undefined || stream.readableDidRead) return "the broker closed the connection";
  return `the broker closed the connection ${isConnecting(stream) ? "in the TLS handshake" : "without a word"}: ${silenceHint}`;
}
