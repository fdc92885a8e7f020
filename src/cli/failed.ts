import { CommanderError } from "commander";

/** What a command that began in order ends with: 1 and the sentence of the error, unless that is a usage error. */
export function failed(command: string, error: unknown): CommanderError {
  return error instanceof CommanderError ? error : new CommanderError(1, `${command}.failed`, (error as Error).message);
}
