import { decode } from "./decode.ts";
import type { MqttVersion } from "./mqtt-version.ts";
import { type MalformedStream, malformed, type PacketRead } from "./packet-read.ts";

/**
 * How much is kept of one packet, unless told otherwise. What is delivered has to fit into a datagram; a PUBLISH of which so much is
 * kept has, besides the longest topic there is, a payload that is larger than that, and the core refuses it as any that is too large.
 * To give up the connection instead would be of no use: the broker would send it again over the next one, for ever.
 */
const KEPT_OCTETS_MAX = 128 * 1024 + 16;

/** A longer topic is not remembered, for each connection would keep one. */
const REMEMBERED_CHARACTERS_MAX = 256;

/** Its type in the header. */
const PUBLISH = 3;

const NOTHING = Buffer.alloc(0);

/**
 * Takes the stream of one broker connection apart: `push` what was read, then `next` until it has no more. Between two reads it
 * keeps no more than the packet that has begun, and of a PUBLISH that is too large only the beginning: its payload is cut. Payloads
 * are views into what was pushed.
 */
export class PacketReader {
  readonly #version: MqttVersion;
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
  /** Mostly the next message has the same one. */
  #lastTopic = "";

  constructor(version: MqttVersion, keptOctetsMax: number = KEPT_OCTETS_MAX) {
    this.#version = version;
    this.#keptOctetsMax = keptOctetsMax;
  }

  /** Takes what was read from the connection. It holds until `detach` is called, or nothing more comes of `next`. */
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

  /** What was pushed does not hold any longer: what has not been taken apart yet is copied. */
  detach(): void {
    if (this.#at === this.#octets.length) return;
    this.#octets = Buffer.from(this.#octets.subarray(this.#at));
    this.#at = 0;
  }

  #takePartial(packet: Buffer): PacketRead | undefined {
    if (this.#filled < packet.length || this.#toSkip > 0) return undefined;
    this.#partial = undefined;
    const { content, end } = header(packet);
    return this.#decode(packet, 0, content, packet.length, end > packet.length);
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
    return this.#decode(octets, start, content, start + kept, start + kept < end);
  }

  #decode(octets: Buffer, start: number, content: number, end: number, isCut: boolean): PacketRead {
    const read = decode(octets, start, content, end, isCut, this.#version, this.#lastTopic);
    if (read.cmd === "publish" && read.topic.length <= REMEMBERED_CHARACTERS_MAX) this.#lastTopic = read.topic;
    return read;
  }

  /** Copies the few octets of an unfinished header, so that they do not keep all that was read with them. */
  #keep(octets: Buffer, start: number): undefined {
    this.#octets = start === octets.length ? NOTHING : Buffer.from(octets.subarray(start));
    this.#at = 0;
    return undefined;
  }
}

/** Of a packet whose header is whole: where that ends, and where the packet does. */
function header(packet: Buffer): { content: number; end: number } {
  let content = 1;
  let remaining = 0;
  do {
    remaining |= (packet[content]! & 127) << (7 * (content - 1));
    content += 1;
  } while (packet[content - 1]! > 127);
  return { content, end: content + remaining };
}
