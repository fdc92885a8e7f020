import { createInterface } from "node:readline";
import { buffer } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import { Option } from "commander";
import type { HostPort } from "../app/configuration/host-port.ts";
import { DeviceClient } from "../app/device/device-client.ts";
import type { DeviceTopic } from "../device/contract.ts";
import { DEFAULT_DEVICE_SETTINGS, type DeviceWill } from "../device/settings.ts";
import type { QoS } from "../sn/message.ts";
import { ClientCommand } from "./client-command.ts";
import {
  deviceFlags,
  qosOrMinusOneFrom,
  type TopicFlags,
  topicFrom,
  type WillFlags,
  willFrom,
} from "./device-flags.ts";
import { failed } from "./failed.ts";
import { GatewayChoice, type GatewayFlags } from "./gateway-choice.ts";

const HELP = `
Without --message the messages are read from standard input, one a line; empty lines are left out. With --whole all of
standard input is one message.

At QoS -1 the message is sent without a connection and without an answer, to a predefined topic id or a short name.

Exit codes: 0 every message was accepted (at QoS 0: sent, and not refused before the end; at QoS -1: sent), 1 one was not,
2 usage.

Example: publish --topic sensors/kitchen --message 21.5 --qos 1`;

interface PublishFlags extends TopicFlags, GatewayFlags, WillFlags {
  clientId: string;
  qos: QoS;
  retain?: true;
  message?: string;
  whole?: true;
  keepAlive: number;
  retryInterval: number;
  forwarderNode?: Uint8Array;
}

/** `publish`: messages from the shell, through one MQTT-SN client. */
export function publishCommand(): ClientCommand {
  const command = new ClientCommand("publish").description("publish messages as an MQTT-SN client");
  GatewayChoice.addFlags(command).addOption(deviceFlags.clientId("publish"));
  deviceFlags.addTopic(command, "the topic to publish to: its name");
  command
    .addOption(new Option("-q, --qos <qos>", "-1, 0, 1 or 2").default(0).argParser(qosOrMinusOneFrom))
    .option("-r, --retain", "have the broker keep the message")
    .option("-m, --message <text>", "the message; default: standard input")
    .option("--whole", "take all of standard input as one message");
  return deviceFlags
    .addWill(command)
    .addOption(deviceFlags.keepAlive())
    .addOption(deviceFlags.retryInterval())
    .addOption(deviceFlags.retryCount())
    .addOption(deviceFlags.forwarderNode())
    .addHelpText("after", HELP)
    .action(async (flags: PublishFlags) => {
      const topic = topicFrom(command, flags, false);
      const will = willFrom(command, flags);
      if (flags.qos === -1 && topic.topicIdType === "normal") {
        command.error(
          "error: --qos -1 goes to a --predefined topic id or a --short name: a --topic would need a registration, and there is no connection",
        );
      }
      if (flags.qos === -1 && will !== undefined) {
        command.error("error: --qos -1 has no connection, and with it no will");
      }
      try {
        await publish(command, flags, topic, will);
      } catch (error) {
        throw failed("publish", error);
      }
    });
}

async function publish(
  command: ClientCommand,
  flags: PublishFlags,
  topic: DeviceTopic,
  will: DeviceWill | undefined,
): Promise<void> {
  const { qos, retain = false } = flags;
  const settings = {
    ...DEFAULT_DEVICE_SETTINGS,
    clientId: flags.clientId,
    duration: flags.keepAlive / 1000,
    will,
    tRetryMs: flags.retryInterval,
    nRetry: flags.retryCount,
  };
  const choice = await GatewayChoice.make(command, flags);
  let client: DeviceClient | undefined;
  const open = async (gateway: HostPort): Promise<DeviceClient> => {
    client = await DeviceClient.open(gateway, settings, flags.forwarderNode);
    client.onRefused = (sentence) => {
      process.stderr.write(`${sentence}\n`);
      process.exitCode = 1;
    };
    return client;
  };
  try {
    const publisher = await (qos === -1 ? open(choice.gateway) : choice.connect(open));
    for await (const data of messagesOf(flags)) {
      if (qos === -1) publisher.publishUnconnected(topic, retain, data);
      else await publisher.publish(topic, qos, retain, data);
    }
    // A datagram that was handed to the socket leaves it within this turn of the event loop.
    await setImmediate();
  } finally {
    await client?.close();
    await choice.close();
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
