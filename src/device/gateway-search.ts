import { decode } from "../sn/decode.ts";
import { encode } from "../sn/encode.ts";
import type { GwInfo } from "../sn/message.ts";
import type { Address, Instant } from "./contract.ts";
import { GatewayList } from "./gateway-list.ts";
import { gwAdd } from "./gw-add.ts";
import { Random } from "./random.ts";
import type { KnownGateway, SearchEffect, SearchEvent, SearchSettings } from "./search-contract.ts";

const NEVER = Number.POSITIVE_INFINITY;
const NO_ADDRESS = new Uint8Array(0);

/** Finds gateways and keeps track of them, the client's side of §6.1. See search-contract.ts. */
export class GatewaySearch {
  readonly #settings: SearchSettings;
  readonly #random: Random;
  readonly #list: GatewayList;
  #effects: SearchEffect[] = [];
  /** When the next SEARCHGW is due, or the search has failed; undefined while it does not search. */
  #searchAt: Instant | undefined;
  /** How many SEARCHGW were sent in this search, by this client or by another one in its place. */
  #searches = 0;
  /** When to answer another client's SEARCHGW, and with its radius (D9). */
  #answer: { at: Instant; radius: number } | undefined;

  constructor(settings: SearchSettings, seed: number) {
    this.#settings = settings;
    this.#random = new Random(seed);
    this.#list = new GatewayList(settings);
  }

  /** The gateways that are known, the one to choose first (D3): in the order in which they were heard, silent ones last. */
  get gateways(): KnownGateway[] {
    return this.#list.gateways;
  }

  /** Infinity where nothing is due. */
  get deadline(): Instant {
    return Math.min(this.#searchAt ?? NEVER, this.#answer?.at ?? NEVER, this.#list.deadline);
  }

  handle(event: SearchEvent, now: Instant): SearchEffect[] {
    for (const gateway of this.#list.takeSilent(now)) this.#effects.push({ type: "gone", gateway });
    switch (event.type) {
      case "datagram":
        this.#onDatagram(event.from, event.data, now);
        break;
      case "deadline":
        this.#onDeadline(now);
        break;
      case "search":
        this.#search(now);
        break;
      case "stop":
        this.#searchAt = undefined;
        break;
      case "no-answer":
        this.#list.putLast(event.gwId);
        break;
    }
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #search(now: Instant): void {
    if (this.#searchAt !== undefined || this.#list.first !== undefined) return;
    this.#searches = 0;
    // D6: clients that were switched on together do not ask together.
    this.#searchAt = now + this.#random.next() * this.#settings.tSearchGwMs;
  }

  #onDeadline(now: Instant): void {
    const { radius, repeats } = this.#settings;
    if (this.#searchAt !== undefined && this.#searchAt <= now) {
      if (this.#searches > repeats) {
        this.#searchAt = undefined;
        this.#effects.push({ type: "not-found" });
      } else {
        this.#broadcast(encode({ type: "SEARCHGW", radius }), radius);
        this.#searched(now);
      }
    }
    if (this.#answer !== undefined && this.#answer.at <= now) {
      const { radius: askedRadius } = this.#answer;
      this.#answer = undefined;
      this.#answerFor(askedRadius);
    }
  }

  /** SEARCHGW has been sent. D11: the time to the next one grows. */
  #searched(now: Instant): void {
    const { repeatMinMs, repeatMaxMs, tSearchGwMs } = this.#settings;
    const pauseMs = Math.min(repeatMaxMs, repeatMinMs * 2 ** this.#searches);
    this.#searchAt = now + pauseMs + this.#random.next() * tSearchGwMs;
    this.#searches += 1;
  }

  #onDatagram(from: Address, data: Uint8Array, now: Instant): void {
    const message = decode(data);
    switch (message.type) {
      case "ADVERTISE":
        this.#heard({ gwId: message.gwId, address: from }, message.duration * 1000, now);
        break;
      case "GWINFO":
        this.#onGwInfo(from, message, now);
        break;
      case "SEARCHGW":
        this.#onSearchGw(message.radius, now);
        break;
      default:
        // What clients and gateways say to each other is none of our business here.
        break;
    }
  }

  #onGwInfo(from: Address, message: GwInfo, now: Instant): void {
    // D9: whoever answered first has answered for all.
    this.#answer = undefined;
    // Without GwAdd it is the gateway's own, and the gateway is whoever sent it (D12).
    if (message.gwAdd.length === 0) {
      this.#heard({ gwId: message.gwId, address: from }, undefined, now);
      return;
    }
    const address = gwAdd.decode(message.gwAdd);
    if (address === null) return;
    const gateway: KnownGateway = { gwId: message.gwId, address };
    if (this.#list.toldOf(gateway, now)) this.#found(gateway);
  }

  #heard(gateway: KnownGateway, advMs: number | undefined, now: Instant): void {
    // An interval of 0 would make it gone as soon as it is known.
    if (this.#list.heard(gateway, advMs === 0 ? undefined : advMs, now)) this.#found(gateway);
  }

  #found(gateway: KnownGateway): void {
    this.#searchAt = undefined;
    this.#effects.push({ type: "found", gateway });
  }

  #onSearchGw(radius: number, now: Instant): void {
    const { radius: ownRadius, repeats, tSearchGwMs, tGwInfoMs } = this.#settings;
    if (this.#searchAt !== undefined) {
      // D6: the answer to another client's SEARCHGW comes to this one too. Those that come long before the own one is due put nothing
      // off, or many clients could keep each other from asking.
      const isDueSoon = this.#searchAt - now <= tSearchGwMs && this.#searches <= repeats;
      if (isDueSoon && radius === ownRadius) this.#searched(now);
    } else if (this.#list.first !== undefined) {
      // D9: gateways, which answer at once, come first.
      this.#answer ??= { at: now + this.#random.next() * tGwInfoMs, radius };
    }
  }

  #answerFor(radius: number): void {
    for (const { gwId, address } of this.#list.gateways) {
      const octets = gwAdd.encode(address) ?? NO_ADDRESS;
      // Without GwAdd it would say that this client is the gateway.
      if (octets.length === 0) continue;
      this.#broadcast(encode({ type: "GWINFO", gwId, gwAdd: octets }), radius);
      return;
    }
  }

  #broadcast(data: Uint8Array, radius: number): void {
    this.#effects.push({ type: "broadcast", radius, data });
  }
}
