import { expect } from "vitest";
import { GatewaySearch } from "../../src/device/gateway-search.ts";
import { DEFAULT_SEARCH_SETTINGS, type SearchEffect, type SearchEvent } from "../../src/device/search-contract.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";

/** A client that looks for gateways, as a script of arrows in virtual time. Every effect has to be named before the next thing happens. */
export class SearchScript {
  readonly search: GatewaySearch;
  now = 0;
  #effects: SearchEffect[] = [];

  constructor(settings: Partial<typeof DEFAULT_SEARCH_SETTINGS> = {}, seed = 1) {
    this.search = new GatewaySearch({ ...DEFAULT_SEARCH_SETTINGS, ...settings }, seed);
  }

  does(event: SearchEvent): this {
    this.nothing();
    this.#effects.push(...this.search.handle(event, this.now));
    return this;
  }

  hears(from: string, message: Message): this {
    return this.does({ type: "datagram", from, data: encode(message) });
  }

  /** Time passes; what becomes due on the way happens at its time. */
  after(ms: number): this {
    this.nothing();
    const end = this.now + ms;
    while (this.search.deadline <= end) {
      this.now = Math.max(this.now, this.search.deadline);
      this.#effects.push(...this.search.handle({ type: "deadline" }, this.now));
    }
    this.now = end;
    return this;
  }

  /** Time passes until something happens, but not longer than this. Returns how long it took. */
  within(ms: number): number {
    const start = this.now;
    expect(this.search.deadline).toBeLessThanOrEqual(start + ms);
    this.after(this.search.deadline - start);
    return this.now - start;
  }

  /** The next effect is this message to the group. */
  sends(message: Partial<Message>, radius: number): this {
    const effect = this.#effects.shift();
    expect(effect).toMatchObject({ type: "broadcast", radius });
    expect(decode((effect as Extract<SearchEffect, { type: "broadcast" }>).data)).toMatchObject(message);
    return this;
  }

  /** The next effect tells the application this. */
  tells(effect: SearchEffect): this {
    expect(this.#effects.shift()).toEqual(effect);
    return this;
  }

  nothing(): this {
    expect(this.#effects).toEqual([]);
    return this;
  }
}
