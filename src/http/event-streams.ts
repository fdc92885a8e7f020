import type { ServerResponse } from "node:http";
import { EventStream } from "./event-stream.ts";
import { Places } from "./places.ts";

/** Streams of one network that there may be, however few there may be in all: a few people with some pages each. */
const OF_NETWORK_MIN = 20;

const BEAT_MS = 1000;

/** All streams that are open: how many there may be, and that each is looked after. */
export class EventStreams {
  readonly #places: Places;
  readonly #open = new Set<EventStream>();
  #timer: NodeJS.Timeout | undefined;

  constructor(max: number) {
    this.#places = new Places(max, Math.max(OF_NETWORK_MIN, Math.floor(max / 2)));
  }

  get size(): number {
    return this.#open.size;
  }

  /** Why this address cannot have one more, for people; undefined where it can. */
  whyNot(address: string): string | undefined {
    const { max, ofNetworkMax } = this.#places;
    const limit = this.#places.whyNot(address);
    if (limit === undefined) return undefined;
    return limit === "all are taken"
      ? `as many live views are open as there may be (http.max_streams: ${max}, a fifth of them for this machine alone); close one of them`
      : `${ofNetworkMax} live views of ${address} or its network are open; close one of them`;
  }

  /** Begins one. `onEnd` is called when it has ended, for whatever reason. */
  begin(response: ServerResponse, address: string, onEnd: () => void): EventStream {
    const stream = new EventStream(response, performance.now());
    const giveBack = this.#places.take(address);
    this.#open.add(stream);
    response.on("close", () => {
      this.#open.delete(stream);
      giveBack();
      onEnd();
      if (this.#open.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
    this.#timer ??= setInterval(() => {
      const now = performance.now();
      for (const each of this.#open) each.beat(now);
    }, BEAT_MS);
    return stream;
  }

  /** Ends all of them. Who does not take what is left is hung up on in its time. */
  end(): void {
    for (const stream of this.#open) stream.end();
  }
}
