import type { Duplex } from "node:stream";
import type { BrokerStream } from "./broker-stream.ts";

/** What it means that the broker has closed a connection, for people. */
export function endText(stream: Duplex): string {
  const { silenceHint }: BrokerStream = stream;
  const isSilent = silenceHint !== undefined && !stream.readableDidRead;
  return isSilent
    ? `the broker closed the connection without a word: ${silenceHint}`
    : "the broker closed the connection";
}
