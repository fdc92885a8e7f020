/** An error of which is known what it means. */
export interface ExplainedError extends Error {
  /** What has happened and what to do about it, for people. */
  explanation?: string;
}

/** What an error says, for people. Never empty. */
export function errorText(error: unknown): string {
  // A name with several addresses of which none answers: each has its own error, and the whole has no message.
  if (error instanceof AggregateError) return error.errors.map(errorText).join(", ");
  if (error instanceof Error) return (error as ExplainedError).explanation ?? (error.message || error.name);
  return String(error);
}
