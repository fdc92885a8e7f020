import type { Duplex } from "node:stream";
import type { BrokerStream } from "./broker-stream.ts";

/** Whether nothing of what was written to a stream can have come to the broker: nobody is reached yet, or the handshake is not done. */
export function isConnecting(stream: Duplex): boolean {
  const { connecting, secureConnecting }: BrokerStream = stream;
  return connecting === true || secureConnecting === true;
}
