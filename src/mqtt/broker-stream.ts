import type { Duplex } from "node:stream";

/** A connection to the broker, whatever carries it, as far as it tells more than a stream does. */
export interface BrokerStream extends Duplex {
  /** Nobody has been reached yet; a socket says so. */
  connecting?: boolean;
  /** The TLS handshake is not done; a TLS socket says so. */
  secureConnecting?: boolean;
  /** What it may mean that the broker closes the connection and has not sent anything: goes on after "perhaps". */
  silenceHint?: string | undefined;
}
