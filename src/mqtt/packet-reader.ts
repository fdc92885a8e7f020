import { isUtf8 } from "node:buffer";
import { type Packet, type Parser, parser } from "mqtt-packet";
import type { AckPacket, MqttQoS, PacketFromBroker, PublishPacket } from "../gateway/packet.ts";

/** The broker's answer to CONNECT. */
export interface Connack {
  cmd: "connack";
  /** 0 is accepted. */
  returnCode: number;
  sessionPresent: boolean;
}

/** The broker's answer to PINGREQ. */
export interface Pingresp {
  cmd: "pingresp";
}

/** The stream is not MQTT, or breaks its rules. Nothing that follows can be understood. */
export interface MalformedStream {
  cmd: "malformed";
  /** For people. */
  reason: string;
}

export type PacketRead = PacketFromBroker | Connack | Pingresp | MalformedStream;

/**
 * How much is kept of one packet, unless told otherwise. What is delivered has to fit into a datagram; a PUBLISH of which so much is
 * kept has, besides the longest topic there is, a payload that is larger than that, and the core refuses it as any that is too large.
 * To give up the connection instead would be of no use: the broker would send it again over the next one, for ever.
 */
const KEPT_OCTETS_MAX = 128 * 1024 + 16;

/** Its type in the header. */
const PUBLISH = 3;

const NOTHING = Buffer.alloc(0);
const PINGRESP: Pingresp = { cmd: "pingresp" };

/**
 * Takes the stream of one broker connection apart: `push` what was read, then `next` until it has no more. Between two reads it
 * keeps no more than the packet that has begun, and of a PUBLISH that is too large only the beginning: its payload is cut. Payloads are views into what was pushed: who keeps one keeps the whole of it.
 */
export class PacketReader {
  readonly #keptOctetsMax: number;
  /** What was read and not yet taken apart, from `#at` on. */
  #octets: Buffer = NOTHING;
  #at = 0;
  /** The packet that is longer than what was read, or its beginning: the first `#filled` octets are there. */
  #partial: Buffer | undefined;
  #filled = 0;
  /** What follows that beginning and is passed over. */
  #toSkip = 0;
  #malformed: MalformedStream | undefined;

  constructor(keptOctetsMax: number = KEPT_OCTETS_MAX) {
    this.#keptOctetsMax = keptOctetsMax;
  }

  /** Takes what was read from the connection, which must not be changed afterwards. */
  push(octets: Buffer): void {
    let from = 0;
    if (this.#partial !== undefined) {
      from = this.#fill(this.#partial, octets);
      if (from === octets.length) return;
    }
    if (this.#at < this.#octets.length) {
      this.#octets = Buffer.concat([this.#octets.subarray(this.#at), octets.subarray(from)]);
      this.#at = 0;
    } else {
      this.#octets = octets;
      this.#at = from;
    }
  }

  /** Takes what belongs to the packet that has begun; gives how many octets that was. */
  #fill(partial: Buffer, octets: Buffer): number {
    const taken = octets.copy(partial, this.#filled);
    const skipped = Math.min(this.#toSkip, octets.length - taken);
    this.#filled += taken;
    this.#toSkip -= skipped;
    return taken + skipped;
  }

  /** The next packet, or undefined when the rest of it has not come yet. After `malformed` it stays at that. */
  next(): PacketRead | undefined {
    const read = this.#malformed ?? (this.#partial === undefined ? this.#take() : this.#takePartial(this.#partial));
    if (read === undefined || read.cmd !== "malformed") return read;
    this.#malformed = read;
    this.#octets = NOTHING;
    this.#at = 0;
    this.#partial = undefined;
    return read;
  }

  #takePartial(packet: Buffer): PacketRead | undefined {
    if (this.#filled < packet.length || this.#toSkip > 0) return undefined;
    this.#partial = undefined;
    return decode(packet, 0, contentOffset(packet), packet.length);
  }

  #take(): PacketRead | undefined {
    const octets = this.#octets;
    const start = this.#at;
    let content = start + 1;
    let remaining = 0;
    for (let shift = 0; ; shift += 7) {
      if (content >= octets.length) return this.#keep(octets, start);
      const octet = octets[content++]!;
      remaining |= (octet & 127) << shift;
      if (octet < 128) break;
      if (shift === 21) return malformed("a Remaining Length of more than four octets");
    }
    const end = content + remaining;
    const kept = Math.min(end - start, this.#keptOctetsMax);
    if (start + kept < end && octets[start]! >> 4 !== PUBLISH) {
      return malformed(`a packet of ${end - start} octets, larger than is taken`);
    }
    if (end > octets.length) {
      this.#partial = Buffer.allocUnsafe(kept);
      this.#filled = 0;
      this.#toSkip = end - start - kept;
      this.#fill(this.#partial, octets.subarray(start));
      this.#octets = NOTHING;
      this.#at = 0;
      return undefined;
    }
    if (end === octets.length) {
      this.#octets = NOTHING;
      this.#at = 0;
    } else {
      this.#at = end;
    }
    return decode(octets, start, content, start + kept);
  }

  /** Copies the few octets of an unfinished header, so that they do not keep all that was read with them. */
  #keep(octets: Buffer, start: number): undefined {
    this.#octets = start === octets.length ? NOTHING : Buffer.from(octets.subarray(start));
    this.#at = 0;
    return undefined;
  }
}

function contentOffset(packet: Buffer): number {
  let content = 2;
  while (packet[content - 1]! > 127) content += 1;
  return content;
}

/** The packet in `octets` from `start` on, whose header ends at `content` and which ends at `end`. */
function decode(octets: Buffer, start: number, content: number, end: number): PacketRead {
  const header = octets[start]!;
  switch (header >> 4) {
    case PUBLISH:
      return decodePublish(octets, header & 15, content, end);
    case 4:
      return decodeAck("puback", octets, header === 0x40, content, end);
    case 5:
      return decodeAck("pubrec", octets, header === 0x50, content, end);
    case 6:
      return decodeAck("pubrel", octets, header === 0x62, content, end);
    case 7:
      return decodeAck("pubcomp", octets, header === 0x70, content, end);
    case 13:
      return header === 0xd0 && content === end ? PINGRESP : malformed("a PINGRESP with content or flags");
    default:
      return decodeRarer(header, octets.subarray(start, end), end - content);
  }
}

function decodePublish(octets: Buffer, flags: number, content: number, end: number): PublishPacket | MalformedStream {
  const qos = (flags >> 1) & 3;
  if (qos === 3) return malformed("a PUBLISH with QoS 3");
  if (end - content < 2) return malformed("a PUBLISH that is too short");
  const topicStart = content + 2;
  const topicEnd = topicStart + uint16(octets, content);
  const payloadStart = qos === 0 ? topicEnd : topicEnd + 2;
  if (payloadStart > end) return malformed("a PUBLISH that is too short");
  const topic = topicName(octets, topicStart, topicEnd);
  if (topic === undefined) return malformed("a PUBLISH whose topic is empty or is not well-formed UTF-8");
  const messageId = qos === 0 ? 0 : uint16(octets, topicEnd);
  if (qos !== 0 && messageId === 0) return malformed("a PUBLISH with packet identifier 0");
  return {
    cmd: "publish",
    topic,
    payload: octets.subarray(payloadStart, end),
    qos: qos as MqttQoS,
    retain: (flags & 1) !== 0,
    dup: (flags & 8) !== 0,
    messageId,
  };
}

function decodeAck(
  cmd: AckPacket["cmd"],
  octets: Buffer,
  flagsAreRight: boolean,
  content: number,
  end: number,
): AckPacket | MalformedStream {
  if (!flagsAreRight) return malformed(`a ${cmd.toUpperCase()} whose reserved flags are wrong`);
  if (end - content !== 2) return malformed(`a ${cmd.toUpperCase()} of the wrong length`);
  const messageId = uint16(octets, content);
  if (messageId === 0) return malformed(`a ${cmd.toUpperCase()} with packet identifier 0`);
  return { cmd, messageId };
}

/** The rest is seldom: `mqtt-packet` reads it. `packet` is the whole packet, `size` what follows its header. */
function decodeRarer(header: number, packet: Buffer, size: number): PacketRead {
  const type = header >> 4;
  if (type !== 2 && type !== 9 && type !== 11) return malformed(`a packet of type ${type}, which no broker sends`);
  // mqtt-packet reads on beyond the end of some packets that are too short.
  if (type === 9 ? size < 3 : size !== 2) return malformed(`a packet of type ${type} that has the wrong length`);
  const read = rarePackets.read(packet);
  if (typeof read === "string") return malformed(`a packet that cannot be read: ${read}`);
  if (read.cmd === "connack") {
    return { cmd: "connack", returnCode: read.returnCode ?? 0, sessionPresent: read.sessionPresent };
  }
  const messageId = read.messageId ?? 0;
  if (messageId === 0) return malformed("an acknowledgement with packet identifier 0");
  if (read.cmd === "suback") return { cmd: "suback", messageId, granted: read.granted as number[] };
  if (read.cmd === "unsuback") return { cmd: "unsuback", messageId };
  return malformed(`a ${read.cmd.toUpperCase()}, which no broker sends`);
}

/** `mqtt-packet`'s parser, given one whole packet at a time: it then holds nothing between two calls, and one serves every link. */
class RarePackets {
  #parser: Parser = this.#newParser();
  #packet: Packet | undefined;
  #problem = "";

  /** The packet, or what is wrong with it. */
  read(packet: Buffer): Packet | string {
    this.#packet = undefined;
    this.#problem = "";
    try {
      const left = this.#parser.parse(packet);
      if (this.#problem === "" && this.#packet !== undefined && left === 0) return this.#packet;
    } catch (error) {
      this.#problem = (error as Error).message;
    }
    // What it holds of a packet that it could not read must not meet the next one.
    this.#parser = this.#newParser();
    return this.#problem || "it does not end where it says";
  }

  #newParser(): Parser {
    return parser({ protocolVersion: 4 })
      .on("packet", (packet) => {
        this.#packet = packet;
      })
      .on("error", (error: Error) => {
        this.#problem = error.message;
      });
  }
}

const rarePackets = new RarePackets();

function malformed(reason: string): MalformedStream {
  return { cmd: "malformed", reason: `the broker sent ${reason}` };
}

function uint16(octets: Uint8Array, offset: number): number {
  return (octets[offset]! << 8) | octets[offset + 1]!;
}

/** The topic name in these octets; undefined where there is none, or MQTT-1.5.3 forbids it: ill-formed UTF-8, or U+0000. */
function topicName(octets: Buffer, start: number, end: number): string | undefined {
  if (start === end) return undefined;
  for (let at = start; at < end; at += 1) {
    const octet = octets[at]!;
    if (octet === 0) return undefined;
    if (octet > 127) {
      const name = octets.subarray(start, end);
      return isUtf8(name) && !name.includes(0) ? octets.toString("utf8", start, end) : undefined;
    }
  }
  return octets.toString("latin1", start, end);
}
