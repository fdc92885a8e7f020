import { BrokerCounts } from "./broker-counts.ts";
import { DatagramCounts } from "./datagram-counts.ts";
import { LinkCounts } from "./link-counts.ts";
import { NoteCounts } from "./note-counts.ts";
import { PacketCounts } from "./packet-counts.ts";

/** What the runner counts of all that goes through it, since the gateway was started: plain numbers, which somebody may look at. */
export class GatewayCounts {
  /** Datagrams of clients and others to the gateway. */
  readonly in = new DatagramCounts();
  /** Those of the gateway. */
  readonly out = new DatagramCounts();
  readonly packetsToBroker = new PacketCounts();
  readonly packetsFromBroker = new PacketCounts();
  readonly notes = new NoteCounts();
  readonly links = new LinkCounts();
  readonly broker = new BrokerCounts();
}
