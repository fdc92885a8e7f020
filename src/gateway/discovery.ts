import { encode } from "../sn/encode.ts";
import type { Advertise } from "../sn/message.ts";
import { type Context, note } from "./context.ts";
import type { Address, Instant } from "./contract.ts";
import type { Forwarding } from "./forwarding.ts";
import { RateLimit } from "./rate-limit.ts";
import { SourceLimit } from "./source-limit.ts";

const NEVER: Instant = Number.POSITIVE_INFINITY;

/** SEARCHGWs of one address that are answered at once, and then one a second: who searches does so a few times, with growing pauses. */
const SEARCH_BURST = 10;
/** GWINFOs a second to the groups. Where many search at once, as after a power cut, one answer serves them all. */
const GWINFO_BROADCASTS_PER_SECOND = 10;

/**
 * Advertisement and discovery (§6.1): the gateway is to be found while it is of use, that is while its broker can be reached. A
 * stand-by gateway keeps still besides while another one advertises (D5).
 */
export class Discovery {
  readonly #context: Context;
  readonly #searches: SourceLimit;
  readonly #broadcasts = new RateLimit(() => GWINFO_BROADCASTS_PER_SECOND);
  /** Other gateways by their GwId: when their ADVERTISEs will have been missed NADV times in a row. */
  readonly #neighbours = new Map<number, Instant>();
  #brokerReachable = false;
  /** Until when a stand-by gateway that hears nobody waits for somebody to be heard; undefined when it does not. */
  #listensUntil: Instant | undefined;
  #nextAdvertise: Instant = NEVER;
  /** When something is due: ADVERTISE, or the end of another gateway. */
  deadline: Instant = NEVER;

  constructor(context: Context) {
    this.#context = context;
    this.#searches = new SourceLimit(
      { perSecond: () => 1, burst: SEARCH_BURST },
      () => context.settings.strangerAnswersPerSecond,
    );
    if (context.settings.standby) this.#listensUntil = NEVER;
  }

  get brokerReachable(): boolean {
    return this.#brokerReachable;
  }

  /** The broker can be reached from now on, or not any more. */
  brokerIs(reachable: boolean, now: Instant): void {
    const { nAdv, advertiseIntervalMs } = this.#context.settings;
    this.#brokerReachable = reachable;
    // Nothing is known of the others yet; the one it stands by for advertises as often as we would.
    if (reachable && this.#listensUntil === NEVER) this.#listensUntil = now + nAdv * advertiseIntervalMs + this.#turn;
    this.#advertise(now);
    this.#setDeadline();
  }

  /** SEARCHGW (D8): answered at once, to the asker and to the groups that it may have asked through, as far as it asked (D10). */
  search(radius: number, address: Address, forwarding: Forwarding | undefined, now: Instant): void {
    const { effects } = this.#context;
    const reason = this.#whyQuiet();
    if (reason !== undefined) {
      note(this.#context, "search.ignored", { address, reason });
      return;
    }
    if (!this.#searches.allows(address, forwarding?.forwarder, now)) {
      note(this.#context, "search.ignored", { address, reason: "too many", limit: "clients.max_stranger_answers" });
      return;
    }
    const data = this.#gwInfo();
    if (forwarding !== undefined) {
      effects.add({ type: "send", to: forwarding.forwarder, data: forwarding.wrap(data, radius) });
      return;
    }
    effects.add({ type: "send", to: address, data });
    if (this.#broadcasts.allows(now)) effects.add({ type: "broadcast", near: address, radius, data });
  }

  /** ADVERTISE of another gateway (D13: never an answer). */
  heard({ gwId, duration }: Advertise, address: Address, now: Instant): void {
    const { discovery, gatewayId, nAdv, standby } = this.#context.settings;
    if (!discovery) return;
    if (gwId === gatewayId) {
      // What we send ourselves the transport keeps from coming back.
      note(this.#context, "neighbour.confused", { gwId, address });
      return;
    }
    if (!this.#neighbours.has(gwId)) note(this.#context, "neighbour.heard", { gwId, address, duration });
    if (standby && this.#neighbours.size === 0) note(this.#context, "standby.quiet", { gwId });
    this.#neighbours.set(gwId, now + nAdv * Math.max(1, duration) * 1000);
    this.#listensUntil = undefined;
    if (standby) this.#nextAdvertise = NEVER;
    this.#setDeadline();
  }

  /** `deadline` has come. */
  onDeadline(now: Instant): void {
    for (const [gwId, until] of this.#neighbours) {
      if (until > now) continue;
      this.#neighbours.delete(gwId);
      note(this.#context, "neighbour.silent", { gwId });
      if (this.#context.settings.standby && this.#neighbours.size === 0) this.#listensUntil = now + this.#turn;
    }
    if (this.#listensUntil !== undefined && now >= this.#listensUntil) {
      this.#listensUntil = undefined;
      note(this.#context, "standby.active", {});
      this.#advertise(now);
    } else if (now >= this.#nextAdvertise) {
      this.#advertise(now);
    }
    this.#setDeadline();
  }

  /** The gateway stops. */
  stop(): void {
    this.#brokerReachable = false;
    this.#nextAdvertise = NEVER;
    this.#listensUntil = undefined;
    this.#neighbours.clear();
    this.#setDeadline();
  }

  #setDeadline(): void {
    this.deadline = Math.min(this.#nextAdvertise, this.#listensUntil ?? NEVER, ...this.#neighbours.values());
  }

  /** Of several stand-by gateways the one with the lowest GwId takes over; the others hear it before it is their turn. */
  get #turn(): number {
    const { gatewayId, advertiseIntervalMs } = this.#context.settings;
    return ((gatewayId - 1) / 255) * advertiseIntervalMs;
  }

  /** Whether the gateway leaves it to another one to be found. */
  get #standsBy(): boolean {
    return this.#context.settings.standby && (this.#neighbours.size > 0 || this.#listensUntil !== undefined);
  }

  #whyQuiet(): string | undefined {
    if (!this.#context.settings.discovery) return "it is switched off: discovery.enabled";
    if (!this.#brokerReachable) return "the broker cannot be reached";
    return this.#standsBy ? "the gateway stands by" : undefined;
  }

  /** ADVERTISE, now and at each interval from now on, where the gateway is to be found (D1). */
  #advertise(now: Instant): void {
    if (this.#whyQuiet() !== undefined) {
      this.#nextAdvertise = NEVER;
      return;
    }
    const { gatewayId: gwId, advertiseIntervalMs, advertiseRadius: radius } = this.#context.settings;
    const duration = advertiseIntervalMs / 1000;
    this.#context.effects.add({
      type: "broadcast",
      near: undefined,
      radius,
      data: encode({ type: "ADVERTISE", gwId, duration }),
    });
    note(this.#context, "gateway.advertised", { duration });
    this.#nextAdvertise = now + advertiseIntervalMs;
  }

  #gwInfo(): Uint8Array {
    return encode({ type: "GWINFO", gwId: this.#context.settings.gatewayId, gwAdd: new Uint8Array(0) });
  }
}
