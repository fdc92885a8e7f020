import { type ParseArgsConfig, parseArgs } from "node:util";

/** The options of a program of ours; the program ends with its usage where that is asked for, or where they cannot be understood. */
export function argumentsOf<T extends NonNullable<ParseArgsConfig["options"]>>(
  usage: string,
  options: T,
  args: readonly string[] = process.argv.slice(2),
) {
  if (process.argv.includes("--help") || process.argv.includes("-h")) {
    process.stdout.write(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    return endWithUsage(usage, (error as Error).message);
  }
}

/** Ends the program as one whose arguments cannot be understood. */
export function endWithUsage(usage: string, message: string): never {
  process.stderr.write(`${message}\n${usage}`);
  process.exit(2);
}
