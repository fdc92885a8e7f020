import type { Duplex } from "node:stream";
import type { IConnackPacket, IDisconnectPacket, MqttClient } from "mqtt";
import type { MqttQoS, Will } from "../gateway/packet.ts";
import { beginStream } from "./begin-stream.ts";
import type { BrokerStream } from "./broker-stream.ts";
import { endText } from "./end-text.ts";
import { errorText } from "./error-text.ts";
import { isConnecting } from "./is-connecting.ts";
import { isExplained } from "./is-explained.ts";
import type { LinkCredentials } from "./link-credentials.ts";
import { mqttJs } from "./mqtt-js.ts";
import type { MqttVersion } from "./mqtt-version.ts";
import type { Properties } from "./properties.ts";
import { reasonText } from "./reason-text.ts";
import { streamFailure } from "./stream-failure.ts";

interface OwnConnectionOptions extends LinkCredentials {
  /** Begins a connection to the broker, over whatever carries it. */
  openStream: () => Duplex;
  version: MqttVersion;
  clientId: string;
  keepAliveSeconds: number;
  /** What the broker publishes when the connection ends without DISCONNECT. */
  will?: Will | undefined;
  /** How long the broker may take to answer CONNECT, and PINGREQ after a keep alive in which it said nothing. */
  connectTimeoutMs: number;
  /** The broker has accepted it, and said this besides. */
  onOpen: (properties: Properties) => void;
  /** It is over, or has not come about. Comes once, and last. */
  onEnd: (end: OwnConnectionEnd) => void;
}

export interface OwnConnectionEnd {
  /** For people. */
  reason: string;
  /**
   * What the broker had to say to CONNECT: it refused it; it answered that it does not speak the version; it closed the connection without
   * an answer, as one may that does not speak the version; or none of these.
   */
  answer: "refused" | "version refused" | "closed" | undefined;
  /** What it refused CONNECT with: a return code of MQTT 3.1.1, or a reason code of MQTT 5. */
  returnCode?: number | undefined;
  /**
   * What is to be thought of the broker: perhaps nobody is there; somebody is there who closed the connection without a word, of which is not
   * known why; or somebody is there, and the reason says what is the matter.
   */
  broker: "absent" | "silent" | "heard";
}

/** How long a broker may take to close the connection after DISCONNECT. */
const CLOSE_TIMEOUT_MS = 2000;

/** MQTT 5 §3.2.2.2: the broker does not speak the version. */
const UNSUPPORTED_VERSION = 0x84;

/** What a CONNACK of MQTT 3.1.1 has behind its header; one of MQTT 5 has more. */
const CONNACK_OCTETS = 2;

/** One connection of the gateway's own, a client of mqtt.js that does not connect again. */
export class OwnConnection {
  readonly #options: OwnConnectionOptions;
  readonly #client: MqttClient;
  #reason: string | undefined;
  #broker: OwnConnectionEnd["broker"] = "heard";
  #answer: OwnConnectionEnd["answer"] = "closed";
  #returnCode: number | undefined;
  #answerTimer: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;

  /** Begins to connect. */
  constructor(options: OwnConnectionOptions) {
    this.#options = options;
    const { openStream, version, clientId, username, password, will } = options;
    // mqtt.js says nothing of a stream's errors that are not the system's.
    const begin = () => beginStream(openStream).once("error", (error) => this.#fail(error));
    this.#client = new mqttJs.MqttClient(begin, {
      protocolVersion: version,
      clientId,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(will === undefined ? {} : { will: { ...will, payload: Buffer.from(will.payload) } }),
      keepalive: Math.ceil(options.keepAliveSeconds),
      connectTimeout: options.connectTimeoutMs,
      reconnectPeriod: 0,
      queueQoSZero: false,
      // A cache of 11 MiB, for a client that says little.
      writeCache: false,
    });
    this.#listen(this.#client);
  }

  /** `done` is called when it is finished, or never will be: with a text for people where the broker has refused it, which MQTT 5 can say. */
  publish(
    topic: string,
    payload: Uint8Array,
    options: { qos: MqttQoS; retain: boolean },
    done: (refusal: string | undefined) => void,
  ): void {
    this.#client.publish(topic, Buffer.from(payload), options, (error) => {
      const code = error instanceof mqttJs.ErrorWithReasonCode ? error.code : 0;
      done(code === 0 ? undefined : reasonText(code));
    });
  }

  /** Says DISCONNECT, and waits until the connection is closed, in bounded time. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #listen(client: MqttClient): void {
    client.on("error", (error) => {
      this.#fail(error);
      // mqtt.js does so itself except where what comes in is not MQTT.
      client.stream.destroy();
    });
    client.on("connect", (packet) => {
      if (this.#answer === undefined) this.#options.onOpen(packet.properties ?? {});
    });
    client.on("disconnect", (packet: IDisconnectPacket) => {
      const { reasonCode = 0, properties } = packet;
      this.#end(`the broker said DISCONNECT: ${reasonText(reasonCode, properties?.reasonString)}`);
    });
    // mqtt.js by itself waits for half a keep alive, however long that is.
    client.on("packetsend", ({ cmd }) => {
      if (cmd !== "pingreq") return;
      const { connectTimeoutMs } = this.#options;
      const reason = `no answer to PINGREQ for ${connectTimeoutMs / 1000} s`;
      this.#answerTimer ??= setTimeout(() => this.#end(reason), connectTimeoutMs);
    });
    client.on("packetreceive", (packet) => {
      clearTimeout(this.#answerTimer);
      this.#answerTimer = undefined;
      if (this.#answer === "closed") this.#answer = undefined;
      if (packet.cmd === "connack") this.#onConnack(packet);
    });
    client.once("close", () => {
      clearTimeout(this.#answerTimer);
      const told = { answer: this.#answer, returnCode: this.#returnCode };
      if (this.#reason !== undefined) this.#options.onEnd({ ...told, reason: this.#reason, broker: this.#broker });
      else this.#options.onEnd({ ...told, reason: endText(client.stream), broker: this.#ofSilence });
    });
  }

  #onConnack({ length, returnCode, reasonCode, properties }: IConnackPacket): void {
    if (this.#options.version === 4) {
      if (returnCode === 0) return;
      this.#answer = "refused";
      this.#returnCode = returnCode;
    } else if (length === CONNACK_OCTETS) {
      this.#answer = "version refused";
      this.#end("it answers CONNECT in MQTT 3.1.1");
    } else if (reasonCode !== undefined && reasonCode !== 0) {
      this.#returnCode = reasonCode;
      this.#answer = reasonCode === UNSUPPORTED_VERSION ? "version refused" : "refused";
      this.#end(`Connection refused: ${reasonText(reasonCode, properties?.reasonString)}`);
    }
  }

  #fail(error: Error): void {
    if (this.#reason === undefined) this.#broker = this.#brokerAt(error);
    this.#reason ??= errorText(error);
    if (this.#answer === "closed" && streamFailure(error) !== "closed by broker") this.#answer = undefined;
  }

  #brokerAt(error: Error): OwnConnectionEnd["broker"] {
    if (isExplained(error)) return "heard";
    const failure = streamFailure(error);
    if (failure === "closed by broker") return this.#ofSilence;
    return failure === "unreached" || isConnecting(this.#client.stream) ? "absent" : "heard";
  }

  /** Where the connection is closed by the broker. */
  get #ofSilence(): OwnConnectionEnd["broker"] {
    const { silenceHint }: BrokerStream = this.#client.stream;
    return this.#answer === "closed" && silenceHint === undefined ? "silent" : "heard";
  }

  #end(reason: string): void {
    this.#reason ??= reason;
    this.#client.stream.destroy();
  }

  #close(): Promise<void> {
    const client = this.#client;
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
