import type { ConnectResult, LoadResult, Result } from "./job.ts";

/** One line of the table: medians over the repetitions of one case. */
export interface LoadRow {
  mode: string;
  nodes: number;
  messagesPerSecond: number;
  gatewayUs: number;
  brokerUs: number;
  /** The gateway's CPU time by the broker's, of one run each; then the median. */
  ratio: number;
  generatorUs: number;
  /** The sum, not the median: none is expected. */
  lost: number;
}

export interface ConnectRow {
  mode: string;
  nodes: number;
  seconds: number;
  gatewayUs: number;
  brokerUs: number;
  repeated: number;
  gatewayKibPerClient: number;
  brokerKibPerClient: number;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function summarizeLoad(mode: string, nodes: number, results: readonly LoadResult[]): LoadRow {
  const of = (figure: (result: LoadResult) => number): number => median(results.map(figure));
  return {
    mode,
    nodes,
    messagesPerSecond: of(({ messages, elapsedMs }) => (1000 * messages) / elapsedMs),
    gatewayUs: of(({ cpu, messages }) => cpu.gatewayUs / messages),
    brokerUs: of(({ cpu, messages }) => cpu.brokerUs / messages),
    ratio: of(({ cpu }) => cpu.gatewayUs / cpu.brokerUs),
    generatorUs: of(({ cpu, messages }) => cpu.generatorUs / messages),
    lost: sum(results.map(({ lost }) => lost)),
  };
}

export function summarizeConnects(mode: string, nodes: number, results: readonly ConnectResult[]): ConnectRow {
  const of = (figure: (result: ConnectResult) => number): number => median(results.map(figure));
  return {
    mode,
    nodes,
    seconds: of(({ elapsedMs }) => elapsedMs / 1000),
    gatewayUs: of(({ cpu }) => cpu.gatewayUs / nodes),
    brokerUs: of(({ cpu }) => cpu.brokerUs / nodes),
    repeated: sum(results.map(({ repeated }) => repeated)),
    gatewayKibPerClient: of(({ gatewayOctetsPerClient }) => gatewayOctetsPerClient / 1024),
    brokerKibPerClient: of(({ brokerOctetsPerClient }) => brokerOctetsPerClient / 1024),
  };
}

/** Short, for the progress of a run. */
export function brief(result: Result): string {
  if (result.kind === "connect") {
    return `${(result.elapsedMs / 1000).toFixed(2)} s, ${(result.gatewayOctetsPerClient / 1024).toFixed(1)} KiB a client`;
  }
  const { cpu, messages, elapsedMs } = result;
  const rate = Math.round((1000 * messages) / elapsedMs);
  return `${rate} messages/s, gateway ${(cpu.gatewayUs / messages).toFixed(1)} µs, broker ${(cpu.brokerUs / messages).toFixed(1)} µs`;
}

const COLUMNS: Record<string, string> = {
  mode: "mode",
  nodes: "nodes",
  messagesPerSecond: "messages/s",
  seconds: "seconds",
  gatewayUs: "gateway µs",
  brokerUs: "broker µs",
  ratio: "ratio",
  generatorUs: "generator µs",
  lost: "lost",
  repeated: "repeated",
  gatewayKibPerClient: "gateway KiB/client",
  brokerKibPerClient: "broker KiB/client",
};

const DIGITS: Record<string, number> = { messagesPerSecond: 0, seconds: 2, ratio: 2, nodes: 0, lost: 0, repeated: 0 };

/** Rows under their column heads; text to the left, numbers to the right. */
export function table(rows: readonly (LoadRow | ConnectRow)[]): string {
  const keys = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) =>
    Object.entries(row).map(([key, value]: [string, string | number]) =>
      typeof value === "string" ? value : value.toFixed(DIGITS[key] ?? 1),
    ),
  );
  const lines = [keys.map((key) => COLUMNS[key] ?? key), ...cells];
  const widths = keys.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
    )
    .join("\n");
}
