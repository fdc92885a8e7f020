/** What a figure is called in a table, and how it is written there. */
export interface FigureForm {
  head: string;
  digits: number;
  /** By what the value is divided for the table. */
  unit?: number;
  /** Of several runs the sum is told, not the median: none is expected. */
  isSummed?: true;
  /** 0 or 1, written as yes or no. */
  isFlag?: true;
}

/** Every figure that a run can have. CPU time is that of user and kernel mode, of all threads. */
export const FIGURES = {
  messagesPerSecond: { head: "messages/s", digits: 0 },
  seconds: { head: "s", digits: 2 },
  /** CPU time for each message, or for each connection. */
  gatewayUs: { head: "gateway µs", digits: 1 },
  brokerUs: { head: "broker µs", digits: 1 },
  /** The gateway's CPU time by the broker's in the same interval. */
  ratio: { head: "ratio", digits: 2 },
  generatorUs: { head: "generator µs", digits: 1 },
  /** Of one core. */
  gatewayPercent: { head: "gateway % of a core", digits: 2 },
  /** While it tells the broker of clients that have come. */
  tellingPercent: { head: "gateway % before", digits: 2 },
  brokerPercent: { head: "broker %", digits: 2 },
  generatorPercent: { head: "generator %", digits: 0 },
  /** Everything else that ran on the machine meanwhile. */
  othersPercent: { head: "others %", digits: 0 },
  /** The whole way, as its mode defines it. */
  p50Us: { head: "p50 ms", digits: 2, unit: 1000 },
  p99Us: { head: "p99 ms", digits: 2, unit: 1000 },
  lost: { head: "lost", digits: 0, isSummed: true },
  duplicates: { head: "twice", digits: 0, isSummed: true },
  /** Messages and answers that nothing waited for (any more). */
  strays: { head: "strays", digits: 0, isSummed: true },
  /** Requests that were sent again for want of an answer. */
  repeated: { head: "repeated", digits: 0, isSummed: true },
  /** What is resident at the end of the run, and by how much more than before the clients, for each of them. */
  gatewayMib: { head: "gateway MiB", digits: 0 },
  gatewayKibPerClient: { head: "gateway KiB/client", digits: 1 },
  brokerKibPerClient: { head: "broker KiB/client", digits: 1 },
  /** The bare measures of a round trip. */
  roundTripP50Us: { head: "gateway p50 µs", digits: 1 },
  roundTripP99Us: { head: "p99 µs", digits: 1 },
  echoP50Us: { head: "echo p50 µs", digits: 1 },
  hopP50Us: { head: "hop p50 µs", digits: 1 },
  timesBare: { head: "by echo + hop", digits: 2 },
  /** An open loop's highest rate with hardly a loss, the share of messages lost there, and the highest rate that was really sent. */
  ratePerSecond: { head: "highest rate/s", digits: 0 },
  lostPercent: { head: "lost %", digits: 3 },
  sentPerSecond: { head: "tried up to/s", digits: 0 },
  /** At half of that rate. */
  halfP50Us: { head: "p50 ms at half of it", digits: 2, unit: 1000 },
  halfP99Us: { head: "p99 ms at half of it", digits: 2, unit: 1000 },
  isGeneratorLimit: { head: "generator is the limit", digits: 0, isFlag: true },
} as const satisfies Record<string, FigureForm>;

export type FigureName = keyof typeof FIGURES;

/** The figures of one run. */
export type Figures = Readonly<Partial<Record<FigureName, number>>>;
