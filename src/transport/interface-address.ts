/** One address of one network interface of this machine. */
export interface InterfaceAddress {
  interfaceName: string;
  /** Without a zone. */
  address: string;
  isIPv6: boolean;
  /** Whether nothing but this machine is behind the interface. */
  isLoopback: boolean;
  /** The network that is behind the interface: `10.0.0.0` with a prefix length of 8. Any address of it may stand for it. */
  prefixLength: number;
}
