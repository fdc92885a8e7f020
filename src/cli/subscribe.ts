import { Command, CommanderError, Option } from "commander";
import { DeviceClient } from "../app/device-client.ts";
import type { HostPort } from "../app/host-port.ts";
import type { DeviceQoS, DeviceTopic, ReceivedMessage } from "../device/contract.ts";
import { DEFAULT_DEVICE_SETTINGS } from "../device/settings.ts";
import {
  deviceFlags,
  durationMsFrom,
  qosFrom,
  type TopicFlags,
  topicFrom,
  topicText,
  wholeNumberFrom,
} from "./device-flags.ts";

const HELP = `
Each message is printed on a line of its own, with --verbose after its topic and a space. When the connection is lost it
is made again, and what was subscribed is subscribed again.

Exit codes: 0 stopped, or --count was reached, 1 failure, 2 usage.

Example: subscribe --topic 'sensors/#' --verbose`;

interface SubscribeFlags extends TopicFlags {
  gateway: HostPort;
  clientId: string;
  keepSession?: true;
  qos: DeviceQoS;
  count?: number;
  sleep?: number;
  verbose?: true;
  keepAlive: number;
  retryInterval: number;
  retryCount: number;
}

/** `subscribe`: prints what arrives at one MQTT-SN client, until it is stopped. */
export function subscribeCommand(): Command {
  const command = new Command("subscribe")
    .description("print the messages of a topic as an MQTT-SN client")
    .addOption(deviceFlags.gateway())
    .addOption(deviceFlags.clientId("subscribe"))
    .option("--keep-session", "connect with CleanSession 0: the broker keeps messages while it is away");
  deviceFlags.addTopic(command, "the topic or filter to subscribe to");
  return command
    .addOption(new Option("-q, --qos <qos>", "0, 1 or 2").default(0).argParser(qosFrom))
    .addOption(new Option("--count <n>", "end after n messages; default: never").argParser(wholeNumberFrom(1, 2 ** 31)))
    .addOption(
      new Option(
        "--sleep <duration>",
        "sleep, and wake after each such time to collect messages; default: stay awake",
      ).argParser(durationMsFrom),
    )
    .option("-v, --verbose", "print the topic before each message")
    .addOption(deviceFlags.keepAlive())
    .addOption(deviceFlags.retryInterval())
    .addOption(deviceFlags.retryCount())
    .addHelpText("after", HELP)
    .action(async (flags: SubscribeFlags) => {
      const topic = topicFrom(command, flags, true);
      try {
        await subscribe(flags, topic);
      } catch (error) {
        throw new CommanderError(1, "subscribe.failed", (error as Error).message);
      }
    });
}

async function subscribe(flags: SubscribeFlags, topic: DeviceTopic): Promise<void> {
  const client = await DeviceClient.open(flags.gateway, {
    ...DEFAULT_DEVICE_SETTINGS,
    clientId: flags.clientId,
    cleanSession: flags.keepSession === undefined,
    duration: flags.keepAlive / 1000,
    reconnect: true,
    tRetryMs: flags.retryInterval,
    nRetry: flags.retryCount,
  });
  const isEnded = new Promise<void>((resolve, reject) => {
    let left = flags.count ?? Number.POSITIVE_INFINITY;
    client.onMessage = (message) => {
      if (left <= 0) return;
      print(message, topic, flags.verbose === true);
      left -= 1;
      if (left === 0) resolve();
    };
    client.onDisconnected = (sentence, reconnecting) => {
      if (reconnecting) process.stderr.write(`${sentence}; connecting again\n`);
      else reject(new Error(sentence));
    };
    client.onReconnected = (sentence) => process.stderr.write(`${sentence}\n`);
    // A second signal ends the process as if there were no handler.
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
    // Whoever read our output has gone.
    process.stdout.once("error", resolve);
  });
  // It may come before anybody waits for it.
  isEnded.catch(() => {});
  try {
    await Promise.race([client.connect(), isEnded]);
    await Promise.race([client.subscribe(topic, flags.qos), isEnded]);
    if (flags.sleep !== undefined) client.sleep(flags.sleep);
    await isEnded;
  } finally {
    await client.close();
  }
}

function print({ topicName, data }: ReceivedMessage, topic: DeviceTopic, verbose: boolean): void {
  if (verbose) process.stdout.write(`${topicName ?? topicText(topic)} `);
  process.stdout.write(data);
  process.stdout.write("\n");
}
