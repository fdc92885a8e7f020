import { Option } from "commander";
import type { HostPort } from "../app/configuration/host-port.ts";
import { DeviceClient } from "../app/device/device-client.ts";
import type { DeviceQoS, DeviceTopic, ReceivedMessage } from "../device/contract.ts";
import { DEFAULT_DEVICE_SETTINGS, type DeviceWill } from "../device/settings.ts";
import { ClientCommand } from "./client-command.ts";
import {
  deviceFlags,
  durationMsFrom,
  qosFrom,
  type TopicFlags,
  topicFrom,
  topicText,
  type WillFlags,
  wholeNumberFrom,
  willFrom,
} from "./device-flags.ts";
import { failed } from "./failed.ts";
import { GatewayChoice, type GatewayFlags } from "./gateway-choice.ts";

const HELP = `
Each message is printed on a line of its own, with --verbose after its topic and a space. When the connection is lost it
is made again, and what was subscribed is subscribed again; with --discover at another gateway, if there is one, where
the last one does not answer.

Exit codes: 0 stopped, or --count was reached, 1 failure, 2 usage.

Example: subscribe --topic 'sensors/#' --verbose`;

/** One time it may be the network. */
const UNANSWERED_WAKES_MAX = 2;

interface SubscribeFlags extends TopicFlags, GatewayFlags, WillFlags {
  clientId: string;
  keepSession?: true;
  qos: DeviceQoS;
  count?: number;
  sleep?: number;
  verbose?: true;
  keepAlive: number;
  retryInterval: number;
  forwarderNode?: Uint8Array;
}

/** `subscribe`: prints what arrives at one MQTT-SN client, until it is stopped. */
export function subscribeCommand(): ClientCommand {
  const command = new ClientCommand("subscribe").description("print the messages of a topic as an MQTT-SN client");
  GatewayChoice.addFlags(command)
    .addOption(deviceFlags.clientId("subscribe"))
    .option("--keep-session", "connect with CleanSession 0: the broker keeps messages while it is away");
  deviceFlags.addTopic(command, "the topic or filter to subscribe to");
  command
    .addOption(new Option("-q, --qos <qos>", "0, 1 or 2").default(0).argParser(qosFrom))
    .addOption(new Option("--count <n>", "end after n messages; default: never").argParser(wholeNumberFrom(1, 2 ** 31)))
    .addOption(
      new Option(
        "--sleep <duration>",
        "sleep, and wake after each such time to collect messages; default: stay awake",
      ).argParser(durationMsFrom),
    )
    .option("-v, --verbose", "print the topic before each message");
  return deviceFlags
    .addWill(command)
    .addOption(deviceFlags.keepAlive())
    .addOption(deviceFlags.retryInterval())
    .addOption(deviceFlags.retryCount())
    .addOption(deviceFlags.forwarderNode())
    .addHelpText("after", HELP)
    .action(async (flags: SubscribeFlags) => {
      const topic = topicFrom(command, flags, true);
      const will = willFrom(command, flags);
      try {
        await subscribe(command, flags, topic, will);
      } catch (error) {
        throw failed("subscribe", error);
      }
    });
}

async function subscribe(
  command: ClientCommand,
  flags: SubscribeFlags,
  topic: DeviceTopic,
  will: DeviceWill | undefined,
): Promise<void> {
  const settings = {
    ...DEFAULT_DEVICE_SETTINGS,
    clientId: flags.clientId,
    cleanSession: flags.keepSession === undefined,
    duration: flags.keepAlive / 1000,
    reconnect: true,
    will,
    tRetryMs: flags.retryInterval,
    nRetry: flags.retryCount,
    unansweredWakesMax: UNANSWERED_WAKES_MAX,
  };
  const choice = await GatewayChoice.make(command, flags);
  let client: DeviceClient | undefined;
  let open: (gateway: HostPort) => Promise<DeviceClient>;
  const isEnded = new Promise<void>((resolve, reject) => {
    let left = flags.count ?? Number.POSITIVE_INFINITY;
    open = async (gateway) => {
      const opened = await DeviceClient.open(gateway, settings, flags.forwarderNode);
      client = opened;
      opened.onMessage = (message) => {
        if (left <= 0) return;
        print(message, topic, flags.verbose === true);
        left -= 1;
        if (left === 0) resolve();
      };
      opened.onDisconnected = (sentence, reconnecting, isSilent) => {
        if (!reconnecting) {
          reject(new Error(sentence));
          return;
        }
        process.stderr.write(`${sentence}; connecting again\n`);
        if (isSilent) void tryAnother(opened, choice);
      };
      opened.onReconnected = (sentence) => process.stderr.write(`${sentence}\n`);
      return opened;
    };
    // A second signal ends the process as if there were no handler.
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
    // Whoever read our output has gone.
    process.stdout.once("error", resolve);
  });
  // It may come before anybody waits for it.
  isEnded.catch(() => {});
  try {
    await Promise.race([choice.connect(open!), isEnded]);
    await Promise.race([client?.subscribe(topic, flags.qos), isEnded]);
    if (flags.sleep !== undefined) client?.sleep(flags.sleep);
    await isEnded;
  } finally {
    await client?.close();
    await choice.close();
  }
}

/** K6: first another gateway, and then this one again. Where there is none that can be spoken with, the client goes on trying here. */
async function tryAnother(client: DeviceClient, choice: GatewayChoice): Promise<void> {
  const next = await choice.instead(client.gateway);
  if (next !== undefined) await client.moveTo(next).catch(() => {});
}

function print({ topicName, data }: ReceivedMessage, topic: DeviceTopic, verbose: boolean): void {
  if (verbose) process.stdout.write(`${topicName ?? topicText(topic)} `);
  process.stdout.write(data);
  process.stdout.write("\n");
}
