import { type Duplex, PassThrough } from "node:stream";
import type { OpenBrokerStream } from "./open-broker-stream.ts";

/** The stream, or, where it cannot even be begun, one that fails as a stream does: later, with `error` and `close`. */
export function beginStream(openStream: OpenBrokerStream, onOctets?: (octets: Buffer) => void): Duplex {
  try {
    return openStream(onOctets);
  } catch (error) {
    return new PassThrough().destroy(error as Error);
  }
}
