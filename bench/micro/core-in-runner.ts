import { Runner, type RunnerLink, type Surroundings } from "../../src/app/runner.ts";
import type { Address, GatewayEvent, LinkId } from "../../src/gateway/contract.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { BENCH_SETTINGS } from "./bench-settings.ts";
import type { EventTaker } from "./event-taker.ts";

/** A connection that takes everything. */
const LINK: RunnerLink = {
  write: () => undefined,
  probe: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  close: () => undefined,
};

/** The core in its runner, with doubles of sockets and connections. */
export class CoreInRunner implements EventTaker {
  lastLink: LinkId = 0;
  lastSent: Uint8Array = new Uint8Array(0);
  readonly #runner: Runner;
  #emit: (event: GatewayEvent) => void = () => undefined;

  constructor() {
    const surroundings: Surroundings = {
      send: (_to, data) => {
        this.lastSent = data;
      },
      broadcast: () => undefined,
      publish: () => undefined,
      openLink: (link, _connect, emit) => {
        this.lastLink = link;
        this.#emit = emit;
        return LINK;
      },
      linkOpened: () => undefined,
      note: () => undefined,
      save: () => undefined,
      stalled: () => undefined,
      trace: undefined,
      failed: (error) => {
        throw error;
      },
    };
    this.#runner = new Runner(new Gateway(BENCH_SETTINGS, 1), surroundings);
    this.#runner.brokerReachable(true);
  }

  datagram(from: Address, data: Uint8Array): void {
    this.#runner.datagram(from, data);
  }

  linkEvent(event: GatewayEvent): void {
    this.#emit(event);
  }

  /** No timer is left behind. */
  end(): void {
    this.#runner.fail();
  }
}
