import type { TracedDatagram } from "./answers.ts";
import type { EventStream } from "./event-stream.ts";

/** What has come is sent together after this time. */
const COLLECT_MS = 100;

/** Datagrams that are sent in that time; the rest is counted. No person reads faster. */
const COLLECTED_MAX = 50;

/** The datagrams of one trace on their way to its reader: collected, and above a bound left out and counted. */
export class TraceStream {
  readonly #reader: EventStream;
  #collected: string[] = [];
  #omitted = 0;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(reader: EventStream) {
    this.#reader = reader;
  }

  /** One more datagram, which is put into words only where it is sent. */
  readonly add = (inWords: () => TracedDatagram): void => {
    if (this.#hasEnded) return;
    this.#timer ??= setTimeout(this.#flush, COLLECT_MS);
    if (this.#collected.length >= COLLECTED_MAX || this.#reader.isSlow) this.#omitted += 1;
    else this.#collected.push(`event: datagram\ndata: ${JSON.stringify(inWords())}\n\n`);
  };

  end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
  }

  readonly #flush = (): void => {
    this.#timer = undefined;
    const now = performance.now();
    if (this.#collected.length > 0 && !this.#reader.write(this.#collected.join(""), now)) {
      this.#omitted += this.#collected.length;
    }
    this.#collected = [];
    if (this.#omitted === 0) return;
    // Where not even that is taken, it is told later.
    if (this.#reader.send("omitted", JSON.stringify({ count: this.#omitted }), now)) this.#omitted = 0;
    else this.#timer = setTimeout(this.#flush, 10 * COLLECT_MS);
  };
}
