import { FIGURES, type FigureForm, type FigureName } from "./figures.ts";
import type { CaseSummary, Results } from "./results.ts";
import { figureText } from "./summary.ts";

/** One table: the modes that it has, and the figures that are its columns, with their range where it is told. */
interface TableForm {
  title: string;
  modes: RegExp;
  columns: readonly FigureName[];
  ranges: readonly FigureName[];
}

const TABLES: readonly TableForm[] = [
  {
    title: "Messages, closed loop",
    modes: /^(publish|deliver)-/,
    columns: [
      "messagesPerSecond",
      "gatewayUs",
      "brokerUs",
      "ratio",
      "p50Us",
      "p99Us",
      "lost",
      "duplicates",
      "gatewayMib",
    ],
    ranges: ["gatewayUs", "ratio"],
  },
  {
    title: "The generator, and everything else, meanwhile",
    modes: /^(publish|deliver)-/,
    columns: ["generatorUs", "generatorPercent", "gatewayPercent", "brokerPercent", "othersPercent", "strays"],
    ranges: [],
  },
  {
    title: "Connecting",
    modes: /^connect$/,
    columns: ["seconds", "gatewayUs", "brokerUs", "ratio", "p50Us", "p99Us", "repeated"],
    ranges: ["seconds", "ratio"],
  },
  {
    title: "Memory of connected clients",
    modes: /^connect$/,
    columns: ["gatewayKibPerClient", "brokerKibPerClient", "gatewayMib", "generatorPercent", "othersPercent"],
    ranges: ["gatewayKibPerClient"],
  },
  {
    title: "Waking up",
    modes: /^wake-up$/,
    columns: [
      "seconds",
      "gatewayUs",
      "brokerUs",
      "p50Us",
      "p99Us",
      "lost",
      "duplicates",
      "repeated",
      "gatewayKibPerClient",
    ],
    ranges: ["seconds", "gatewayUs"],
  },
  {
    title: "Idle",
    modes: /^idle$/,
    columns: [
      "gatewayPercent",
      "tellingPercent",
      "brokerPercent",
      "othersPercent",
      "gatewayKibPerClient",
      "brokerKibPerClient",
      "gatewayMib",
    ],
    ranges: ["gatewayPercent"],
  },
  {
    title: "One message at a time",
    modes: /^round-trip$/,
    columns: ["roundTripP50Us", "roundTripP99Us", "echoP50Us", "hopP50Us", "timesBare"],
    ranges: ["roundTripP50Us", "timesBare"],
  },
  {
    title: "Open loop",
    modes: /^open-/,
    columns: ["ratePerSecond", "lostPercent", "p50Us", "p99Us", "halfP50Us", "halfP99Us"],
    ranges: ["ratePerSecond"],
  },
  {
    title: "The processes in the open loop",
    modes: /^open-/,
    columns: ["sentPerSecond", "isGeneratorLimit", "generatorUs", "generatorPercent", "gatewayUs", "gatewayPercent"],
    ranges: [],
  },
  { title: "At rest", modes: /^base/, columns: ["gatewayMib", "seconds"], ranges: ["gatewayMib"] },
];

/** A table as lines of cells; the first is its head. */
export interface Table {
  title: string;
  lines: string[][];
}

/** Of all figures those that were measured; where something was compared, it stands below the gateway. */
export function tables({ cases, targets }: Results): Table[] {
  const all = TABLES.map(({ title, modes, columns, ranges }) => {
    const rows = cases.filter(({ mode, runs }) => modes.test(mode) && runs.length > 0);
    const hasSubjects = rows.some(({ subject }) => subject !== "gateway");
    const head = ["mode", "nodes", ...(hasSubjects ? ["of"] : []), ...columns.map((name) => FIGURES[name].head)];
    const lines = rows.map((row) => [
      row.mode,
      row.nodes === 0 ? "–" : row.nodes.toLocaleString("en"),
      ...(hasSubjects ? [row.subject] : []),
      ...columns.map((name) => cell(row, name, ranges.includes(name))),
    ]);
    return { title, lines: lines.length === 0 ? [] : [head, ...lines] };
  });
  const targetLines = targets.map(({ mode, nodes, figure, max, value, isReached }) => {
    const text = (number: number): string => figureText(figure, { median: number, min: number, max: number });
    const count = nodes === 0 ? "–" : nodes.toLocaleString("en");
    return [mode, count, FIGURES[figure].head, text(value), text(max), isReached ? "reached" : "not reached"];
  });
  const head = ["mode", "nodes", "figure", "measured", "at most", ""];
  all.push({ title: "Targets", lines: targetLines.length === 0 ? [] : [head, ...targetLines] });
  return all.filter(({ lines }) => lines.length > 0);
}

function cell({ figures }: CaseSummary, name: FigureName, withRange: boolean): string {
  const spread = figures[name];
  return spread === undefined ? "–" : figureText(name, spread, withRange);
}

/** For a terminal: text to the left, numbers to the right. */
export function plainTable({ title, lines }: Table): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const rows = lines.map((line) =>
    line.map((text, column) => (column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!))).join("  "),
  );
  return [`${title}:`, ...rows].join("\n");
}

export function markdownTable({ title, lines }: Table): string {
  const [head, ...rows] = lines.map((line) => `| ${line.join(" | ")} |`);
  const rule = `|${"---|".repeat(lines[0]!.length)}`;
  return [`### ${title}`, "", head, rule, ...rows].join("\n");
}

/** The figures that say most, in one line. */
export function brief(run: Partial<Record<FigureName, number>>): string {
  const names = BRIEF.filter((name) => run[name] !== undefined).slice(0, 5);
  return names
    .map((name) => {
      const form: FigureForm = FIGURES[name];
      const value = run[name]!;
      return `${form.head} ${figureText(name, { median: value, min: value, max: value })}`;
    })
    .join(", ");
}

const BRIEF: readonly FigureName[] = [
  "timesBare",
  "roundTripP50Us",
  "ratePerSecond",
  "messagesPerSecond",
  "gatewayUs",
  "brokerUs",
  "ratio",
  "lost",
  "gatewayMib",
  "gatewayPercent",
];
