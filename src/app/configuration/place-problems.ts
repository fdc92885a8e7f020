import type { ConfigurationInOrder } from "./configuration.ts";
import { filePlaceProblem } from "./file-place-problem.ts";
import { NOTHING_KEPT } from "./nothing-kept.ts";
import { saidAt } from "./said.ts";
import { statePathProblem } from "./state-path-problem.ts";

/**
 * What is wrong with the places that are to be written to: for a configuration that nobody runs yet. A gateway that starts finds out by
 * itself, and may be started again until a disk is there.
 */
export function placeProblems({ values, said }: Pick<ConfigurationInOrder, "values" | "said">): string[] {
  const { "trace.file": trace, "state.path": state } = values;
  const problems: string[] = [];
  const add = (key: "trace.file" | "state.path", problem: string | undefined) => {
    if (problem === undefined) return;
    problems.push((said.get(key) ?? saidAt(key, undefined)).problem([], problem).text);
  };
  if (state !== NOTHING_KEPT) add("state.path", statePathProblem(state));
  if (trace !== undefined) add("trace.file", filePlaceProblem(trace));
  return problems;
}
