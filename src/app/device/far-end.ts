import type { MqttClient } from "mqtt";
import type { MqttQoS } from "../../gateway/packet.ts";
import { maskedUrl } from "../configuration/masked-url.ts";

/** How long the broker may take to let the far end in. */
const CONNECT_MS_MAX = 10_000;

/** An MQTT client at the broker, on the other side of the gateway: it sees what nodes publish, or publishes what they subscribe to. */
export class FarEnd {
  readonly #client: MqttClient;
  /** For people. */
  readonly #url: string;
  /** Set when the connection has ended before `close`: what it saw is then not the whole. */
  failure: string | undefined;

  private constructor(client: MqttClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** Rejects with a sentence for people where the broker cannot be reached. */
  static async open(url: string, clientId: string, onMessage: (data: Uint8Array) => void): Promise<FarEnd> {
    // Most runs need no MQTT client, and loading it takes longer than everything else.
    const { connectAsync } = await import("mqtt");
    const shown = maskedUrl(url);
    try {
      // After a lost connection messages would be missing, and taken for lost by the gateway: it does not connect again.
      const client = await connectAsync(
        url,
        { clientId, reconnectPeriod: 0, connectTimeout: CONNECT_MS_MAX, protocolVersion: 4 },
        false,
      );
      const farEnd = new FarEnd(client, shown);
      client.on("message", (_topic, data) => onMessage(data));
      client.on("error", (error) => {
        farEnd.failure ??= `the connection to the broker at ${shown} failed: ${error.message}`;
      });
      client.on("close", () => {
        farEnd.failure ??= `the broker at ${shown} closed the connection`;
      });
      return farEnd;
    } catch (cause) {
      const why = cause instanceof Error && cause.message !== "" ? `: ${cause.message}` : "";
      throw new Error(`the broker at ${shown} cannot be reached (--broker)${why}`, { cause });
    }
  }

  async subscribe(filter: string, qos: MqttQoS): Promise<void> {
    const [grant] = await this.#client.subscribeAsync(filter, { qos });
    if (grant === undefined || grant.qos > 2)
      throw new Error(`the broker at ${this.#url} refuses to let one read ${filter}`);
  }

  /** Calls back when the broker has acknowledged, at QoS 0 when the message is written. */
  publish(topic: string, data: Buffer, qos: MqttQoS, onAnswer: (isAccepted: boolean) => void): void {
    this.#client.publish(topic, data, { qos }, (error) => onAnswer(error === undefined || error === null));
  }

  async close(): Promise<void> {
    this.failure ??= "closed";
    await this.#client.endAsync(true).catch(() => {});
  }
}
