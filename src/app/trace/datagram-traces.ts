import type { OptionValues } from "../configuration/options.ts";
import type { Listeners } from "../listeners.ts";
import type { Log } from "../log/log.ts";
import type { Surroundings } from "../runner.ts";
import type { Capture } from "./capture.ts";

/** Sees every datagram, in and out, and keeps none of the octets that it is given. */
type DatagramTrace = NonNullable<Surroundings["trace"]>;

/** Those who look at datagrams: the log, the capture file, live views. Where nobody does, datagrams pass without a look. */
export class DatagramTraces {
  readonly #traces = new Map<unknown, DatagramTrace>();
  readonly #onChange: (all: Surroundings["trace"]) => void;
  #capture: Capture | undefined;

  /** `onChange` gets what tells all of them; undefined where there is none. */
  constructor(onChange: (all: Surroundings["trace"]) => void) {
    this.#onChange = onChange;
  }

  /** From now on `whose` looks with this one; undefined ends it. */
  set(whose: unknown, trace: Surroundings["trace"]): void {
    if (trace === undefined) this.#traces.delete(whose);
    else this.#traces.set(whose, trace);
    const [first, ...others] = this.#traces.values();
    if (first === undefined || others.length === 0) this.#onChange(first);
    else {
      this.#onChange((direction, address, data) => {
        first(direction, address, data);
        for (const other of others) other(direction, address, data);
      });
    }
  }

  /** Begins the capture file, where there is to be one. Rejects with an Error for the user where it cannot be had. */
  async openCapture(
    { "trace.file": path, "trace.max_bytes": octetsMax }: Pick<OptionValues, "trace.file" | "trace.max_bytes">,
    log: Log,
    listeners: () => Listeners | undefined,
  ): Promise<void> {
    if (path === undefined) return;
    const [{ Capture }, { datagramCapture }] = await Promise.all([
      import("./capture.ts"),
      import("./datagram-capture.ts"),
    ]);
    this.#capture = await Capture.open(path, octetsMax, log);
    this.set(this.#capture, datagramCapture(this.#capture, listeners));
  }

  /** Writes what the capture file does not have yet, and closes it. */
  async close(): Promise<void> {
    await this.#capture?.close();
  }
}
