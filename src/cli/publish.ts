import { createInterface } from "node:readline";
import { buffer } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { DeviceClient } from "../app/device-client.ts";
import type { HostPort } from "../app/host-port.ts";
import type { DeviceTopic } from "../device/contract.ts";
import { DEFAULT_DEVICE_SETTINGS } from "../device/settings.ts";
import type { QoS } from "../sn/message.ts";
import { deviceFlags, qosFrom, type TopicFlags, topicFrom } from "./device-flags.ts";

const HELP = `
Without --message the messages are read from standard input, one a line; empty lines are left out. With --whole all of
standard input is one message.

At QoS -1 the message is sent without a connection and without an answer, to a predefined topic id or a short name.

Exit codes: 0 every message was accepted (at QoS 0: sent, and not refused before the end; at QoS -1: sent), 1 one was not,
2 usage.

Example: publish --topic sensors/kitchen --message 21.5 --qos 1`;

interface PublishFlags extends TopicFlags {
  gateway: HostPort;
  clientId: string;
  qos: QoS;
  retain?: true;
  message?: string;
  whole?: true;
  keepAlive: number;
  retryInterval: number;
  retryCount: number;
}

/** `publish`: messages from the shell, through one MQTT-SN client. */
export function publishCommand(): Command {
  const command = new Command("publish")
    .description("publish messages as an MQTT-SN client")
    .addOption(deviceFlags.gateway())
    .addOption(deviceFlags.clientId("publish"));
  deviceFlags.addTopic(command, "the topic to publish to: its name");
  return command
    .addOption(new Option("-q, --qos <qos>", "-1, 0, 1 or 2").default(0).argParser(publishQosFrom))
    .option("-r, --retain", "have the broker keep the message")
    .option("-m, --message <text>", "the message; default: standard input")
    .option("--whole", "take all of standard input as one message")
    .addOption(deviceFlags.keepAlive())
    .addOption(deviceFlags.retryInterval())
    .addOption(deviceFlags.retryCount())
    .addHelpText("after", HELP)
    .action(async (flags: PublishFlags) => {
      const topic = topicFrom(command, flags, false);
      if (flags.qos === -1 && topic.topicIdType === "normal") {
        command.error(
          "error: --qos -1 goes to a --predefined topic id or a --short name, for there is no registration",
        );
      }
      try {
        await publish(flags, topic);
      } catch (error) {
        throw new CommanderError(1, "publish.failed", (error as Error).message);
      }
    });
}

async function publish(flags: PublishFlags, topic: DeviceTopic): Promise<void> {
  const { qos, retain = false } = flags;
  const client = await DeviceClient.open(flags.gateway, {
    ...DEFAULT_DEVICE_SETTINGS,
    clientId: flags.clientId,
    duration: flags.keepAlive / 1000,
    tRetryMs: flags.retryInterval,
    nRetry: flags.retryCount,
  });
  client.onRefused = (sentence) => {
    process.stderr.write(`${sentence}\n`);
    process.exitCode = 1;
  };
  try {
    if (qos !== -1) await client.connect();
    for await (const data of messagesOf(flags)) {
      if (qos === -1) client.publishUnconnected(topic, retain, data);
      else await client.publish(topic, qos, retain, data);
    }
    // A datagram that was handed to the socket leaves it within this turn of the event loop.
    await setImmediate();
  } finally {
    await client.close();
  }
}

async function* messagesOf({ message, whole }: PublishFlags): AsyncGenerator<Uint8Array> {
  if (message !== undefined) {
    yield Buffer.from(message);
  } else if (whole) {
    yield await buffer(process.stdin);
  } else {
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line !== "") yield Buffer.from(line);
    }
  }
}

function publishQosFrom(text: string): QoS {
  try {
    return text === "-1" ? -1 : qosFrom(text);
  } catch {
    // The sentence of qosFrom leaves out what is possible here.
    throw new InvalidArgumentError("Write -1, 0, 1 or 2.");
  }
}
