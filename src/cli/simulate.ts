import { SingleBar } from "cli-progress";
import { InvalidArgumentError, Option } from "commander";
import type { HostPort } from "../app/configuration/host-port.ts";
import { simulatedPayload } from "../app/device/simulated-payload.ts";
import { Simulation, type SimulationOptions, type SimulationProgress } from "../app/device/simulation.ts";
import { isSimulationClean, simulationJson, simulationSummary } from "../app/device/simulation-summary.ts";
import { parseBrokerUrl } from "../mqtt/broker-url.ts";
import type { QoS } from "../sn/message.ts";
import { ClientCommand } from "./client-command.ts";
import { deviceFlags, durationMsFrom, qosOrMinusOneFrom, shortNameFrom, wholeNumberFrom } from "./device-flags.ts";
import { failed } from "./failed.ts";
import { GatewayChoice, type GatewayFlags } from "./gateway-choice.ts";

/** One node is one socket; more do not have ports on one address. */
const NODES_MAX = 25_000;

const HELP = `
The nodes connect, register a topic each, publish for the duration, wait for the last acknowledgements, and disconnect.
The rate is that of all nodes together, in turn; a node that waits for an acknowledgement is left out, so that
the rate is lower where the gateway is slower. With --broker an MQTT client counts what arrives there. With --deliver it
publishes, and the nodes subscribe and count; at QoS 1 and 2 their sessions outlast a lost connection, and end with the run.
With --forwarders the nodes are spread behind that many forwarders, each of which has one address for all its nodes.
With --sleep the nodes sleep between their messages: each wakes after that time to collect what has come, and connects to
publish.

At QoS -1 the nodes do not connect: they send to the short topic name, and only the broker's side can tell what arrives.

Exit codes: 0 when every node connected and, at QoS 1 and 2, every message was acknowledged, none of them is missing
(looked at with --broker) and at QoS 2 none came twice; 1 otherwise; 2 usage.

Example: simulate --nodes 100 --rate 50 --qos 1 --loss 0.05 --broker mqtt://127.0.0.1:1883`;

interface SimulateFlags extends GatewayFlags {
  broker?: string;
  deliver?: true;
  nodes: number;
  qos: QoS;
  short: string;
  forwarders: number;
  rate: number;
  duration: number;
  sleep?: number;
  payload: number;
  loss: number;
  seed: number;
  retryInterval: number;
  json?: true;
}

/** `simulate`: many MQTT-SN nodes against a gateway. */
export function simulateCommand(): ClientCommand {
  const command = new ClientCommand("simulate").description("simulate many MQTT-SN nodes against any gateway");
  GatewayChoice.addFlags(command)
    .addOption(
      new Option("--broker <url>", "mqtt://host:port of the gateway's broker, to count what arrives; default: none"),
    )
    .option("--deliver", "send from the broker to the nodes (needs --broker)")
    .addOption(new Option("--nodes <n>", "number of nodes").default(100).argParser(wholeNumberFrom(1, NODES_MAX)))
    .addOption(
      new Option("--forwarders <n>", "number of forwarders that the nodes are behind; 0: none")
        .default(0)
        .argParser(wholeNumberFrom(0, NODES_MAX)),
    )
    .addOption(new Option("-q, --qos <qos>", "-1, 0, 1 or 2").default(1).argParser(qosOrMinusOneFrom))
    .addOption(new Option("--short <ab>", "the short topic name that messages of QoS -1 go to").default("zz"))
    .addOption(new Option("--rate <n>", "messages per second, in all").default(10).argParser(rateFrom))
    .addOption(new Option("--duration <duration>", "how long to send").default(30_000, "30s").argParser(durationMsFrom))
    .addOption(
      new Option(
        "--sleep <duration>",
        "sleep between messages, waking after each such time; default: stay awake",
      ).argParser(durationMsFrom),
    )
    .addOption(
      new Option("--payload <octets>", `octets of a message, ${simulatedPayload.octetsMin} or more`)
        .default(32)
        .argParser(wholeNumberFrom(simulatedPayload.octetsMin, 65_000)),
    )
    .addOption(
      new Option("--loss <share>", "share of datagrams lost in each direction, 0 to 0.9")
        .default(0)
        .argParser(lossFrom),
    )
    .addOption(
      new Option("--seed <n>", "of everything random here; default: another one each time")
        .default(Math.floor(Math.random() * 2 ** 31), "random")
        .argParser(wholeNumberFrom(0, 2 ** 32 - 1)),
    )
    .addOption(deviceFlags.retryInterval().default(1000, "1s"))
    .addOption(deviceFlags.retryCount().default(5))
    .option("--json", "print the summary as one JSON object");
  return command.addHelpText("after", HELP).action(async (flags: SimulateFlags) => {
    if (flags.deliver === true && flags.broker === undefined) {
      command.error("error: --deliver needs --broker: that is where the messages come from");
    }
    const broker = flags.broker === undefined ? undefined : parseBrokerUrl(flags.broker);
    // Not as the flag is read: there the message would show the URL, with the password that it may have.
    if (broker?.type === "unusable") command.error(`error: --broker: ${broker.problem}`);
    const shortTopicId = shortNameFrom(command, flags.short);
    if (flags.qos === -1 && flags.deliver === true)
      command.error("error: --qos -1 goes one way: there is no --deliver");
    if (flags.qos === -1 && flags.sleep !== undefined)
      command.error("error: --qos -1 has no connection: nobody sleeps");
    try {
      const choice = await GatewayChoice.make(command, flags);
      await choice.close();
      await simulate(optionsFrom(flags, choice.gateway, shortTopicId), flags.json === true);
    } catch (error) {
      throw failed("simulate", error);
    }
  });
}

async function simulate(options: SimulationOptions, asJson: boolean): Promise<void> {
  const bar = new ProgressBar();
  const simulation = new Simulation(options, (progress) => bar.show(progress));
  // The first signal ends the sending; a second one ends the process as if there were no handler.
  const stop = () => simulation.stop();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const report = await simulation.run().finally(() => {
    bar.stop();
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  });
  if (asJson) process.stdout.write(`${simulationJson(options, report)}\n`);
  else process.stdout.write(simulationSummary(options, report));
  if (!isSimulationClean(options, report)) process.exitCode = 1;
}

function optionsFrom(flags: SimulateFlags, gateway: HostPort, shortTopicId: number): SimulationOptions {
  return {
    gateway,
    broker: flags.broker,
    deliver: flags.deliver === true,
    nodes: flags.nodes,
    qos: flags.qos,
    shortTopicId,
    forwarders: flags.forwarders,
    rate: flags.rate,
    durationMs: flags.duration,
    sleepMs: flags.sleep,
    payloadOctets: flags.payload,
    loss: flags.loss,
    seed: flags.seed,
    tRetryMs: flags.retryInterval,
    nRetry: flags.retryCount,
  };
}

function rateFrom(text: string): number {
  const rate = Number(text);
  if (rate > 0 && rate <= 1_000_000) return rate;
  throw new InvalidArgumentError("Write messages per second, more than 0.");
}

function lossFrom(text: string): number {
  const loss = Number(text);
  if (text.trim() !== "" && loss >= 0 && loss <= 0.9) return loss;
  throw new InvalidArgumentError("Write a share from 0 to 0.9, such as 0.05 for 5 %.");
}

/** A bar on standard error for each phase; nothing where that is no terminal. */
class ProgressBar {
  #bar: SingleBar | undefined;
  #phase: string | undefined;

  show({ phase, done, total }: SimulationProgress): void {
    if (!process.stderr.isTTY) return;
    if (phase !== this.#phase) {
      this.stop();
      this.#phase = phase;
      this.#bar = new SingleBar({ format: `${phase.padEnd(14)} {bar} {value}/{total}`, stream: process.stderr });
      this.#bar.start(Math.round(total), 0);
    }
    this.#bar?.update(Math.round(done));
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
