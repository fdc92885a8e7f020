import type { Duplex } from "node:stream";
import type { GatewayEvent, LinkConnect, LinkId } from "../gateway/contract.ts";
import type { PacketToBroker } from "../gateway/packet.ts";
import { beginStream } from "./begin-stream.ts";
import { brokerLimits } from "./broker-limits.ts";
import type { BrokerVersion } from "./broker-version.ts";
import { DISCONNECT, encode, encodeConnect, PINGREQ } from "./encode.ts";
import { endText } from "./end-text.ts";
import { errorText } from "./error-text.ts";
import { hasAnswer } from "./has-answer.ts";
import { isConnecting } from "./is-connecting.ts";
import type { LinkOptions } from "./link-options.ts";
import { LinkPulse } from "./link-pulse.ts";
import type { LinkScheduler, ScheduledLink } from "./link-scheduler.ts";
import type { MqttVersion } from "./mqtt-version.ts";
import type { Connack, PacketRead } from "./packet-read.ts";
import { PacketReader } from "./packet-reader.ts";
import type { Properties } from "./properties.ts";
import { reasonText } from "./reason-text.ts";
import { renewalInMs } from "./renewal-time.ts";
import { streamFailure } from "./stream-failure.ts";

/** How long a broker may take to close a connection after DISCONNECT. */
const DISCONNECT_TIMEOUT_MS = 2000;

/**
 * What may wait in one link to be written. It takes a core that does not heed `link-stalled` to get there; the link is then closed, for
 * MQTT allows nothing to be left out.
 */
const UNWRITTEN_OCTETS_MAX = 8 * 1024 * 1024;

/** After which time a link says again that its credentials expire. */
const EXPIRY_REPEAT_MS = 60_000;

/**
 * One connection to the broker, MQTT 3.1.1 or 5, at packet level: it connects, reports, passes packets both ways, and knows nothing of
 * MQTT-SN. What it tells `emit` is described at `GatewayEvent`. Its methods may be called at any time, and never emit: the event comes
 * later. When it is closed they do nothing.
 */
export class Link implements ScheduledLink {
  readonly #id: LinkId;
  readonly #emit: (event: GatewayEvent) => void;
  readonly #scheduler: LinkScheduler;
  readonly #brokerVersion: BrokerVersion;
  readonly #version: MqttVersion;
  readonly #onSessionExpiry: LinkOptions["onSessionExpiry"];
  readonly #answerTimeoutMs: number;
  readonly #pulse: LinkPulse;
  readonly #stream: Duplex;
  readonly #reader: PacketReader;

  /** connecting → open → closing; `closing` also where it was refused or failed. Then nothing is emitted but `link-closed`. */
  #state: "connecting" | "open" | "closing" = "connecting";
  /** `link-refused` has been emitted, or `link-closed`: there is no more to say. */
  #ended = false;
  /** Why it closes, where it is known before the stream says so. */
  #reason: string | undefined;
  /** It was open, and the broker has ended it and not said why. */
  #byBroker = false;
  #unasked = false;
  #takenOver = false;
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

  /** When `link-expires` is due. */
  #expiresAtMs = Number.POSITIVE_INFINITY;

  constructor(id: LinkId, connect: LinkConnect, options: LinkOptions, emit: (event: GatewayEvent) => void) {
    this.#id = id;
    this.#emit = emit;
    this.#scheduler = options.scheduler;
    this.#brokerVersion = options.version;
    this.#version = options.version.current;
    // A clean session ends with its connection, as it should.
    this.#onSessionExpiry = connect.cleanSession ? undefined : options.onSessionExpiry;
    this.#answerTimeoutMs = options.answerTimeoutMs;
    this.#pulse = new LinkPulse({
      keepAliveMs: options.keepAliveSeconds * 1000,
      answerTimeoutMs: options.answerTimeoutMs,
      tickMs: options.scheduler.tickMs,
    });
    if (options.expiresInMs !== undefined) {
      this.#expiresAtMs = performance.now() + renewalInMs(options.expiresInMs, this.#phase);
    }
    this.#reader = new PacketReader(this.#version);
    this.#stream = beginStream(options.openStream, (octets) => this.#onOctets(octets))
      .on("data", Link.#streamData)
      .on("drain", Link.#streamDrain)
      .on("end", Link.#streamEnd)
      .on("error", Link.#streamError)
      .on("close", Link.#streamClose);
    (this.#stream as LinkStream)[LINK] = this;
    try {
      this.#append(
        encodeConnect({
          version: this.#version,
          clientId: options.clientId ?? connect.clientId,
          cleanSession: connect.cleanSession,
          keepAliveSeconds: Math.ceil(options.keepAliveSeconds),
          will: connect.will,
          username: options.username,
          password: options.password,
          sessionExpirySeconds: options.sessionExpirySeconds,
          receiveMax: options.receiveMax,
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
      this.#append(encode(packet, this.#version));
      if (hasAnswer(packet)) this.#pulse.wroteQuestion();
    } catch (error) {
      this.#fail(`${packet.cmd.toUpperCase()} cannot be sent: ${errorText(error)}`);
    }
  }

  /** Asks the broker for a sign of life, answered by `link-probed`. */
  probe(): void {
    if (this.#state === "closing") return;
    this.#pulse.pinged(true);
    this.#append(PINGREQ);
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

  /** For the scheduler only. Pings, closes when nothing comes back, and says when its credentials expire. */
  tick(nowMs: number, beforeMs: number): void {
    if (this.#state !== "open") return;
    const due = this.#pulse.tick(nowMs, beforeMs, this.#paused);
    if (due === "end") {
      this.#fail(`no answer to PINGREQ for ${this.#answerTimeoutMs / 1000} s`);
      return;
    }
    if (due === "ping") this.#append(PINGREQ);
    if (nowMs < this.#expiresAtMs) return;
    this.#expiresAtMs = nowMs + EXPIRY_REPEAT_MS;
    this.#emit({ type: "link-expires", link: this.#id });
  }

  // What a stream tells: one function for all links, for a closure each is a twentieth of the memory of a client.

  static readonly #streamData = function (this: LinkStream, octets: Buffer): void {
    this[LINK]!.#onOctets(octets);
  };

  static readonly #streamDrain = function (this: LinkStream): void {
    this[LINK]!.#onDrain();
  };

  static readonly #streamEnd = function (this: LinkStream): void {
    this[LINK]!.#fail(endText(this), true);
  };

  static readonly #streamError = function (this: LinkStream, error: NodeJS.ErrnoException): void {
    this[LINK]!.#onError(error);
  };

  static readonly #streamClose = function (this: LinkStream): void {
    this[LINK]!.#onClose();
  };

  /** From 0 to 1: what links do at regular times they do one after the other. */
  get #phase(): number {
    return (this.#id % PHASES) / PHASES;
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
    this.#pulse.wrote();
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
    this.#pulse.drained();
    this.#emit({ type: "link-drained", link: this.#id });
  }

  #onOctets(octets: Buffer): void {
    if (this.#state === "closing") return;
    this.#pulse.heard();
    this.#reader.push(octets);
    this.#read();
    this.#reader.detach();
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
        this.#onConnack(packet);
        return;
      case "pingresp":
        if (this.#pulse.answered()) this.#emit({ type: "link-probed", link: this.#id });
        return;
      case "disconnect":
        this.#takenOver = packet.reasonCode === SESSION_TAKEN_OVER;
        this.#fail(`the broker said DISCONNECT: ${reasonText(packet.reasonCode, packet.reasonString)}`);
        return;
      default:
        if (this.#state === "open") this.#emit({ type: "packet", link: this.#id, packet });
        else this.#fail(`the broker sent ${packet.cmd.toUpperCase()} before CONNACK`);
    }
  }

  #onConnack({ version, returnCode, sessionPresent, properties }: Connack): void {
    if (this.#state === "open") {
      this.#fail("the broker sent a second CONNACK");
    } else if (version < this.#version || (this.#version === 5 && returnCode === UNSUPPORTED_VERSION)) {
      this.#versionRefused(version);
    } else if (returnCode === 0) {
      this.#opened(sessionPresent, properties);
    } else if (version === 5 ? returnCode >= FAILURE : returnCode <= RETURN_CODE_MAX) {
      this.#refused(returnCode, properties.reasonString);
    } else {
      const protocol = version === 5 ? "MQTT 5" : "MQTT 3.1.1";
      this.#fail(`the broker refused the connection with ${returnCode}, which ${protocol} does not know`);
    }
  }

  #opened(sessionPresent: boolean, properties: Properties): void {
    const { sessionExpiryInterval, serverKeepAlive } = properties;
    this.#state = "open";
    this.#pulse.opened(
      performance.now(),
      this.#phase,
      serverKeepAlive === undefined ? undefined : serverKeepAlive * 1000,
    );
    this.#scheduler.startTicking(this);
    if (sessionExpiryInterval !== undefined) this.#onSessionExpiry?.(sessionExpiryInterval);
    if (this.#version === 4) this.#emit({ type: "link-opened", link: this.#id, sessionPresent });
    else this.#emit({ type: "link-opened", link: this.#id, sessionPresent, limits: brokerLimits(properties) });
  }

  #refused(returnCode: number, reasonString: string | undefined): void {
    this.#state = "closing";
    this.#ended = true;
    this.#stream.destroy();
    this.#emit({ type: "link-refused", link: this.#id, returnCode, reason: reasonText(returnCode, reasonString) });
  }

  /** The broker answers in another version, or that it does not speak ours. */
  #versionRefused(answeredIn: MqttVersion): void {
    const reason =
      answeredIn === 4 ? "it answers CONNECT in MQTT 3.1.1" : `it answers CONNECT: ${reasonText(UNSUPPORTED_VERSION)}`;
    this.#fail(`the broker does not speak MQTT 5: ${reason}`);
    // One answer among others, as of one node of a cluster, is not the last word: that has the gateway's own connection.
    if (this.#brokerVersion.isDoubtful) this.#brokerVersion.fallBack(reason);
  }

  #onError(error: NodeJS.ErrnoException): void {
    const failure = streamFailure(error);
    if (this.#state === "connecting") this.#unasked = failure === "unreached";
    this.#fail(errorText(error), failure === "closed by broker");
  }

  #fail(reason: string, byBroker = false): void {
    // Also in MQTT 5: Mosquitto 2.0.11 does not say DISCONNECT to who is taken over.
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
    this.#emit({
      type: "link-closed",
      link: this.#id,
      reason,
      byBroker: this.#byBroker,
      unasked: this.#unasked,
      takenOver: this.#takenOver,
    });
  }
}

/** Where a stream has its link. */
const LINK = Symbol("link");

interface LinkStream extends Duplex {
  [LINK]?: Link;
}

/** Over how many steps what links do together is spread. */
const PHASES = 64;

/** The largest return code of MQTT 3.1.1: not authorized. */
const RETURN_CODE_MAX = 5;

/** Reason codes of MQTT 5 (§2.4); from `FAILURE` on they are failures. */
const FAILURE = 0x80;
const UNSUPPORTED_VERSION = 0x84;
const SESSION_TAKEN_OVER = 0x8e;
