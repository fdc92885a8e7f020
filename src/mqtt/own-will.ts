import type { Will } from "../gateway/packet.ts";
import type { OwnConnectionEnd } from "./own-connection.ts";

/** MQTT 5 §3.2.2.2: what a broker refuses CONNECT with for nothing but the will: its topic, payload, Retain flag and QoS. */
const OF_WILL: ReadonlySet<number | undefined> = new Set([0x90, 0x99, 0x9a, 0x9b]);

/** How often a connection with a will is refused before one is tried without; a will that was taken before is seldom to blame. */
const REFUSALS = { before: 1, onceTaken: 5 } as const;

/**
 * The will of the gateway's own connection, and whether the next attempt is made with it. A broker that does not want it may say so, or only
 * refuse or close the connection: of two attempts one is then made without it, so that it never keeps the broker out of reach.
 */
export class OwnWill {
  readonly #message: Will | undefined;
  readonly #onRefused: (reason: string) => void;
  /** The broker has said that it does not take it. */
  #isRefused = false;
  /** A connection with it has been accepted. */
  #isTaken = false;
  /** Attempts with it, one after the other, that the broker refused. */
  #refusals = 0;
  /** Why the next attempt is made without it, where that is not certain. */
  #suspicion: string | undefined;
  #isTold = false;

  /** `onRefused` is called once, when a connection without the will has been accepted that was refused with it. */
  constructor(message: Will | undefined, onRefused: (reason: string) => void) {
    this.#message = message;
    this.#onRefused = onRefused;
  }

  /** What the next attempt is made with. */
  get next(): Will | undefined {
    return this.#isRefused || this.#suspicion !== undefined ? undefined : this.#message;
  }

  /** The broker has accepted a connection with this will, or without any. */
  opened(will: Will | undefined): void {
    this.#refusals = 0;
    if (will !== undefined) this.#isTaken = true;
    else if (this.#suspicion !== undefined) this.#tell(this.#suspicion);
  }

  /** A connection that was accepted is over: the next one is made with the will again, for nothing was certain. */
  lost(): void {
    this.#suspicion = undefined;
  }

  /**
   * An attempt with this will, or without any, has failed. True where the broker has said that the will is why: the next attempt, without
   * it, need not wait.
   */
  failed(will: Will | undefined, { answer, returnCode, reason }: OwnConnectionEnd): boolean {
    if (answer === undefined || answer === "version refused") return false;
    if (will === undefined) {
      this.#suspicion = undefined;
      return false;
    }
    if (OF_WILL.has(returnCode)) {
      this.#isRefused = true;
      this.#tell(reason);
      return true;
    }
    this.#refusals += 1;
    if (this.#refusals >= (this.#isTaken ? REFUSALS.onceTaken : REFUSALS.before)) this.#suspicion = reason;
    return false;
  }

  #tell(reason: string): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#onRefused(reason);
  }
}
