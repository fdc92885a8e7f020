/** A multicast group, and the port that its datagrams are sent to. */
export interface MulticastGroup {
  /** An IPv4 or IPv6 address, without brackets and zone. */
  host: string;
  port: number;
}
