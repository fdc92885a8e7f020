import { connectAsync, type MqttClient } from "mqtt";
import { UP_FILTERS } from "./kill-topics.ts";
import type { AnsweredQoS } from "./message-ledger.ts";

/** The other side of the broker: a durable MQTT client that gets what devices publish, and publishes to them. */
export class KillFarEnd {
  readonly #client: MqttClient;

  private constructor(client: MqttClient) {
    this.#client = client;
  }

  /** Resolves when it has subscribed. */
  static async at(
    brokerUrl: string,
    onMessage: (topic: string, payload: string, qos: number) => void,
  ): Promise<KillFarEnd> {
    const client = await connectAsync(brokerUrl, {
      clientId: "kill-far-end",
      protocolVersion: 4,
      clean: false,
      reconnectPeriod: 50,
      // The broker keeps its session: nothing has to be subscribed again.
      resubscribe: false,
    });
    client.on("message", (topic, payload, { qos }) => onMessage(topic, payload.toString(), qos));
    // A broker that is started again; without a listener it would be an uncaught exception.
    client.on("error", () => {});
    await client.subscribeAsync([...UP_FILTERS], { qos: 2 });
    return new KillFarEnd(client);
  }

  get isConnected(): boolean {
    return this.#client.connected;
  }

  /** Calls back when the broker has acknowledged, across its restarts. */
  publish(topic: string, payload: string, qos: AnsweredQoS, onAnswer: (isAccepted: boolean) => void): void {
    this.#client.publish(topic, payload, { qos }, (error) => onAnswer(error === undefined || error === null));
  }

  close(): void {
    this.#client.end(true);
  }
}
