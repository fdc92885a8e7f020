import type { ExplainedError } from "./error-text.ts";

/** Whether the text of an error says what to do about it. */
export function isExplained(error: ExplainedError): boolean {
  return error.explanation !== undefined;
}
