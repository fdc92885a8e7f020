import { randomBytes } from "node:crypto";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDurationMs } from "../app/duration.ts";
import { type HostPort, parseListenUrl } from "../app/host-port.ts";
import type { DeviceQoS, DeviceTopic } from "../device/contract.ts";
import { encodeShortName } from "../sn/short-name.ts";
import { isTopicFilter, isTopicName } from "../sn/topic-name.ts";

/** CONNECT has two octets for it. */
const KEEP_ALIVE_S_MAX = 0xffff;

/** The flags that name a topic, of which a command line has exactly one. */
export interface TopicFlags {
  topic?: string;
  predefined?: number;
  short?: string;
}

/** Parsers and definitions of the flags that the commands with devices share. Parsers throw commander's usage error. */
export const deviceFlags = {
  gateway: (): Option =>
    new Option("--gateway <url>", "address of the gateway")
      .default({ host: "127.0.0.1", port: 1883 } satisfies HostPort, "udp://127.0.0.1:1883")
      .argParser(gatewayFrom),

  /** The default begins with the command's name. */
  clientId: (command: string): Option =>
    new Option("--client-id <id>", "the client's id")
      .default(`${command}-${randomBytes(3).toString("hex")}`)
      .argParser(clientIdFrom),

  retryInterval: (): Option =>
    new Option("--retry-interval <duration>", "Tretry: the wait before a message without an answer is sent again")
      .default(5000, "5s")
      .argParser(durationMsFrom),

  retryCount: (): Option =>
    new Option("--retry-count <n>", "Nretry: how often it is sent again before giving up")
      .default(3)
      .argParser(wholeNumberFrom(0, 1000)),

  keepAlive: (): Option =>
    new Option("--keep-alive <duration>", "the keep alive told to the gateway, in whole seconds; 0 turns it off")
      .default(60_000, "60s")
      .argParser(keepAliveMsFrom),

  /** `--topic`, `--predefined` and `--short`, which exclude each other. */
  addTopic(command: Command, topicMeaning: string): Command {
    const others = (name: string) => ["topic", "predefined", "short"].filter((flag) => flag !== name);
    return command
      .addOption(new Option("-t, --topic <name>", topicMeaning).conflicts(others("topic")))
      .addOption(
        new Option("--predefined <id>", "… or a predefined topic id, 1 to 65534")
          .argParser(wholeNumberFrom(1, 0xfffe))
          .conflicts(others("predefined")),
      )
      .addOption(new Option("--short <ab>", "… or a short topic name of two octets").conflicts(others("short")));
  },
};

/** The topic that the flags name; where they name none or a wrong one it ends the command with a usage error. */
export function topicFrom(command: Command, flags: TopicFlags, mayHaveWildcard: boolean): DeviceTopic {
  const { topic, predefined, short } = flags;
  if (predefined !== undefined) return { topicIdType: "predefined", topicId: predefined };
  if (short !== undefined) {
    const topicId = isTopicName(short) ? encodeShortName(short) : null;
    if (topicId !== null) return { topicIdType: "short", topicId };
    command.error(`error: --short ${JSON.stringify(short)}: a short topic name has two octets and no wildcard`);
  }
  if (topic === undefined) command.error("error: say which topic: --topic <name>, --predefined <id> or --short <ab>");
  if (mayHaveWildcard ? isTopicFilter(topic) : isTopicName(topic)) return { topicIdType: "normal", topicName: topic };
  if (topic === "") command.error("error: --topic is empty: a topic has at least one character");
  const rule = mayHaveWildcard ? "+ and # fill a whole level, # only the last" : "one cannot publish to a wildcard";
  return command.error(`error: --topic ${JSON.stringify(topic)} is not a topic: ${rule}`);
}

export function gatewayFrom(text: string): HostPort {
  const hostPort = parseListenUrl(text);
  if (hostPort === null || hostPort.port === 0) {
    throw new InvalidArgumentError("Write udp://host:port, as in udp://127.0.0.1:1883 or udp://[::1]:1883.");
  }
  return hostPort;
}

export function durationMsFrom(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === null) throw new InvalidArgumentError("Write 500ms, 10s, 5m, 2h, 1d or a number of seconds.");
  return durationMs;
}

function keepAliveMsFrom(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs !== null && durationMs % 1000 === 0 && durationMs / 1000 <= KEEP_ALIVE_S_MAX) return durationMs;
  throw new InvalidArgumentError(`Write whole seconds, 0 to ${KEEP_ALIVE_S_MAX}, such as 60s or 5m.`);
}

function clientIdFrom(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("A client id has at least one character.");
}

export function wholeNumberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

export function qosFrom(text: string): DeviceQoS {
  if (text === "0" || text === "1" || text === "2") return Number(text) as DeviceQoS;
  throw new InvalidArgumentError("Write 0, 1 or 2.");
}

/** What a name of a topic is shown as. */
export function topicText(topic: DeviceTopic): string {
  if (topic.topicIdType === "normal") return topic.topicName;
  if (topic.topicIdType === "predefined") return `predefined topic id ${topic.topicId}`;
  return String.fromCharCode(topic.topicId >> 8, topic.topicId & 0xff);
}
