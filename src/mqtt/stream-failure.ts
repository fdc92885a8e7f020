/** What the system says where the broker has closed the connection hard: EPIPE where it had closed its own direction before. */
const RESET_CODES: ReadonlySet<string | undefined> = new Set(["ECONNRESET", "EPIPE"]);

/** What fails while nobody has been reached. */
const UNREACHED_CALLS: ReadonlySet<string | undefined> = new Set(["connect", "getaddrinfo"]);

/**
 * What an error of a stream says of the broker: it has not been reached, at none of its addresses where its name has several; it has
 * closed the connection; or undefined where it is neither.
 */
export function streamFailure(error: NodeJS.ErrnoException): "unreached" | "closed by broker" | undefined {
  if (RESET_CODES.has(error.code) && error.syscall !== "connect") return "closed by broker";
  return isUnreached(error) ? "unreached" : undefined;
}

function isUnreached(error: NodeJS.ErrnoException): boolean {
  if (error instanceof AggregateError) return error.errors.every(isUnreached);
  return UNREACHED_CALLS.has(error.syscall);
}
