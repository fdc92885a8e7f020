import { randomBytes } from "node:crypto";
import { InvalidArgumentError, Option } from "commander";
import { parseDurationMs } from "../app/configuration/duration.ts";
import type { DeviceQoS, DeviceTopic } from "../device/contract.ts";
import type { DeviceWill } from "../device/settings.ts";
import type { QoS } from "../sn/message.ts";
import { encodeShortName } from "../sn/short-name.ts";
import { isTopicFilter, isTopicName } from "../sn/topic-name.ts";
import type { ClientCommand } from "./client-command.ts";
import { parseHex } from "./hex.ts";

/** CONNECT has two octets for it. */
const KEEP_ALIVE_S_MAX = 0xffff;

/** What the one octet of an envelope's Length leaves for it (E1). */
const WIRELESS_NODE_ID_OCTETS_MAX = 252;

/** The flags that name a topic, of which a command line has exactly one. */
export interface TopicFlags {
  topic?: string;
  predefined?: number;
  short?: string;
}

/** The flags that make a will. */
export interface WillFlags {
  willTopic?: string;
  willMessage?: string;
  willQos?: DeviceQoS;
  willRetain?: true;
}

/** Parsers and definitions of the flags that the commands with devices share. Parsers throw commander's usage error. */
export const deviceFlags = {
  /** The default begins with the command's name. */
  clientId: (command: string): Option =>
    new Option("--client-id <id>", "the client's id")
      .default(`${command}-${randomBytes(3).toString("hex")}`, `${command}- and six random digits`)
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

  forwarderNode: (): Option =>
    new Option(
      "--forwarder-node <hex>",
      "speak as the node with this id behind a forwarder; default: no forwarder",
    ).argParser(wirelessNodeIdFrom),

  /** `--topic`, `--predefined` and `--short`, which exclude each other. */
  addTopic(command: ClientCommand, topicMeaning: string): ClientCommand {
    return command
      .option("-t, --topic <name>", topicMeaning)
      .addOption(
        new Option("--predefined <id>", "… or a predefined topic id, 1 to 65534").argParser(wholeNumberFrom(1, 0xfffe)),
      )
      .option("--short <ab>", "… or a short topic name of two octets");
  },

  addWill(command: ClientCommand): ClientCommand {
    return command
      .option("--will-topic <name>", "the topic of a will, published when the client is lost; default: no will")
      .option("--will-message <text>", "… its message; default: an empty one")
      .addOption(new Option("--will-qos <qos>", "… its QoS: 0, 1 or 2; default: 0").argParser(qosFrom))
      .option("--will-retain", "… have the broker keep it");
  },
};

/** The topic that the flags name; where they name none or a wrong one it ends the command with a usage error. */
export function topicFrom(command: ClientCommand, flags: TopicFlags, mayHaveWildcard: boolean): DeviceTopic {
  const { topic, predefined, short } = flags;
  const given = command.theOneOf(["topic", "predefined", "short"]);
  if (given === "predefined") return { topicIdType: "predefined", topicId: predefined! };
  if (given === "short") return { topicIdType: "short", topicId: shortNameFrom(command, short!) };
  if (topic === undefined) command.error("error: say which topic: --topic <name>, --predefined <id> or --short <ab>");
  if (mayHaveWildcard ? isTopicFilter(topic) : isTopicName(topic)) return { topicIdType: "normal", topicName: topic };
  if (topic === "") command.error("error: --topic is empty: a topic has at least one character");
  const rule = mayHaveWildcard ? "+ and # fill a whole level, # only the last" : "one cannot publish to a wildcard";
  return command.error(`error: --topic ${JSON.stringify(topic)} is not a topic: ${rule}`);
}

/** The two octets of a short topic name; where it is none it ends the command with a usage error. */
export function shortNameFrom(command: ClientCommand, short: string): number {
  const topicId = isTopicName(short) ? encodeShortName(short) : null;
  if (topicId !== null) return topicId;
  return command.error(`error: --short ${JSON.stringify(short)}: a short topic name has two octets and no wildcard`);
}

/** The will that the flags make, if any; where they make a wrong one it ends the command with a usage error. */
export function willFrom(command: ClientCommand, flags: WillFlags): DeviceWill | undefined {
  const { willTopic, willMessage, willQos = 0, willRetain = false } = flags;
  if (willTopic === undefined) {
    if (willMessage === undefined && flags.willQos === undefined && !willRetain) return undefined;
    command.error("error: a will needs --will-topic");
  }
  if (!isTopicName(willTopic)) {
    command.error(
      `error: --will-topic ${JSON.stringify(willTopic)} is not a topic: it is not empty and has no wildcard`,
    );
  }
  return { willTopic, willMsg: Buffer.from(willMessage ?? ""), qos: willQos, retain: willRetain };
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

function wirelessNodeIdFrom(text: string): Uint8Array {
  const octets = parseHex(text);
  if (octets !== null && octets.length <= WIRELESS_NODE_ID_OCTETS_MAX) return octets;
  throw new InvalidArgumentError(`Write 1 to ${WIRELESS_NODE_ID_OCTETS_MAX} octets in hexadecimal, such as 002a.`);
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

export function qosOrMinusOneFrom(text: string): QoS {
  if (text === "-1") return -1;
  if (text === "0" || text === "1" || text === "2") return Number(text) as QoS;
  throw new InvalidArgumentError("Write -1, 0, 1 or 2.");
}

/** What a name of a topic is shown as. */
export function topicText(topic: DeviceTopic): string {
  if (topic.topicIdType === "normal") return topic.topicName;
  if (topic.topicIdType === "predefined") return `predefined topic id ${topic.topicId}`;
  return String.fromCharCode(topic.topicId >> 8, topic.topicId & 0xff);
}
