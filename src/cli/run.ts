import { Command, CommanderError } from "commander";
import { type Configuration, loadConfiguration } from "../app/configuration/configuration.ts";
import { parseListenUrl } from "../app/configuration/host-port.ts";
import { Daemon } from "../app/daemon.ts";
import { firstSteps } from "../app/first-steps.ts";
import { programInvocation } from "../app/invocation.ts";
import { Log } from "../app/log/log.ts";
import { reportOpenFiles } from "../app/log/open-files-report.ts";
import { tellOfWarnings } from "../app/log/tell-of-warnings.ts";
import { openFilesMax } from "../app/open-files-max.ts";
import { ServiceNotice } from "../app/service-notice.ts";
import { addOptionFlags } from "./option-flags.ts";
import { refusedConfiguration } from "./refused-configuration.ts";
import { Signals } from "./signals.ts";
import { youngGeneration } from "./young-generation.ts";

const HELP = `
Every option can also be set in the environment, as shown, or in a YAML file: --broker-keep-alive 30s is the same as
MQTTSN_BROKER_KEEP_ALIVE=30s and as the key broker.keep_alive,

  broker:
    keep_alive: 30s

A flag goes before the environment, the environment before the file.

Names of files and folders are relative to the file that they stand in, those on the command line or in the environment
to the working directory. Durations are 500ms, 10s, 5m, 2h, 1d, or a number of seconds.

Only in a file can one set topics.predefined, topic ids that clients may use without registration, and
clients.credentials, what clients show to the broker: the entry with a client's own id counts, else the first pattern that
fits, else broker.username and broker.password. Who can connect with a client id has its credentials. Where \${clientId} is
in a topic, clients whose id has / + or # in it, or begins with $, are refused.

  topics:
    predefined:
      - { id: 1, topic: sensors/temperature }
      - { id: 2, topic: sensors/boiler, client: boiler }
      - { id: 3, topic: "sensors/\${clientId}/state" }
  clients:
    credentials:
      - { client: boiler, username: heating, password_file: boiler.password }
      - { client: "sensor-*", username: "\${clientId}", password_file: sensors.password }

The gateway runs until SIGINT or SIGTERM, or until the terminal is closed that it was started on. On SIGHUP it reads the
file again, and the files that it names, and takes over what has changed; nobody is disconnected by that. It says what
needs a restart, and where anything is wrong, nothing changes.

Exit codes: 0 stopped, 1 failure, 2 usage, 78 configuration.`;

/** `run`: the gateway, in the foreground, until a signal ends it. `version` is what the log says. */
export function runCommand(version: string): Command {
  const command = new Command("run").description("run the gateway (also with no command at all)");
  const sourcesOf = addOptionFlags(command);
  return command.addHelpText("after", HELP).action(async () => {
    const sources = sourcesOf();
    const configuration = loadConfiguration(sources);
    if (configuration.ok) {
      const { hasEmptyFile } = configuration;
      return run(configuration, version, (certificate) =>
        loadConfiguration({ ...sources, running: { hasEmptyFile, certificate } }),
      );
    }
    throw refusedConfiguration("run", configuration.problems);
  });
}

async function run(
  configuration: Configuration & { ok: true },
  version: string,
  readAgain: (certificate: string | undefined) => Configuration,
): Promise<void> {
  const { values: options } = configuration;
  const isTerminal = process.stdout.isTTY === true;
  const format = options["log.format"] ?? (isTerminal ? "pretty" : "json");
  const log = new Log({
    level: options["log.level"],
    format,
    colour: isTerminal && process.env.NO_COLOR === undefined,
  });
  let daemon: Daemon | undefined;
  const notice = ServiceNotice.of(process.env, log);
  const signals = new Signals(log, {
    readConfiguration: () => tellOfWarnings(log, readAgain(daemon?.certificate)),
    onStop: () => notice?.stopping(),
  });
  tellOfWarnings(log, configuration);
  // What nobody has caught, of a callback or a promise.
  process.on("uncaughtException", (error) => {
    if (daemon !== undefined) return daemon.fail(error);
    log.error("gateway.failed", {}, error.stack ?? String(error));
    process.exit(1);
  });
  let isReady = false;
  const onReady = () => {
    isReady = true;
    notice?.ready();
    log.info("gateway.ready", {}, "the gateway is ready");
    // For who is trying it out, not for whose log this is.
    if (!isTerminal || format !== "pretty" || daemon!.sessionsKept > 0) return;
    const listener = parseListenUrl(daemon!.listenerUrls[0]!)!;
    const { brokerUrl, pageUrl } = daemon!;
    process.stdout.write(firstSteps({ command: programInvocation(), listener, brokerUrl, pageUrl }));
  };
  try {
    daemon = await Daemon.start(options, log, { onReady, onFailure: () => process.exit(1) });
  } catch (error) {
    log.error("gateway.failed", { code: (error as NodeJS.ErrnoException).code }, (error as Error).message);
    throw new CommanderError(1, "run.start", "");
  }
  youngGeneration.release();
  reportOpenFiles(options, openFilesMax(), log);
  signals.started(daemon);
  if (!isReady) notice?.waiting(daemon.brokerUrl);
  const fields = { version, node: process.version, listeners: daemon.listenerUrls.join(" "), broker: daemon.brokerUrl };
  log.info("gateway.started", fields, `mqtt-sn-gateway ${version} has started`);
}
