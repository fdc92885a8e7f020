/** How loud a line of the log is, the quietest first. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";
