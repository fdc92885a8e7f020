#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { closest } from "../app/configuration/closest.ts";
import { youngGeneration } from "./young-generation.ts";

/** Exit code for a command line that cannot be understood. */
const EXIT_USAGE = 2;

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** Each command in a module of its own, loaded only where it is needed: a sensor node's shell should not wait for a broker's code. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./run.ts")).runCommand(version),
  check: async () => (await import("./check.ts")).checkCommand(),
  publish: async () => (await import("./publish.ts")).publishCommand(),
  subscribe: async () => (await import("./subscribe.ts")).subscribeCommand(),
  simulate: async () => (await import("./simulate.ts")).simulateCommand(),
  decode: async () => (await import("./decode.ts")).decodeCommand(),
};

const [first] = process.argv.slice(2);
const names = Object.keys(COMMANDS);
const program = new Command("mqtt-sn-gateway")
  .description("An MQTT-SN gateway: sensors that speak MQTT-SN over UDP become clients of any MQTT broker.")
  .version(version, "-V, --version", "show the version")
  .helpOption("-h, --help", "show this help; run --help shows the gateway's options")
  .helpCommand(false);

// Before anything is loaded; the gateway lets go of it when it has started.
if (first === undefined || first === "run" || !names.includes(first)) youngGeneration.hold();

for (const name of first !== undefined && names.includes(first) ? [first] : names) {
  program.addCommand(await COMMANDS[name]!(), { isDefault: name === "run" });
}
for (const command of [program, ...program.commands]) {
  command.exitOverride().showHelpAfterError("(--help shows what there is)");
  // A flag that is spelt wrong may have a password behind its =.
  command.configureOutput({
    outputError: (text, write) => write(text.replace(/(unknown option '[^'=]*=).*'/s, "$1…'")),
  });
}

// Whoever reads our output may go away, as in `… | head`, or close the terminal.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
});

try {
  // Without this the word would be taken for an argument of the default command.
  if (first !== undefined && /^\w/.test(first) && !names.includes(first)) {
    const meant = closest(first, names);
    program.error(`error: there is no command "${first}"${meant === undefined ? "" : `; did you mean ${meant}?`}`);
  }
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Commander ends with 1 whatever it does not understand, and has said why. Our own errors bring their code, and perhaps a message.
  const isCommanders = error.code.startsWith("commander.");
  if (!isCommanders && error.message !== "") process.stderr.write(`${error.message}\n`);
  process.exitCode = isCommanders && error.exitCode !== 0 ? EXIT_USAGE : error.exitCode;
}
