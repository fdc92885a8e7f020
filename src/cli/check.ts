import { Command, Option as Flag } from "commander";
import { configPrint } from "../app/configuration/config-print.ts";
import { configSchema } from "../app/configuration/config-schema.ts";
import { loadConfiguration } from "../app/configuration/configuration.ts";
import { placeProblems } from "../app/configuration/place-problems.ts";
import { addOptionFlags } from "./option-flags.ts";
import { refusedConfiguration } from "./refused-configuration.ts";

const HELP = `
It takes what run takes, reads the same files, and starts nothing. Where something is wrong it says all of it: where it
stands, and what to write instead; run would not start. Else it prints what is set, and by whom: a place in the
file, a flag, a variable, or a broker.profile. Nothing secret is shown: *** stands for it.

What is printed is a configuration file, to which each *** has to be written again. Warnings, and whether all is right,
go to the standard error.

For an editor that knows YAML (yaml-language-server):

  mqtt-sn-gateway check --schema > gateway.schema.json

and as the first line of gateway.yaml:

  # yaml-language-server: $schema=gateway.schema.json

Exit codes: 0 it is right, 2 usage, 78 it is not.`;

/** `check`: whether the gateway would take the configuration, and what it would come to. */
export function checkCommand(): Command {
  const command = new Command("check").description("look whether a configuration is right, and what it comes to");
  const general = (flags: string, meaning: string) => command.addOption(new Flag(flags, meaning).helpGroup("General:"));
  general("--print", "print every option, also those that have their defaults");
  general("--schema", "print the JSON Schema of the configuration file, for editors, and do nothing else");
  general("-q, --quiet", "print nothing but what is wrong, and warnings");
  const sources = addOptionFlags(command);
  return command.addHelpText("after", HELP).action((options: { print?: true; schema?: true; quiet?: true }) => {
    if (options.schema === true) {
      process.stdout.write(`${JSON.stringify(configSchema(), null, 2)}\n`);
      return;
    }
    const configuration = loadConfiguration(sources());
    const problems = configuration.ok ? placeProblems(configuration) : configuration.problems;
    if (!configuration.ok || problems.length > 0) throw refusedConfiguration("check", problems);
    const { warnings } = configuration;
    if (options.quiet !== true)
      process.stdout.write(configPrint(configuration, options.print === true ? "all" : "set"));
    for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
    if (options.quiet !== true) process.stderr.write(`${verdict(configuration.fileName, warnings.length)}\n`);
  });
}

function verdict(fileName: string | undefined, warnings: number): string {
  const right = `${fileName ?? "the configuration"} is right`;
  if (warnings === 0) return right;
  return `${right}, with ${warnings === 1 ? "a warning" : `${warnings} warnings`}`;
}
