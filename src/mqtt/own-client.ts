import type { Duplex } from "node:stream";
import { ErrorWithReasonCode, MqttClient } from "mqtt";
import type { MqttQoS } from "../gateway/packet.ts";
import { beginStream } from "./begin-stream.ts";
import { endText } from "./end-text.ts";
import { errorText } from "./error-text.ts";

export interface OwnClientOptions {
  /** Begins a connection to the broker, over whatever carries it. */
  openStream: () => Duplex;
  clientId: string;
  username?: string | undefined;
  password?: string | undefined;
  keepAliveSeconds: number;
  /** How long the broker may take to answer CONNECT, and PINGREQ after a keep alive in which it said nothing. */
  connectTimeoutMs: number;
  /** The shortest and the longest wait before it connects again. */
  reconnectMinMs: number;
  reconnectMaxMs: number;
  /** The broker has accepted the connection: the first time, and each time after `onUnreachable`. */
  onReachable: () => void;
  /**
   * There is no connection to the broker. Told once, and again only when the reason, which is for people, is another. `isRefusal`: the
   * broker is there, and has answered CONNECT with a refusal.
   */
  onUnreachable: (reason: string, isRefusal: boolean) => void;
}

/** Publishes that may be unfinished at once. */
const UNFINISHED_MAX = 1000;

/** `tryNow` tries once in this time, however often it is called: the broker may let everybody in but this client. */
const TRY_NOW_INTERVAL_MS = 1000;

/** How long a broker may take to close the connection after DISCONNECT. */
const CLOSE_TIMEOUT_MS = 2000;

/**
 * The gateway's own connection to the broker, by which it knows whether the broker can be reached. It tries again for ever, also after
 * a refusal, with waits that grow from `reconnectMinMs` to `reconnectMaxMs`, each a random one so that many gateways do not come back
 * at once. mqtt.js can do neither, so every attempt is a client of its own.
 */
export class OwnClient {
  readonly #options: OwnClientOptions;
  /** The attempt or the connection that there is; undefined between two of them. */
  #client: MqttClient | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  /** When the last attempt or connection ended, on the clock of `performance.now`. */
  #endedAtMs = 0;
  #failures = 0;
  #reachable = false;
  /** What `onUnreachable` was last told. */
  #toldReason: string | undefined;
  #unfinished = 0;
  #closed: Promise<void> | undefined;

  /** Begins to connect. */
  constructor(options: OwnClientOptions) {
    this.#options = options;
    this.#connect();
  }

  get reachable(): boolean {
    return this.#reachable;
  }

  /** Publishes, and says whether it could: without a connection, or with too much unfinished, the message is dropped. */
  publish(topic: string, payload: Uint8Array, options: { qos: MqttQoS; retain: boolean }): boolean {
    const client = this.#client;
    if (client === undefined || !this.#reachable || this.#unfinished >= UNFINISHED_MAX) return false;
    this.#unfinished += 1;
    client.publish(topic, Buffer.from(payload), options, () => {
      if (client === this.#client) this.#unfinished -= 1;
    });
    return true;
  }

  /**
   * Tries again now instead of after the rest of the wait, or a moment later where the last attempt has only just failed. For who has
   * reached the broker in another way. Does nothing while it is connected or connecting.
   */
  tryNow(): void {
    if (this.#client !== undefined || this.#closed !== undefined) return;
    const sinceMs = performance.now() - this.#endedAtMs;
    this.#retryAfter(Math.max(0, Math.min(this.#options.reconnectMinMs, TRY_NOW_INTERVAL_MS) - sinceMs));
  }

  /** Says DISCONNECT, and waits until the connection is closed. No callback comes after this. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #connect(): void {
    const { openStream, clientId, username, password, keepAliveSeconds, connectTimeoutMs } = this.#options;
    let reason: string | undefined;
    let isRefusal = false;
    // mqtt.js says nothing of a stream's errors that are not the system's.
    const begin = () =>
      beginStream(openStream).once("error", (error) => {
        reason ??= errorText(error);
      });
    let answerTimer: NodeJS.Timeout | undefined;
    const client = new MqttClient(begin, {
      protocolVersion: 4,
      clientId,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      keepalive: Math.ceil(keepAliveSeconds),
      connectTimeout: connectTimeoutMs,
      reconnectPeriod: 0,
      queueQoSZero: false,
      // A cache of 11 MiB, for a client that says little.
      writeCache: false,
    });
    this.#client = client;
    client.on("error", (error) => {
      reason ??= errorText(error);
      isRefusal ||= error instanceof ErrorWithReasonCode;
      // mqtt.js does so itself except where what comes in is not MQTT.
      client.stream.destroy();
    });
    client.on("connect", () => this.#onConnect());
    // mqtt.js by itself waits for half a keep alive, however long that is.
    client.on("packetsend", ({ cmd }) => {
      if (cmd !== "pingreq") return;
      answerTimer ??= setTimeout(() => {
        reason ??= `no answer to PINGREQ for ${connectTimeoutMs / 1000} s`;
        client.stream.destroy();
      }, connectTimeoutMs);
    });
    client.on("packetreceive", () => {
      clearTimeout(answerTimer);
      answerTimer = undefined;
    });
    client.once("close", () => {
      clearTimeout(answerTimer);
      this.#onClose(reason ?? endText(client.stream), isRefusal);
    });
  }

  #onConnect(): void {
    if (this.#closed !== undefined) return;
    this.#failures = 0;
    this.#unfinished = 0;
    this.#reachable = true;
    this.#toldReason = undefined;
    this.#options.onReachable();
  }

  #onClose(reason: string, isRefusal: boolean): void {
    this.#client = undefined;
    this.#reachable = false;
    if (this.#closed !== undefined) return;
    this.#endedAtMs = performance.now();
    this.#retryAfter(this.#waitMs());
    this.#failures += 1;
    if (reason === this.#toldReason) return;
    this.#toldReason = reason;
    this.#options.onUnreachable(reason, isRefusal);
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

  #close(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#reachable = false;
    const client = this.#client;
    if (client === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const bound = setTimeout(() => client.stream.destroy(), CLOSE_TIMEOUT_MS);
      client.once("close", () => {
        clearTimeout(bound);
        resolve();
      });
      client.end(!client.connected);
    });
  }
}
