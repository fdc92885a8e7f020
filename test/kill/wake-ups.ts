/** The awake periods of one sleeping device, each from its first PINGREQ to PINGRESP. */
export class WakeUps {
  /** Periods that ended with PINGRESP, and without. */
  answered = 0;
  unanswered = 0;
  #due: readonly string[] = [];
  #isExcused = false;

  /** `due` is what the broker has for the device. `isBrokerAway`: nobody has to stay awake for it. */
  begin(due: readonly string[], isBrokerAway: boolean): void {
    this.#due = due;
    this.#isExcused = isBrokerAway;
  }

  /** The broker goes away. */
  excuse(): void {
    this.#isExcused = true;
  }

  /** What was due when the device woke up, and still is at PINGRESP (Z7). */
  end(due: readonly string[], isAnswered: boolean): string[] {
    this[isAnswered ? "answered" : "unanswered"] += 1;
    if (!isAnswered || this.#isExcused) return [];
    const still = new Set(due);
    return this.#due.filter((payload) => still.has(payload));
  }
}
