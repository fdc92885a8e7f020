import type { FigureName, Figures } from "./figures.ts";
import type { Machine } from "./machine.ts";
import { type Spread, spreads } from "./summary.ts";
import { TARGETS, type Target } from "./targets.ts";

/** What came of one case. */
export interface CaseResult {
  mode: string;
  nodes: number;
  /** `gateway`, or what it was compared with. */
  subject: string;
  runs: Figures[];
  /** Why runs failed. */
  failures: string[];
}

/** A case with its figures over the runs. */
export interface CaseSummary extends CaseResult {
  figures: Partial<Record<FigureName, Spread>>;
}

export interface TargetResult extends Target {
  nodes: number;
  value: number;
  isReached: boolean;
}

/** Everything that a whole run has found, as it is written to a file. */
export interface Results {
  machine: Machine;
  options: { warmUpMs: number; measureMs: number; repetitions: number };
  targets: TargetResult[];
  cases: CaseSummary[];
}

export function summarize(machine: Machine, options: Results["options"], cases: readonly CaseResult[]): Results {
  const summaries = cases.map((one) => ({ ...one, figures: spreads(one.runs) }));
  return { machine, options, targets: targetResults(summaries), cases: summaries };
}

/** The targets that these cases have something to say of. */
export function targetResults(cases: readonly CaseSummary[]): TargetResult[] {
  return cases
    .filter(({ subject }) => subject === "gateway")
    .flatMap(({ mode, nodes, figures }) =>
      TARGETS.filter((target) => target.mode === mode && (target.nodes ?? nodes) === nodes).flatMap((target) => {
        const value = figures[target.figure]?.median;
        return value === undefined ? [] : [{ ...target, nodes, value, isReached: value <= target.max }];
      }),
    );
}
