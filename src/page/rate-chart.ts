import type uPlot from "uplot";
import type { History, HistoryPoint } from "../http/answers.ts";
import { byId } from "./by-id.ts";
import { clockText } from "./clock-text.ts";
import { make } from "./make.ts";
import { rateText } from "./rate-text.ts";
import { setText } from "./set-text.ts";

const HEIGHT_PX = 190;

/** The lines, each with its own stroke, so that colour is not all that tells them apart. */
const LINES = [
  { key: "publishedPerSecond", color: "--line-in", dash: [] },
  { key: "deliveredPerSecond", color: "--line-out", dash: [7, 3] },
  { key: "repeatedPerSecond", color: "--line-repeated", dash: [2, 3] },
] as const;

/** Rows of the table that says the same as the chart. */
const TABLE_ROWS_MAX = 12;

/** Rates over time, with the times at which the broker could not be reached; in words and as a table as well. */
export class RateChart {
  readonly #place = byId("chart", HTMLElement);
  #history: History | undefined;
  #chart: uPlot | undefined;
  #library: Promise<typeof uPlot | undefined> | undefined;

  constructor() {
    const redraw = () => void this.#create();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    new ResizeObserver(() => this.#chart?.setSize({ width: this.#place.clientWidth, height: HEIGHT_PX })).observe(
      this.#place,
    );
  }

  async show(history: History): Promise<void> {
    const isOther = history.range !== this.#history?.range;
    this.#history = history;
    this.#place.setAttribute("aria-label", summary(history));
    showTable(history.points);
    if (this.#chart === undefined || isOther) await this.#create();
    else this.#chart.setData(dataOf(history));
  }

  async #create(): Promise<void> {
    this.#library ??= load();
    const library = await this.#library;
    const history = this.#history;
    if (history === undefined) return;
    // Without the chart there is the table.
    byId("chart-table", HTMLDetailsElement).open ||= library === undefined;
    this.#place.hidden = library === undefined;
    if (library === undefined) return;
    this.#chart?.destroy();
    this.#chart = new library(this.#options(), dataOf(history), this.#place);
  }

  /** The whole time is shown also while there is little of it: nothing moves but the lines. */
  get #windowSeconds(): number {
    return this.#history?.range === "24h" ? 24 * 60 * 60 : 10 * 60;
  }

  #options(): uPlot.Options {
    const style = getComputedStyle(this.#place);
    const color = (name: string) => style.getPropertyValue(name).trim();
    const font = `12px ${style.fontFamily}`;
    const axis = {
      stroke: color("--quiet"),
      font,
      grid: { stroke: color("--line"), width: 1 },
      ticks: { show: false },
    };
    return {
      width: this.#place.clientWidth,
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 8, 0, 0],
      scales: {
        x: { time: true, range: (_, __, last) => [last - this.#windowSeconds, last] },
        y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] },
      },
      axes: [
        {
          ...axis,
          space: 70,
          size: 30,
          values: (_, ticks) => ticks.map((tick) => clockText(tick * 1000, tick * 1000).slice(0, 5)),
        },
        { ...axis, size: 44, values: (_, ticks) => ticks.map((tick) => rateTick(tick)) },
      ],
      series: [
        {},
        ...LINES.map((line) => ({
          stroke: color(line.color),
          width: 1.75,
          dash: [...line.dash],
          points: { show: false },
        })),
      ],
      hooks: { drawClear: [(chart) => drawOutages(chart, this.#history?.points ?? [], color("--band"))] },
    };
  }
}

/** The chart is worth much, and the page works without it. */
async function load(): Promise<typeof uPlot | undefined> {
  try {
    return (await import("/assets/uplot.js")).default;
  } catch {
    return undefined;
  }
}

function dataOf({ points }: History): uPlot.AlignedData {
  return [points.map(({ at }) => at / 1000), ...LINES.map(({ key }) => points.map((point) => point[key]))];
}

function rateTick(value: number): string {
  return value >= 1000 ? `${value / 1000}k` : String(value);
}

function drawOutages(chart: uPlot, points: readonly HistoryPoint[], color: string): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.fillStyle = color;
  for (const { from, to } of outages(points)) {
    const left = Math.max(bbox.left, chart.valToPos(from / 1000, "x", true));
    const right = Math.min(bbox.left + bbox.width, chart.valToPos(to / 1000, "x", true));
    // The shortest is seen as well.
    ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
  }
  ctx.restore();
}

function outages(points: readonly HistoryPoint[]): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  let from: number | undefined;
  for (const { at, brokerReachable } of points) {
    if (brokerReachable && from !== undefined) {
      found.push({ from, to: at });
      from = undefined;
    } else if (!brokerReachable) from ??= at;
  }
  if (from !== undefined) found.push({ from, to: points.at(-1)!.at });
  return found;
}

function summary({ range, points }: History): string {
  const time = range === "10m" ? "the last 10 minutes" : "the last 24 hours";
  if (points.length === 0) return `Messages a second over ${time}: nothing is known yet.`;
  const words = (key: (typeof LINES)[number]["key"]) => {
    const rates = points.map((point) => point[key]);
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    return `${rateText(mean)} on average, ${rateText(Math.max(...rates))} at most`;
  };
  const now = points.at(-1)!.at;
  const bands = outages(points).map(({ from, to }) => `from ${clockText(from, now)} to ${clockText(to, now)}`);
  const broker =
    bands.length === 0 ? "The broker was reachable." : `The broker was not reachable ${bands.slice(-5).join(", ")}.`;
  return `Messages a second over ${time}. From clients: ${words("publishedPerSecond")}. To clients: ${words("deliveredPerSecond")}. Repeated: ${words("repeatedPerSecond")}. ${broker}`;
}

function showTable(points: readonly HistoryPoint[]): void {
  const body = byId("chart-rows", HTMLTableSectionElement);
  const now = points.at(-1)?.at ?? 0;
  const step = Math.max(1, Math.ceil(points.length / TABLE_ROWS_MAX));
  const count = Math.ceil(points.length / step);
  while (body.rows.length < count) {
    const row = body.insertRow();
    const time = make("th");
    time.scope = "row";
    row.append(time, ...Array.from({ length: LINES.length + 3 }, () => make("td", "number")));
  }
  while (body.rows.length > count) body.deleteRow(-1);
  for (let index = 0; index < count; index += 1) {
    const part = points.slice(index * step, (index + 1) * step);
    const last = part.at(-1)!;
    const rates = LINES.map(({ key }) => rateText(part.reduce((sum, point) => sum + point[key], 0) / part.length));
    const broker = part.every(({ brokerReachable }) => brokerReachable) ? "yes" : "no";
    const texts = [clockText(last.at, now), ...rates, String(last.clients), String(last.asleep), broker];
    for (const [cell, text] of texts.entries()) setText(body.rows[index]!.cells[cell]!, text);
  }
}
