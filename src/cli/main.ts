#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { noSuch } from "../app/configuration-file.ts";
import { decodeCommand } from "./decode.ts";
import { runCommand } from "./run.ts";

/** Exit code for a command line that cannot be understood. */
const EXIT_USAGE = 2;

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = new Command("mqtt-sn-gateway")
  .description("An MQTT-SN gateway: sensors that speak MQTT-SN over UDP become clients of any MQTT broker.")
  .version(version)
  .helpCommand(false);

const commands = [runCommand(), decodeCommand()];
for (const command of commands) {
  program.addCommand(command, { isDefault: command.name() === "run" });
}
for (const each of [program, ...commands]) each.exitOverride().showHelpAfterError("(--help shows what there is)");

// Whoever reads our output may go away, as in `… | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  const [first] = process.argv.slice(2);
  const names = commands.map((command) => command.name());
  if (first !== undefined && /^\w/.test(first) && !names.includes(first)) {
    program.error(`error: ${first}: ${noSuch("command", first, names)}`);
  }
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Commander ends everything that it does not understand with 1. Our own errors say their code.
  const isCommanders = error.code.startsWith("commander.");
  if (!isCommanders && error.message !== "") process.stderr.write(`${error.message}\n`);
  process.exitCode = isCommanders && error.exitCode !== 0 ? EXIT_USAGE : error.exitCode;
}
