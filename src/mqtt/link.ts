import type { Duplex } from "node:stream";
import type { GatewayEvent, LinkConnect, LinkId } from "../gateway/contract.ts";
import type { PacketToBroker } from "../gateway/packet.ts";
import { beginStream } from "./begin-stream.ts";
import { DISCONNECT, encode, encodeConnect, PINGREQ } from "./encode.ts";
import { endText } from "./end-text.ts";
import { errorText } from "./error-text.ts";
import { isConnecting } from "./is-connecting.ts";
import type { LinkScheduler, ScheduledLink } from "./link-scheduler.ts";
import { type PacketRead, PacketReader } from "./packet-reader.ts";

export interface LinkOptions {
  /** Begins a connection to the broker, over whatever carries it. */
  openStream: () => Duplex;
  /** The link's own keep alive; 0 is none. */
  keepAliveSeconds: number;
  /**
   * How long nothing may come from a broker that owes an answer before it is sent a PINGREQ, and how long after that before the
   * connection is given up.
   */
  answerTimeoutMs: number;
  username?: string | undefined;
  password?: string | undefined;
  /** Stands for the client's own client id. */
  clientId?: string | undefined;
  /** One for all links. */
  scheduler: LinkScheduler;
}

/** How long a broker may take to close a connection after DISCONNECT. */
const DISCONNECT_TIMEOUT_MS = 2000;

/**
 * What may wait in one link to be written. It takes a core that does not heed `link-stalled` to get there; the link is then closed, for
 * MQTT allows nothing to be left out.
 */
const UNWRITTEN_OCTETS_MAX = 8 * 1024 * 1024;

/** What the system says where the broker has closed the connection hard: EPIPE where it had closed its own direction before. */
const RESET_CODES: ReadonlySet<string | undefined> = new Set(["ECONNRESET", "EPIPE"]);

/**
 * One MQTT 3.1.1 connection to the broker, at packet level: it connects, reports, passes packets both ways, and knows nothing of
 * MQTT-SN. What it tells `emit` is described at `GatewayEvent`. Its methods may be called at any time, and never emit: the event comes
 * later. When it is closed they do nothing.
 */
export class Link implements ScheduledLink {
  readonly #id: LinkId;
  readonly #emit: (event: GatewayEvent) => void;
  readonly #scheduler: LinkScheduler;
  readonly #keepAliveMs: number;
  readonly #answerTimeoutMs: number;
  readonly #stream: Duplex;
  readonly #reader: PacketReader;

  /** connecting → open → closing; `closing` also where it was refused or failed. Then nothing is emitted but `link-closed`. */
  #state: "connecting" | "open" | "closing" = "connecting";
  /** `link-refused` has been emitted, or `link-closed`: there is no more to say. */
  #ended = false;
  /** Why it closes, where it is known before the stream says so. */
  #reason: string | undefined;
  /** It was open, and the broker has ended it. */
  #byBroker = false;
  #unasked = false;
  #disconnectTimer: NodeJS.Timeout | undefined;

  /** To be written at the end of the turn. */
  #pending: Buffer | Buffer[] | undefined;
  #awaitsEndOfTurn = false;
  #stalled = false;
  #paused = false;
  /** `resume` was called: reading goes on at the end of the turn. */
  #resuming = false;
  /** DISCONNECT is the last of `#pending`. */
  #ending = false;

  #pingsSent = 0;
  #pingsAnswered = 0;
  /** Which of the pings are probes, oldest first. */
  #probes: number[] | undefined;
  #wrote = false;
  #heard = false;
  #wroteAtMs = 0;
  #heardAtMs = 0;
  /** Something that has an answer was written, and nothing has been heard since. */
  #awaitsAnswer = false;
  /**
   * For how many whole ticks nothing has been heard though an answer is due, from the ping on where one is under way. Ticks are counted
   * and not time: a process that stood still has heard nothing either.
   */
  #silentTicks = NOT_ONE_TICK;

  constructor(id: LinkId, connect: LinkConnect, options: LinkOptions, emit: (event: GatewayEvent) => void) {
    this.#id = id;
    this.#emit = emit;
    this.#scheduler = options.scheduler;
    this.#keepAliveMs = options.keepAliveSeconds * 1000;
    this.#answerTimeoutMs = options.answerTimeoutMs;
    this.#reader = new PacketReader();
    this.#stream = beginStream(options.openStream)
      .on("data", (octets: Buffer) => this.#onData(octets))
      .on("drain", () => this.#onDrain())
      .on("end", () => this.#fail(endText(this.#stream), true))
      .on("error", (error: NodeJS.ErrnoException) => this.#onError(error))
      .on("close", () => this.#onClose());
    try {
      this.#append(
        encodeConnect({
          clientId: options.clientId ?? connect.clientId,
          cleanSession: connect.cleanSession,
          keepAliveSeconds: Math.ceil(options.keepAliveSeconds),
          will: connect.will,
          username: options.username,
          password: options.password,
        }),
      );
    } catch (error) {
      this.#fail(`CONNECT cannot be sent: ${errorText(error)}`);
    }
  }

  /** Writes a packet, together with whatever else is written in this event-loop turn. */
  write(packet: PacketToBroker): void {
    if (this.#state === "closing") return;
    try {
      this.#append(encode(packet));
      if (hasAnswer(packet)) this.#awaitsAnswer = true;
    } catch (error) {
      this.#fail(`${packet.cmd.toUpperCase()} cannot be sent: ${errorText(error)}`);
    }
  }

  /** Asks the broker for a sign of life, answered by `link-probed`. */
  probe(): void {
    if (this.#state === "closing") return;
    this.#ping();
    this.#probes ??= [];
    this.#probes.push(this.#pingsSent);
  }

  /** Stops reading. What was read already waits until `resume`. */
  pause(): void {
    if (this.#state === "closing") return;
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    if (!this.#paused || this.#state === "closing") return;
    this.#paused = false;
    this.#resuming = true;
    this.#awaitEndOfTurn();
  }

  /**
   * Ends the connection: with `disconnect` everything that was written goes out, then DISCONNECT, and the broker closes; without it
   * the connection is cut off at once, and the broker publishes the will.
   */
  close(disconnect: boolean): void {
    if (this.#state === "closing") return;
    if (!disconnect) {
      this.#fail("closed by the gateway");
      return;
    }
    this.#append(DISCONNECT);
    this.#state = "closing";
    this.#reason = "closed by the gateway";
    this.#ending = true;
    this.#disconnectTimer = setTimeout(() => this.#cut(), DISCONNECT_TIMEOUT_MS);
  }

  /** For the scheduler only. */
  endTurn(): void {
    this.#awaitsEndOfTurn = false;
    if (this.#ended || this.#stream.destroyed) return;
    this.#writePending();
    if (this.#ending) {
      this.#stream.end();
      // The end of the stream is only seen by who reads.
      this.#stream.resume();
    } else if (this.#resuming) {
      this.#resuming = false;
      this.#read();
      if (!this.#paused) this.#stream.resume();
    }
  }

  /** For the scheduler only. Pings, and closes when nothing comes back. */
  tick(nowMs: number, beforeMs: number): void {
    if (this.#state !== "open") return;
    if (this.#wrote) {
      this.#wrote = false;
      this.#wroteAtMs = beforeMs;
    }
    const pinged = this.#pingsSent > this.#pingsAnswered;
    if (!pinged && !this.#awaitsAnswer) this.#silentTicks = NOT_ONE_TICK;
    else this.#silentTicks += 1;
    if (this.#heard || this.#paused) {
      // While it is paused nothing can be heard: silence means nothing.
      this.#heard = false;
      this.#heardAtMs = beforeMs;
      this.#silentTicks = Math.min(this.#silentTicks, 0);
    }
    const isSilent = this.#silentTicks * this.#scheduler.tickMs >= this.#answerTimeoutMs;
    if (isSilent && pinged) {
      this.#fail(`no answer to PINGREQ for ${this.#answerTimeoutMs / 1000} s`);
    } else if (isSilent || this.#keepAliveIsDue(nowMs, pinged)) {
      this.#ping();
      if (!pinged) this.#silentTicks = 0;
    }
  }

  #keepAliveIsDue(nowMs: number, pinged: boolean): boolean {
    if (this.#keepAliveMs === 0) return false;
    const dueMs = nowMs + this.#scheduler.tickMs - this.#keepAliveMs;
    // A stream that only takes tells nothing of a broker that is gone: a ping is also due when nothing has been heard.
    return this.#wroteAtMs < dueMs || (this.#heardAtMs < dueMs && !pinged);
  }

  #ping(): void {
    if (this.#pingsSent === this.#pingsAnswered) this.#silentTicks = NOT_ONE_TICK;
    this.#pingsSent += 1;
    this.#append(PINGREQ);
  }

  #append(octets: Buffer): void {
    if (this.#pending === undefined) this.#pending = octets;
    else if (Array.isArray(this.#pending)) this.#pending.push(octets);
    else this.#pending = [this.#pending, octets];
    this.#awaitEndOfTurn();
  }

  #awaitEndOfTurn(): void {
    if (this.#awaitsEndOfTurn) return;
    this.#awaitsEndOfTurn = true;
    this.#scheduler.atEndOfTurn(this);
  }

  #writePending(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    this.#wrote = true;
    if (this.#stream.write(Array.isArray(pending) ? Buffer.concat(pending) : pending)) return;
    if (this.#stream.writableLength > UNWRITTEN_OCTETS_MAX) {
      this.#fail(`the broker has left ${this.#stream.writableLength} octets unread`);
    } else if (!this.#stalled && this.#state !== "closing") {
      this.#stalled = true;
      this.#emit({ type: "link-stalled", link: this.#id });
    }
  }

  #onDrain(): void {
    if (!this.#stalled || this.#state === "closing") return;
    this.#stalled = false;
    // A broker that reads slowly, and answers what it has read, is no broker that is gone.
    this.#heard = true;
    this.#emit({ type: "link-drained", link: this.#id });
  }

  #onData(octets: Buffer): void {
    if (this.#state === "closing") return;
    this.#heard = true;
    this.#awaitsAnswer = false;
    this.#reader.push(octets);
    this.#read();
  }

  /** Hands over what has been read, until it is paused or closed by what comes of it. */
  #read(): void {
    while (!this.#paused && this.#state !== "closing") {
      const packet = this.#reader.next();
      if (packet === undefined) return;
      this.#take(packet);
    }
  }

  #take(packet: PacketRead): void {
    switch (packet.cmd) {
      case "malformed":
        this.#fail(packet.reason);
        return;
      case "connack":
        if (this.#state === "open") this.#fail("the broker sent a second CONNACK");
        else if (packet.returnCode === 0) this.#opened(packet.sessionPresent);
        else this.#refused(packet.returnCode);
        return;
      case "pingresp":
        this.#answered();
        return;
      default:
        if (this.#state === "open") this.#emit({ type: "packet", link: this.#id, packet });
        else this.#fail(`the broker sent ${packet.cmd.toUpperCase()} before CONNACK`);
    }
  }

  #opened(sessionPresent: boolean): void {
    this.#state = "open";
    this.#heardAtMs = performance.now();
    // Ten thousand links that were opened within a second would otherwise ping within a second, for ever.
    this.#wroteAtMs = this.#heardAtMs - this.#keepAliveMs * ((this.#id % PING_PHASES) / PING_PHASES);
    this.#scheduler.startTicking(this);
    this.#emit({ type: "link-opened", link: this.#id, sessionPresent });
  }

  #refused(returnCode: number): void {
    if (returnCode > RETURN_CODE_MAX) {
      this.#fail(`the broker refused the connection with ${returnCode}, which MQTT 3.1.1 does not know`);
      return;
    }
    this.#state = "closing";
    this.#ended = true;
    this.#stream.destroy();
    this.#emit({ type: "link-refused", link: this.#id, returnCode });
  }

  #answered(): void {
    // A PINGRESP that nobody asked for is as good a sign of life, but answers nothing.
    if (this.#pingsAnswered === this.#pingsSent) return;
    this.#pingsAnswered += 1;
    if (this.#probes?.[0] !== this.#pingsAnswered) return;
    this.#probes.shift();
    this.#emit({ type: "link-probed", link: this.#id });
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (this.#state === "connecting") this.#unasked = isUnreached(error);
    this.#fail(errorText(error), RESET_CODES.has(error.code));
  }

  #fail(reason: string, byBroker = false): void {
    if (this.#state === "open") this.#byBroker = byBroker;
    this.#state = "closing";
    this.#reason ??= reason;
    this.#pending = undefined;
    this.#cut();
  }

  #cut(): void {
    this.#unasked ||= isConnecting(this.#stream);
    this.#stream.destroy();
  }

  #onClose(): void {
    this.#state = "closing";
    clearTimeout(this.#disconnectTimer);
    this.#scheduler.stopTicking(this);
    if (this.#ended) return;
    this.#ended = true;
    const reason = this.#reason ?? "the connection was closed";
    this.#emit({ type: "link-closed", link: this.#id, reason, byBroker: this.#byBroker, unasked: this.#unasked });
  }
}

/** What fails while nobody has been reached. */
const UNREACHED_CALLS: ReadonlySet<string | undefined> = new Set(["connect", "getaddrinfo"]);

/** Whether an error says that no connection came about; of a name with several addresses, at none of them. */
function isUnreached(error: NodeJS.ErrnoException): boolean {
  if (error instanceof AggregateError) return error.errors.every(isUnreached);
  return UNREACHED_CALLS.has(error.syscall);
}

/** Over how many parts of a keep alive the pings of links that were opened together are spread. */
const PING_PHASES = 64;

/** What is written between two ticks has not waited for a whole one at the next. */
const NOT_ONE_TICK = -1;

/** The largest return code of MQTT 3.1.1: not authorized. */
const RETURN_CODE_MAX = 5;

/** Whether the broker has something to say to it: what it is sent besides is the last word, or a message of QoS 0. */
function hasAnswer(packet: PacketToBroker): boolean {
  switch (packet.cmd) {
    case "publish":
      return packet.qos !== 0;
    case "puback":
    case "pubcomp":
      return false;
    default:
      return true;
  }
}
