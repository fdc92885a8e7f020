import type { UdpEnd } from "../device/udp-end.ts";
import type { Log } from "../log/log.ts";
import { WallClock } from "../wall-clock.ts";
import { CaptureFile } from "./capture-file.ts";
import { PCAP_HEADER } from "./pcap-header.ts";
import { pcapRecordOctets, writePcapRecord } from "./pcap-record.ts";

/** What is written at once; the largest datagram fits several times. */
const CHUNK_OCTETS = 256 * 1024;

/** Chunks that are filled, wait, or are written: 4 MiB. A disk that stands still for longer than that lasts costs datagrams. */
const CHUNKS_MAX = 16;

/** What has been recorded is written this much later at most. */
const FLUSH_MS = 1000;

/** Datagrams that were dropped are told of once in this time. */
const TELL_MS = 10_000;

/** Records that are written together. */
interface Chunk {
  readonly octets: Buffer;
  length: number;
  datagrams: number;
  /** Whether another file begins with it. */
  isFirst: boolean;
}

/**
 * Records datagrams in a capture file, without ever waiting for the disk: what the disk is too slow for is dropped and counted. A disk
 * that fails is told of, and tried again with what comes next.
 */
export class Capture {
  readonly #file: Pick<CaptureFile, "path" | "append" | "close">;
  readonly #octetsMax: number;
  readonly #log: Log;
  readonly #clock = new WallClock();
  #filling: Chunk | undefined;
  readonly #waiting: Chunk[] = [];
  readonly #spare: Chunk[] = [];
  #chunks = 0;
  /** How large the file is when all that waits has been written. */
  #fileOctets = PCAP_HEADER.length;
  #isFirst = false;
  #writing: Promise<void> | undefined;
  #flushTimer: NodeJS.Timeout | undefined;
  #tellTimer: NodeJS.Timeout | undefined;
  #dropped = 0;
  #lost = 0;
  #isFailing = false;
  #isClosed = false;

  /** Records in a file that has just begun; one that would be larger than `octetsMax` is followed by another. */
  constructor(file: Pick<CaptureFile, "path" | "append" | "close">, octetsMax: number, log: Log) {
    this.#file = file;
    this.#octetsMax = octetsMax;
    this.#log = log;
  }

  /** Begins a file, and tells of it. Rejects with an Error for the user. */
  static async open(path: string, octetsMax: number, log: Log): Promise<Capture> {
    const capture = new Capture(await CaptureFile.open(path), octetsMax, log);
    const message = `every datagram is written to ${path}, with its payload (wireshark ${path}; the port of the listener is to be decoded as MQTT-SN)`;
    log.info("trace.started", { path }, message);
    return capture;
  }

  /** Records a datagram that goes from one end to another just now. */
  record(from: UdpEnd, to: UdpEnd, data: Uint8Array): void {
    if (this.#isClosed) return;
    const octets = pcapRecordOctets(from, data);
    if (this.#fileOctets + octets > this.#octetsMax) {
      this.#seal();
      this.#isFirst = true;
      this.#fileOctets = PCAP_HEADER.length;
    } else if (this.#filling !== undefined && this.#filling.length + octets > CHUNK_OCTETS) this.#seal();
    this.#filling ??= this.#chunk();
    const chunk = this.#filling;
    if (chunk === undefined) {
      this.#drop();
      return;
    }
    writePcapRecord(chunk.octets, chunk.length, this.#clock.nowUs(), from, to, data);
    chunk.length += octets;
    chunk.datagrams += 1;
    this.#fileOctets += octets;
  }

  /** Writes what has been recorded, and closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#tellTimer);
    this.#seal();
    await this.#writing;
    this.#tellDropped();
    await this.#file.close();
  }

  /** An empty chunk; undefined where there are too many. */
  #chunk(): Chunk | undefined {
    const isFirst = this.#isFirst;
    let chunk = this.#spare.pop();
    if (chunk === undefined) {
      if (this.#chunks === CHUNKS_MAX) return undefined;
      this.#chunks += 1;
      chunk = { octets: Buffer.allocUnsafeSlow(CHUNK_OCTETS), length: 0, datagrams: 0, isFirst };
    }
    chunk.length = 0;
    chunk.datagrams = 0;
    chunk.isFirst = isFirst;
    this.#isFirst = false;
    this.#clock.adjust();
    this.#flushTimer = setTimeout(this.#seal, FLUSH_MS).unref();
    return chunk;
  }

  readonly #seal = (): void => {
    clearTimeout(this.#flushTimer);
    if (this.#filling === undefined) return;
    this.#waiting.push(this.#filling);
    this.#filling = undefined;
    this.#writing ??= this.#write();
  };

  async #write(): Promise<void> {
    for (let chunk = this.#waiting.shift(); chunk !== undefined; chunk = this.#waiting.shift()) {
      const { octets, length, datagrams, isFirst } = chunk;
      try {
        await this.#file.append(octets.subarray(0, length), isFirst);
        this.#tellSuccess();
      } catch (error) {
        this.#lost += datagrams;
        this.#tellFailure(error as Error);
      }
      this.#spare.push(chunk);
    }
    this.#writing = undefined;
  }

  #drop(): void {
    this.#dropped += 1;
    this.#tellTimer ??= setTimeout(this.#tellDropped, TELL_MS).unref();
  }

  readonly #tellDropped = (): void => {
    this.#tellTimer = undefined;
    const count = this.#dropped;
    if (count === 0) return;
    this.#dropped = 0;
    const { path } = this.#file;
    const message = `${count} datagrams are not in ${path}: the disk is slower than they come`;
    this.#log.warn("trace.dropped", { path, count }, message);
  };

  #tellFailure({ message: reason }: Error): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const { path } = this.#file;
    const message = `cannot write ${path}: ${reason}. The gateway goes on without, and tries again with what comes`;
    this.#log.warn("trace.failed", { path, reason }, message);
  }

  #tellSuccess(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    const { path } = this.#file;
    const lost = this.#lost;
    this.#lost = 0;
    this.#log.info("trace.resumed", { path, lost }, `${path} is written again; ${lost} datagrams are not in it`);
  }
}
