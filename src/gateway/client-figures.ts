import type { Instant } from "./contract.ts";

/** How a client went: it said so or was told, fell silent or was replaced, was refused, or did not finish its CONNECT. */
export type Parting = "disconnected" | "lost" | "refused" | "abandoned";

/** What is counted of one client since the gateway was started, over all its connections. */
export class ClientFigures {
  /** Datagrams of its messages and their octets, each way, the envelopes of forwarders included. */
  datagramsIn = 0;
  octetsIn = 0;
  datagramsOut = 0;
  octetsOut = 0;
  /** Its messages that the broker has. */
  published = 0;
  /** Messages of the broker that it has. */
  delivered = 0;
  /** Messages of the broker that it was not given. */
  dropped = 0;
  /** PUBLISHes of it that came once more. */
  repeatedIn = 0;
  /** Messages that it was sent once more. */
  repeatedOut = 0;
  /** CONNECTs that were accepted. */
  connects = 0;
  /** How often it came out of its sleep to ask for messages. */
  wakeUps = 0;
  /** How it went last, when, and why; undefined where it has not gone since the gateway was started. */
  parted: { how: Parting; at: Instant; reason: string } | undefined;
}
