import { BrokerTerms } from "./broker-terms.ts";
import type { Context } from "./context.ts";
import type { BrokerLimits, LinkConnect, LinkId } from "./contract.ts";
import { LastSent } from "./last-sent.ts";
import type { PacketToBroker } from "./packet.ts";

const NONE: LinkId = 0;

/**
 * A session's connection to the broker, as the core sees it: one at a time, and a new one only when the one before is gone, so that the
 * broker sees a DISCONNECT before the CONNECT that follows it and does not take the two for a take-over.
 */
export class BrokerLink {
  readonly #context: Context;
  readonly terms: BrokerTerms;
  readonly lastSent = new LastSent();
  /** The connection in use, or being made; 0 when there is none. */
  id: LinkId = NONE;
  /** One that we have closed and that is not gone yet. */
  #closing: LinkId = NONE;
  #closingWasOpen = false;
  #open = false;
  #stalled = false;
  #isDoubtful = false;
  #paused = false;
  /** Probes that have not been answered. */
  #probes = 0;

  constructor(context: Context, clientId: string) {
    this.#context = context;
    this.terms = new BrokerTerms(context, clientId);
  }

  /** Whether there is a connection, or one is being made. */
  get exists(): boolean {
    return this.id !== NONE;
  }

  /** Whether the broker has accepted it. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** An attempt of before has ended without a word of the broker: the session that it has may be one that it made then. */
  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  /** Whether it takes another packet. */
  get writable(): boolean {
    return this.#open && !this.#stalled;
  }

  /** Whether the end of one is awaited. */
  get isClosing(): boolean {
    return this.#closing !== NONE;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  open(connect: LinkConnect): void {
    this.id = this.#context.nextLink;
    this.#context.nextLink += 1;
    const will = this.terms.will(connect.will);
    this.#context.effects.add({ type: "open", link: this.id, connect: { ...connect, will } });
  }

  opened(limits: BrokerLimits | undefined): void {
    this.#open = true;
    this.terms.opened(limits);
    this.lastSent.clear();
    this.#isDoubtful = false;
    this.#context.reconnects.openLinks += 1;
  }

  stalled(stalled: boolean): void {
    this.#stalled = stalled;
  }

  write(packet: PacketToBroker): void {
    const sent = this.terms.packet(packet);
    this.lastSent.set(sent);
    this.#context.effects.add({ type: "write", link: this.id, packet: sent });
  }

  probe(): void {
    this.#probes += 1;
    this.#context.effects.add({ type: "probe", link: this.id });
  }

  /** A probe was answered: whether it was the last one. */
  probed(): boolean {
    this.#probes -= 1;
    return this.#probes === 0;
  }

  /** Stops or goes on with reading. */
  pause(paused: boolean): void {
    this.#paused = paused;
    this.#context.effects.add({ type: paused ? "pause" : "resume", link: this.id });
  }

  /** Without `disconnect` the will fires. */
  close(disconnect: boolean): void {
    if (!this.exists) return;
    this.#closingWasOpen = this.#open;
    this.#context.effects.add({ type: "close", link: this.id, disconnect });
    this.#closing = this.id;
    this.#forget();
  }

  /** The connection `link` is gone; `unasked` as in `link-closed`. True where it was the one in use, false where we had closed it. */
  gone(link: LinkId, unasked = false): boolean {
    if (link === this.#closing) {
      this.#closing = NONE;
      if (!this.#closingWasOpen && !unasked) this.#isDoubtful = true;
      return false;
    }
    if (!this.#open && !unasked) this.#isDoubtful = true;
    this.#forget();
    return true;
  }

  #forget(): void {
    this.id = NONE;
    if (this.#open) this.#context.reconnects.openLinks -= 1;
    this.#open = false;
    this.#stalled = false;
    this.#paused = false;
    this.#probes = 0;
  }
}
