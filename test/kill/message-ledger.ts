export type Direction = "up" | "down";

/** QoS of a message that the one who sent it gets an answer to. */
export type AnsweredQoS = 1 | 2;

/** What became of the messages of one direction and QoS. Arrivals are counted for each receiver. */
export interface Tally {
  sent: number;
  /** The sender was told that it has arrived. */
  accepted: number;
  /** Accepted, and missing at a receiver. */
  lost: number;
  arrived: number;
  /** Arrivals beyond the first: QoS 1 may have them. */
  duplicated: number;
}

interface Entry {
  readonly direction: Direction;
  readonly qos: AnsweredQoS;
  readonly arrivals: Map<string, number>;
  isAccepted: boolean;
  /** When the sender was told, by `performance.now`. */
  acceptedAt: number;
}

/** What was sent, accepted and received. A message is its payload, which is no other's. */
export class MessageLedger {
  readonly #entries = new Map<string, Entry>();
  /** By receiver: what is on its way there. */
  readonly #open = new Map<string, Set<string>>();
  readonly #unanswered = new Set<string>();
  readonly #repeated: { payload: string; receiver: string }[] = [];

  send(payload: string, direction: Direction, qos: AnsweredQoS, receivers: readonly string[]): void {
    this.#entries.set(payload, {
      direction,
      qos,
      arrivals: new Map(receivers.map((receiver) => [receiver, 0])),
      isAccepted: false,
      acceptedAt: Number.POSITIVE_INFINITY,
    });
    this.#unanswered.add(payload);
    for (const receiver of receivers) this.#openFor(receiver).add(payload);
  }

  /** The sender has its answer. What was not accepted may arrive or not. */
  answer(payload: string, isAccepted: boolean): void {
    const entry = this.#entries.get(payload)!;
    this.#unanswered.delete(payload);
    entry.isAccepted = isAccepted;
    entry.acceptedAt = performance.now();
    if (isAccepted) return;
    for (const receiver of entry.arrivals.keys()) this.#openFor(receiver).delete(payload);
  }

  /** A sentence where it should not have arrived: `qos` is that of the arrival. */
  arrive(payload: string, receiver: string, qos: number): string | undefined {
    const entry = this.#entries.get(payload);
    const before = entry?.arrivals.get(receiver);
    if (entry === undefined || before === undefined) return `${receiver} got ${payload}, which nobody sent there`;
    entry.arrivals.set(receiver, before + 1);
    this.#openFor(receiver).delete(payload);
    if (before > 0 && qos === 2) this.#repeated.push({ payload, receiver });
    return undefined;
  }

  /** What was accepted, at least so long ago, and has not arrived at this receiver. */
  dueAt(receiver: string, agoMs = 0): string[] {
    const until = performance.now() - agoMs;
    return [...this.#openFor(receiver)].filter((payload) => {
      const { isAccepted, acceptedAt } = this.#entries.get(payload)!;
      return isAccepted && acceptedAt <= until;
    });
  }

  /** What is on its way to this receiver, accepted or not. */
  openAt(receiver: string): number {
    return this.#openFor(receiver).size;
  }

  /** Whether everything has its answer, and has arrived where it was accepted. */
  get isSettled(): boolean {
    return this.#unanswered.size === 0 && [...this.#open.values()].every((open) => open.size === 0);
  }

  /** Arrivals of QoS 2 beyond the first, with who got them. */
  get repeated(): readonly { payload: string; receiver: string }[] {
    return this.#repeated;
  }

  /** Messages whose senders do not know what has become of them. */
  get unanswered(): readonly string[] {
    return [...this.#unanswered];
  }

  /** Every message that was accepted and is missing, with who misses it. */
  get lost(): string[] {
    return [...this.#open.keys()].flatMap((receiver) =>
      this.dueAt(receiver).map((payload) => `${receiver} misses ${payload} of QoS ${this.#entries.get(payload)!.qos}`),
    );
  }

  tally(direction: Direction, qos: AnsweredQoS): Tally {
    const tally: Tally = { sent: 0, accepted: 0, lost: 0, arrived: 0, duplicated: 0 };
    for (const entry of this.#entries.values()) {
      if (entry.direction !== direction || entry.qos !== qos) continue;
      tally.sent += 1;
      if (entry.isAccepted) tally.accepted += 1;
      for (const count of entry.arrivals.values()) {
        if (count > 0) tally.arrived += 1;
        else if (entry.isAccepted) tally.lost += 1;
        tally.duplicated += Math.max(0, count - 1);
      }
    }
    return tally;
  }

  #openFor(receiver: string): Set<string> {
    let open = this.#open.get(receiver);
    if (open === undefined) {
      open = new Set();
      this.#open.set(receiver, open);
    }
    return open;
  }
}
