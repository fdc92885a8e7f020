import { LatencyHistogram } from "./latency-histogram.ts";

const ACCEPTED = 0x80;
const FAILED = 0x40;
/** The lower bits count arrivals, and stop at this. */
const ARRIVALS_MAX = 0x3f;

export interface DeliveryTotals {
  sent: number;
  accepted: number;
  failed: number;
  /** Neither accepted nor failed yet. */
  pending: number;
  delivered: number;
  /** Accepted, and not arrived. */
  lostAccepted: number;
  /** Not accepted, and not arrived. */
  lostUnaccepted: number;
  /** Arrivals beyond the first. */
  duplicated: number;
  /** Arrivals that nobody sent. */
  foreign: number;
}

/** What was sent by or to each node, whether it was accepted, and how often it arrived: one octet a message. */
export class DeliveryLedger {
  readonly answerLatency = new LatencyHistogram();
  readonly arrivalLatency = new LatencyHistogram();
  readonly #messages: Uint8Array[];
  readonly #sentCounts: Uint32Array;
  #accepted = 0;
  #failed = 0;
  #sent = 0;
  #delivered = 0;
  #acceptedAndDelivered = 0;
  #duplicated = 0;
  #foreign = 0;

  constructor(nodes: number) {
    this.#messages = new Array<Uint8Array>(nodes).fill(new Uint8Array(0));
    this.#sentCounts = new Uint32Array(nodes);
  }

  /** A new message for, or of, this node. Returns its sequence number. */
  send(node: number): number {
    const sequence = this.#sentCounts[node]!;
    this.#sentCounts[node] = sequence + 1;
    this.#sent += 1;
    const messages = this.#messages[node]!;
    if (sequence >= messages.length) {
      const larger = new Uint8Array(Math.max(16, messages.length * 2));
      larger.set(messages);
      this.#messages[node] = larger;
    }
    return sequence;
  }

  answer(node: number, sequence: number, isAccepted: boolean, latencyMs: number): void {
    const messages = this.#messages[node]!;
    messages[sequence]! |= isAccepted ? ACCEPTED : FAILED;
    if (isAccepted) {
      this.#accepted += 1;
      this.answerLatency.add(latencyMs);
      if ((messages[sequence]! & ARRIVALS_MAX) > 0) this.#acceptedAndDelivered += 1;
    } else {
      this.#failed += 1;
    }
  }

  arrive(node: number, sequence: number, latencyMs: number): void {
    const sentCount = this.#sentCounts[node];
    if (sentCount === undefined || sequence >= sentCount) {
      this.#foreign += 1;
      return;
    }
    const messages = this.#messages[node]!;
    const entry = messages[sequence]!;
    const arrivals = entry & ARRIVALS_MAX;
    if (arrivals < ARRIVALS_MAX) messages[sequence] = entry + 1;
    if (arrivals > 0) {
      this.#duplicated += 1;
      return;
    }
    this.#delivered += 1;
    if ((entry & ACCEPTED) !== 0) this.#acceptedAndDelivered += 1;
    this.arrivalLatency.add(latencyMs);
  }

  get totals(): DeliveryTotals {
    const lostAccepted = this.#accepted - this.#acceptedAndDelivered;
    return {
      sent: this.#sent,
      accepted: this.#accepted,
      failed: this.#failed,
      pending: this.#sent - this.#accepted - this.#failed,
      delivered: this.#delivered,
      lostAccepted,
      lostUnaccepted: this.#sent - this.#delivered - lostAccepted,
      duplicated: this.#duplicated,
      foreign: this.#foreign,
    };
  }
}
