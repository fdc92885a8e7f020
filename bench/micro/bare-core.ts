import type { Address, GatewayEvent, LinkId } from "../../src/gateway/contract.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { BENCH_SETTINGS } from "./bench-settings.ts";
import type { EventTaker } from "./event-taker.ts";

/** The time between two events, in milliseconds: no whole number, as with a running clock. */
const STEP_MS = 0.03;

/** The core with nothing around it. */
export class BareCore implements EventTaker {
  lastLink: LinkId = 0;
  lastSent: Uint8Array = new Uint8Array(0);
  readonly #gateway = new Gateway(BENCH_SETTINGS, 1);
  #now = 0.5;

  constructor() {
    this.linkEvent({ type: "broker-reachable", reachable: true });
  }

  datagram(from: Address, data: Uint8Array): void {
    this.linkEvent({ type: "datagram", from, data });
  }

  linkEvent(event: GatewayEvent): void {
    this.#now += STEP_MS;
    for (const effect of this.#gateway.handle(event, this.#now)) {
      if (effect.type === "send") this.lastSent = effect.data;
      else if (effect.type === "open") this.lastLink = effect.link;
    }
  }
}
