import type { Machine } from "./machine.ts";
import type { CaseSummary } from "./results.ts";

/** Of a core: what else ran beside the load makes the figures worse above it. */
const OTHERS_PERCENT_MAX = 20;

/** Why these figures may not be what others would measure, a sentence each. */
export function doubts({ commit }: Machine, cases: readonly CaseSummary[]): string[] {
  const all: string[] = [];
  if (commit?.endsWith("+")) all.push(`the files are not those of commit ${commit.slice(0, -1)}`);
  for (const { mode, nodes, subject, figures } of cases) {
    const most = figures.othersPercent?.max ?? 0;
    if (most <= OTHERS_PERCENT_MAX) continue;
    all.push(`${mode}, ${nodes} nodes, ${subject}: something else took ${most.toFixed(0)} % of a core`);
  }
  return all;
}
