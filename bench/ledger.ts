/** More messages than a run can have: two minutes at 250,000 a second. */
const MESSAGES_MAX = 30_000_000;

const ACKNOWLEDGED = 1;
const ARRIVED = 2;

/** Of each message of a run, by its number, whether its sender has been told that it is through, and whether it has come. */
export class Ledger {
  /** Messages that came again. */
  duplicates = 0;
  /** Messages that were acknowledged to their sender, and have not come. */
  owed = 0;
  /** An octet each, all there from the beginning: nothing is allocated for one of them, and memory is taken as it is written to. */
  readonly #states = new Uint8Array(MESSAGES_MAX);

  acknowledge(message: number): void {
    const state = this.#states[message]!;
    if (state === 0) this.owed += 1;
    this.#states[message] = state | ACKNOWLEDGED;
  }

  /** Whether it came for the first time. */
  arrive(message: number): boolean {
    const state = this.#states[message]!;
    if ((state & ARRIVED) !== 0) {
      this.duplicates += 1;
      return false;
    }
    if (state === ACKNOWLEDGED) this.owed -= 1;
    this.#states[message] = state | ARRIVED;
    return true;
  }
}
