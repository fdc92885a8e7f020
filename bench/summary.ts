import { FIGURES, type FigureForm, type FigureName, type Figures } from "./figures.ts";

/** A figure over the repetitions of one case. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** As it stands in a table: `1.62`, or `1.62 (1.58–1.66)` with the range. */
export function figureText(name: FigureName, spread: Spread, withRange = false): string {
  const form: FigureForm = FIGURES[name];
  if (form.isFlag === true) return spread.max > 0 ? "yes" : "no";
  const text = (value: number): string => grouped((value / (form.unit ?? 1)).toFixed(form.digits));
  const isRange = withRange && spread.min !== spread.max;
  return isRange ? `${text(spread.median)} (${text(spread.min)}–${text(spread.max)})` : text(spread.median);
}

/** With commas between thousands. */
function grouped(text: string): string {
  const [whole, fraction] = text.split(".");
  const grouping = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouping : `${grouping}.${fraction}`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The spread of every figure that all these runs have; of one that is summed the sum stands as its median. */
export function spreads(runs: readonly Figures[]): Partial<Record<FigureName, Spread>> {
  const result: Partial<Record<FigureName, Spread>> = {};
  for (const name of Object.keys(FIGURES) as FigureName[]) {
    const values = runs.map((run) => run[name]).filter((value) => value !== undefined);
    if (values.length === 0 || values.length < runs.length) continue;
    const form: FigureForm = FIGURES[name];
    const middle = form.isSummed === true ? values.reduce((total, value) => total + value, 0) : median(values);
    result[name] = { median: middle, min: Math.min(...values), max: Math.max(...values) };
  }
  return result;
}
