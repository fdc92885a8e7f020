import { CommanderError } from "commander";

/** Exit code for a configuration that is wrong (EX_CONFIG of sysexits.h). */
const EXIT_CONFIGURATION = 78;

/** Tells what is wrong with the configuration; gives what the command ends with. */
export function refusedConfiguration(command: string, problems: readonly string[]): CommanderError {
  process.stderr.write(`${problems.join("\n")}\n`);
  return new CommanderError(EXIT_CONFIGURATION, `${command}.configuration`, "");
}
