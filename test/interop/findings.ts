/** What a case finds besides that it works. */
export class Findings {
  /** What is different. */
  readonly differences = new Set<string>();
  /** What the broker does not have. */
  readonly inabilities = new Set<string>();
}
