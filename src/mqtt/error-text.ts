/** An error of which is known what it means. */
export interface ExplainedError extends Error {
  /** What has happened and what to do about it, for people. */
  explanation?: string;
}

/** What it means that a connection cannot be begun, where that is not for the broker's sake. */
const MEANINGS: Readonly<Record<string, string>> = {
  EMFILE: "too many open files, of which each client takes one",
  ENFILE: "the system has no more files to open (fs.file-max)",
  EADDRNOTAVAIL:
    "this machine has no address for that one, or no local port is left for it (net.ipv4.ip_local_port_range)",
};

/** What an error says, for people. Never empty. */
export function errorText(error: unknown): string {
  // A name with several addresses of which none answers: each has its own error, and the whole has no message.
  if (error instanceof AggregateError) return error.errors.map(errorText).join(", ");
  if (error instanceof Error) {
    const { code, explanation }: NodeJS.ErrnoException & ExplainedError = error;
    if (explanation !== undefined) return explanation;
    const meaning = MEANINGS[code ?? ""];
    const message = error.message || error.name;
    return meaning === undefined ? message : `${message}: ${meaning}`;
  }
  return String(error);
}
