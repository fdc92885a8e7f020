import type { Duplex } from "node:stream";
import type { BrokerStream } from "./broker-stream.ts";
import { isConnecting } from "./is-connecting.ts";

/** What it means that the broker has closed a connection, for people. */
export function endText(stream: Duplex): string {
  const { silenceHint }: BrokerStream = stream;
  if (silenceHint === undefined || stream.readableDidRead) return "the broker closed the connection";
  if (isConnecting(stream)) {
    return `the broker closed the connection in the TLS handshake: either it does not speak TLS at this port, or ${silenceHint}`;
  }
  return `the broker closed the connection without a word: perhaps ${silenceHint}`;
}
