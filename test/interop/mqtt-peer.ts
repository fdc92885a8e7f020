import { connectAsync, type MqttClient } from "mqtt";
import { expect, onTestFinished, vi } from "vitest";
import type { MqttQoS } from "../../src/gateway/packet.ts";
import type { Received } from "./received.ts";

const BOUND_MS = 10_000;

/** A plain MQTT client at the broker, on the other side of the gateway. It leaves with the test. */
export class MqttPeer {
  readonly received: Received[] = [];
  readonly #client: MqttClient;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload, { qos, retain }) => {
      this.received.push({ topic, data: payload.toString("latin1"), qos, retain });
    });
  }

  static async at(brokerUrl: string): Promise<MqttPeer> {
    const client = await connectAsync(brokerUrl, { protocolVersion: 4, reconnectPeriod: 0, connectTimeout: BOUND_MS });
    // A broker that is ended by the test; without a listener it would be an uncaught exception.
    client.on("error", () => {});
    onTestFinished(() => {
      client.end(true);
    });
    return new MqttPeer(client);
  }

  async subscribe(filter: string, qos: MqttQoS = 2): Promise<void> {
    const [grant] = await this.#client.subscribeAsync(filter, { qos });
    expect(grant).toMatchObject({ topic: filter, qos });
  }

  /** Resolves when the broker has acknowledged; at QoS 0 when the message is written. */
  async publish(topic: string, data: string, qos: MqttQoS = 0, retain = false): Promise<void> {
    await this.#client.publishAsync(topic, Buffer.from(data, "latin1"), { qos, retain });
  }

  /** Resolves when exactly these have arrived, in this order. */
  async receives(...expected: Received[]): Promise<void> {
    await vi.waitFor(() => expect(this.received).toEqual(expected), { timeout: BOUND_MS, interval: 5 });
  }
}
