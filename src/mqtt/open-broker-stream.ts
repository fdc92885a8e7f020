import type { Duplex } from "node:stream";

/**
 * Begins a connection to the broker. Where `onOctets` is given, what comes is told to it as soon as it is read, in place of the event
 * `data` where the carrier can do that; the octets hold during the call only. Errors come as the stream's.
 */
export type OpenBrokerStream = (onOctets?: (octets: Buffer) => void) => Duplex;
