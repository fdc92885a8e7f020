import type { CaseRow } from "./case-rows.ts";
import type { Target } from "./target.ts";

/** What became of a case. */
export interface CaseOutcome {
  /** The name of the case. */
  name: string;
  row: CaseRow;
  /** "differs": it works, with a difference. "cannot": the broker does not have it, as expected. "untried": there was nothing to try it with. */
  result: "works" | "differs" | "cannot" | "fails" | "untried";
  /** What differs, why it cannot, or how it failed. */
  texts: readonly string[];
}

/** What a run with a target has come to: what is written down for the tables. */
export interface TargetReport extends Pick<Target, "name" | "title" | "table" | "head"> {
  /** Of the broker. */
  version: string;
  outcomes: readonly CaseOutcome[];
}
