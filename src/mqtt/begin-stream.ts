import { type Duplex, PassThrough } from "node:stream";

/** The stream, or, where it cannot even be begun, one that fails as a stream does: later, with `error` and `close`. */
export function beginStream(openStream: () => Duplex): Duplex {
  try {
    return openStream();
  } catch (error) {
    return new PassThrough().destroy(error as Error);
  }
}
