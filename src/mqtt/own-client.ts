import type { Duplex } from "node:stream";
import type { BrokerLimits } from "../gateway/contract.ts";
import type { MqttQoS, Will } from "../gateway/packet.ts";
import { brokerLimits, limitTexts } from "./broker-limits.ts";
import type { BrokerVersion } from "./broker-version.ts";
import type { LinkCredentials } from "./link-credentials.ts";
import type { MqttVersion } from "./mqtt-version.ts";
import { OwnConnection, type OwnConnectionEnd } from "./own-connection.ts";
import { OwnWill } from "./own-will.ts";
import type { Properties } from "./properties.ts";
import { renewalInMs } from "./renewal-time.ts";

export interface OwnClientOptions {
  /** Begins a connection to the broker, over whatever carries it. */
  openStream: () => Duplex;
  version: BrokerVersion;
  clientId: string;
  /** Asked at each attempt. Before what it gives expires, the connection is made anew. */
  credentials: () => LinkCredentials;
  keepAliveSeconds: number;
  /** What the broker publishes when the gateway is gone without a word. It is left out where the broker does not take it. */
  will?: Will | undefined;
  /** The broker takes the connection only without the will. Told once, with the reason for people. */
  onWillRefused?: (reason: string) => void;
  /** The broker has refused a publish, which only MQTT 5 can say. */
  onPublishRefused?: (topic: string, reason: string) => void;
  /** How long the broker may take to answer CONNECT, and PINGREQ after a keep alive in which it said nothing. */
  connectTimeoutMs: number;
  /** The shortest and the longest wait before it connects again. */
  reconnectMinMs: number;
  reconnectMaxMs: number;
  /** The broker has accepted the connection: the first time, and each time after `onUnreachable`. `limits` is what it does not do. */
  onReachable: (limits: BrokerLimits) => void;
  /** A connection has taken the place of one that was given up on purpose. */
  onRenewed?: (limits: BrokerLimits) => void;
  /**
   * There is no connection to the broker. Told once, and again only when the reason, which is for people, is another. `isRefusal`: the
   * broker is there, and has answered CONNECT with a refusal. `broker`: as in
   * `OwnConnectionEnd`.
   */
  onUnreachable: (reason: string, isRefusal: boolean, broker: OwnConnectionEnd["broker"]) => void;
  /** MQTT 5: what the broker says that it does not do, for people; each time it is something else, at first than nothing. */
  onLimits?: (limits: readonly string[]) => void;
}

/** What an attempt is made with. */
interface Attempt {
  version: MqttVersion;
  isTrial: boolean;
  will: Will | undefined;
}

/** Publishes that may be unfinished at once. */
const UNFINISHED_MAX = 1000;

/** `tryNow` tries once in this time, however often it is called: the broker may let everybody in but this client. */
const TRY_NOW_INTERVAL_MS = 1000;

/** The longest wait there is for a timer: 24 days. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const NO_LIMITS = brokerLimits({});

/**
 * The gateway's own client, by which it knows whether the broker can be reached, and in which version of MQTT. It tries again for ever,
 * also after a refusal, with waits that grow from `reconnectMinMs` to `reconnectMaxMs`, each a random one so that many gateways do not
 * come back at once. mqtt.js can do neither, so every attempt is a connection of its own.
 */
export class OwnClient {
  readonly #options: OwnClientOptions;
  readonly #will: OwnWill;
  /** The attempt or the connection that there is; undefined between two of them. */
  #connection: OwnConnection | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #renewalTimer: NodeJS.Timeout | undefined;
  /** The connection ends because its credentials do. */
  #isRenewing = false;
  /** When the last attempt or connection ended, on the clock of `performance.now`. */
  #endedAtMs = 0;
  #failures = 0;
  #reachable = false;
  /** `onReachable` was told last. */
  #toldReachable = false;
  /** What `onUnreachable` was last told. */
  #toldReason: string | undefined;
  #limits: BrokerLimits = NO_LIMITS;
  #toldLimits: readonly string[] = [];
  #unfinished = 0;
  #closed: Promise<void> | undefined;

  /** Begins to connect. */
  constructor(options: OwnClientOptions) {
    this.#options = options;
    this.#will = new OwnWill(options.will, (reason) => options.onWillRefused?.(reason));
    this.#connect();
  }

  get reachable(): boolean {
    return this.#reachable;
  }

  /**
   * Publishes, and says whether it could: without a connection, with too much unfinished, or above what the broker takes, the message is
   * dropped. The Retain flag and the QoS go as far as the broker takes them.
   */
  publish(topic: string, payload: Uint8Array, options: { qos: MqttQoS; retain: boolean }): boolean {
    const connection = this.#connection;
    const { maxQos, retains, receiveMax, packetOctetsMax } = this.#limits;
    const qos = options.qos < maxQos ? options.qos : maxQos;
    const unfinishedMax = qos === 0 ? UNFINISHED_MAX : Math.min(UNFINISHED_MAX, receiveMax);
    if (connection === undefined || !this.#reachable || this.#unfinished >= unfinishedMax) return false;
    if (Buffer.byteLength(topic) + payload.length + FRAME_OCTETS_MAX > packetOctetsMax) return false;
    this.#unfinished += 1;
    connection.publish(topic, payload, { qos, retain: options.retain && retains }, (refusal) => {
      if (connection !== this.#connection) return;
      this.#unfinished -= 1;
      if (refusal !== undefined) this.#options.onPublishRefused?.(topic, refusal);
    });
    return true;
  }

  /**
   * Tries again now instead of after the rest of the wait, or a moment later where the last attempt has only just failed. For who has
   * reached the broker in another way. Does nothing while it is connected or connecting.
   */
  tryNow(): void {
    if (this.#connection !== undefined || this.#closed !== undefined) return;
    const sinceMs = performance.now() - this.#endedAtMs;
    this.#retryAfter(Math.max(0, Math.min(this.#options.reconnectMinMs, TRY_NOW_INTERVAL_MS) - sinceMs));
  }

  /** Connects anew with what holds now; of that nobody is told unless it fails. Where there is no connection it is as `tryNow`. */
  renew(): void {
    if (this.#connection === undefined) {
      this.tryNow();
      return;
    }
    this.#isRenewing = true;
    void this.#connection.close();
  }

  /** Says DISCONNECT, and waits until the connection is closed. No callback comes after this. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** On trial it is with MQTT 3.1.1, though the broker may speak MQTT 5. */
  #connect(isTrial = false): void {
    const { openStream, clientId, keepAliveSeconds, connectTimeoutMs } = this.#options;
    const version = isTrial ? (4 as const) : this.#options.version.wanted;
    const attempt = { version, isTrial, will: this.#will.next };
    const credentials = this.#options.credentials();
    this.#connection = new OwnConnection({
      ...credentials,
      openStream,
      version: attempt.version,
      clientId,
      keepAliveSeconds,
      connectTimeoutMs,
      will: attempt.will,
      onOpen: (properties) => this.#onOpen(attempt, properties, credentials.expiresInMs),
      onEnd: (end) => this.#onEnd(attempt, end),
    });
  }

  #onOpen(attempt: Attempt, properties: Properties, expiresInMs: number | undefined): void {
    if (this.#closed !== undefined) return;
    this.#failures = 0;
    this.#unfinished = 0;
    this.#reachable = true;
    this.#toldReason = undefined;
    this.#limits = brokerLimits(properties);
    this.#will.opened(attempt.will);
    if (attempt.version === 5) this.#options.version.prove();
    if (attempt.isTrial) this.#fallBackFromTrial();
    if (expiresInMs !== undefined) {
      const waitMs = Math.min(renewalInMs(expiresInMs, Math.random()), TIMER_MS_MAX);
      this.#renewalTimer = setTimeout(() => this.renew(), waitMs);
    }
    if (this.#toldReachable) this.#options.onRenewed?.(this.#limits);
    else this.#options.onReachable(this.#limits);
    this.#toldReachable = true;
    this.#tellLimits(limitTexts(properties));
  }

  #onEnd(attempt: Attempt, end: OwnConnectionEnd): void {
    const { reason, answer, broker } = end;
    const isRenewing = this.#isRenewing;
    const wasReachable = this.#reachable;
    const { version } = this.#options;
    clearTimeout(this.#renewalTimer);
    this.#connection = undefined;
    this.#reachable = false;
    this.#isRenewing = false;
    if (this.#closed !== undefined) return;
    if (answer === "version refused") version.fallBack(reason);
    if (answer === "refused" && attempt.isTrial) this.#fallBackFromTrial();
    // A broker that knows nothing of MQTT 5 may not know how to say so either: it is asked in a language that all of them speak.
    const isTrialDue = answer === "closed" && attempt.version === 5 && version.isDoubtful;
    // The trial is with the same will: only one thing at a time is doubted.
    if (isRenewing || isTrialDue || answer === "version refused" || this.#will.failed(attempt.will, end)) {
      this.#connect(isTrialDue);
      return;
    }
    if (wasReachable) this.#will.lost();
    this.#endedAtMs = performance.now();
    this.#retryAfter(this.#waitMs());
    this.#failures += 1;
    this.#tellUnreachable(reason, answer === "refused", broker);
  }

  /** A broker that has closed a connection of MQTT 5 has answered one of MQTT 3.1.1. */
  #fallBackFromTrial(): void {
    this.#options.version.fallBack("it closes the connection at CONNECT of MQTT 5, and answers one of MQTT 3.1.1");
  }

  #tellUnreachable(reason: string, isRefusal: boolean, broker: OwnConnectionEnd["broker"]): void {
    this.#toldReachable = false;
    if (reason === this.#toldReason) return;
    this.#toldReason = reason;
    this.#options.onUnreachable(reason, isRefusal, broker);
  }

  #tellLimits(limits: readonly string[]): void {
    if (limits.join() === this.#toldLimits.join()) return;
    this.#toldLimits = limits;
    this.#options.onLimits?.(limits);
  }

  #retryAfter(waitMs: number): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#connect(), waitMs);
  }

  #waitMs(): number {
    const { reconnectMinMs, reconnectMaxMs } = this.#options;
    const longestMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** (this.#failures + 1));
    return reconnectMinMs + Math.random() * Math.max(0, longestMs - reconnectMinMs);
  }

  async #close(): Promise<void> {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#renewalTimer);
    this.#reachable = false;
    await this.#connection?.close();
  }
}

/** What a PUBLISH has besides its topic and its payload, at most: header, two lengths, packet identifier. */
const FRAME_OCTETS_MAX = 5 + 2 + 1 + 2;
