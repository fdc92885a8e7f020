import type { Address, GatewayEvent, LinkId } from "../../src/gateway/contract.ts";

/** What takes events in: the core alone, or the runner with the core in it. What comes out ends here. */
export interface EventTaker {
  datagram(from: Address, data: Uint8Array): void;
  /** An event of a broker connection. */
  linkEvent(event: GatewayEvent): void;
  /** The connection that was begun last. */
  readonly lastLink: LinkId;
  /** The datagram that was sent last. */
  readonly lastSent: Uint8Array;
}
