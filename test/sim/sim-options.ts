import { Random } from "../../src/device/random.ts";

/** What one seed draws: not only the order of things, but what kind of world it is. */
export interface SimOptions {
  seed: number;
  devices: number;
  /** How long there are faults, in milliseconds of virtual time. */
  faultsMs: number;
  /** Shares of the datagrams. */
  loss: number;
  duplicates: number;
  late: number;
  delayMsMax: number;
  /** How late a late datagram is. */
  lateMsMax: number;
  brokerDelayMsMax: number;
  /** Mean time between breaks of one broker connection; Infinity: never. */
  linkBreakMs: number;
  linkRefusals: number;
  linkStallMs: number;
  /** Mean time between crashes of the gateway: it loses its memory. */
  crashMs: number;
  /** Mean time between messages, each way, of each device. */
  messageMs: number;
  tRetryMs: number;
  nRetry: number;
  sleeping: number;
  durable: number;
  wills: number;
}

export function drawOptions(seed: number): SimOptions {
  const random = new Random(seed);
  const sometimes = (share: number, most: number) => (random.next() < share ? random.next() * most : 0);
  const rarely = (share: number, least: number, most: number) =>
    random.next() < share ? random.integer(least, most) : Number.POSITIVE_INFINITY;
  const tRetryMs = random.integer(500, 10_000);
  // A datagram that stays under way for longer than half of Tretry can outlive the memory of the exchange it belongs to, on both sides.
  const delayMsMax = random.integer(1, random.next() < 0.3 ? Math.floor(tRetryMs / 4) : 50);
  return {
    seed,
    devices: random.integer(1, 6),
    faultsMs: random.integer(30_000, 300_000),
    loss: sometimes(0.7, 0.4),
    duplicates: sometimes(0.5, 0.3),
    late: sometimes(0.3, 0.1),
    delayMsMax,
    lateMsMax: Math.floor(tRetryMs / 2) - delayMsMax,
    brokerDelayMsMax: random.integer(1, random.next() < 0.2 ? 3000 : 100),
    linkBreakMs: rarely(0.4, 5_000, 120_000),
    linkRefusals: sometimes(0.3, 0.5),
    linkStallMs: rarely(0.3, 5_000, 60_000),
    crashMs: rarely(0.3, 20_000, 200_000),
    messageMs: random.integer(200, 20_000),
    tRetryMs,
    nRetry: random.integer(3, 5),
    sleeping: sometimes(0.6, 1),
    durable: random.next(),
    wills: sometimes(0.5, 1),
  };
}
