import type { ServerResponse } from "node:http";
import { EventStream } from "./event-stream.ts";

/** Streams of one address: a browser opens six at most to one host, and a few people may sit behind one address. */
const OF_ADDRESS_MAX = 20;

const BEAT_MS = 1000;

/** All streams that are open: how many there may be, and that each is looked after. */
export class EventStreams {
  readonly #max: number;
  readonly #open = new Map<EventStream, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Why this address cannot have one more, for people; undefined where it can. */
  whyNot(address: string): string | undefined {
    if (this.#open.size >= this.#max) return `${this.#max} live views are open (http.max_streams); close one of them`;
    let ofAddress = 0;
    for (const each of this.#open.values()) if (each === address) ofAddress += 1;
    return ofAddress < OF_ADDRESS_MAX
      ? undefined
      : `${OF_ADDRESS_MAX} live views of ${address} are open; close one of them`;
  }

  /** Begins one. `onEnd` is called when it has ended, for whatever reason. */
  begin(response: ServerResponse, address: string, onEnd: () => void): EventStream {
    const stream = new EventStream(response, performance.now());
    this.#open.set(stream, address);
    response.on("close", () => {
      this.#open.delete(stream);
      onEnd();
      if (this.#open.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
    this.#timer ??= setInterval(() => {
      const now = performance.now();
      for (const each of this.#open.keys()) each.beat(now);
    }, BEAT_MS);
    return stream;
  }

  /** Ends all of them. Who does not take what is left is hung up on in its time. */
  end(): void {
    for (const stream of this.#open.keys()) stream.end();
  }
}
