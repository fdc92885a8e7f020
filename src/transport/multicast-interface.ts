/** A network interface as one listener uses it for multicast. */
export interface MulticastInterface {
  name: string;
  /** What the system is told it by: an address of it for IPv4, `::%eth0` for IPv6. */
  via: string;
  isLoopback: boolean;
}
