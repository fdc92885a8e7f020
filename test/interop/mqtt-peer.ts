import { connectAsync, type MqttClient } from "mqtt";
import { expect, onTestFinished, vi } from "vitest";
import type { MqttQoS } from "../../src/gateway/packet.ts";
import type { AtEnd } from "../process/gateway-process.ts";
import type { Received } from "./received.ts";
import type { PeerAccess } from "./target.ts";

const BOUND_MS = 10_000;

/** A plain MQTT client at the broker, on the other side of the gateway. It leaves with the test, or where it was told. */
export class MqttPeer {
  readonly received: Received[] = [];
  readonly #client: MqttClient;
  readonly #maxQos: MqttQoS;

  private constructor(client: MqttClient, maxQos: MqttQoS) {
    this.#client = client;
    this.#maxQos = maxQos;
    client.on("message", (topic, payload, { qos, retain }) => {
      this.received.push({ topic, data: payload.toString("latin1"), qos, retain });
    });
  }

  /** `maxQos` is the highest QoS that the broker has. */
  static async at({ url, options }: PeerAccess, atEnd: AtEnd = onTestFinished, maxQos: MqttQoS = 2): Promise<MqttPeer> {
    const common = { protocolVersion: 4, reconnectPeriod: 0, connectTimeout: BOUND_MS } as const;
    const client = await connectAsync(url, { ...common, ...options });
    // A broker that is ended by the test; without a listener it would be an uncaught exception.
    client.on("error", () => {});
    atEnd(() => {
      client.end(true);
    });
    return new MqttPeer(client, maxQos);
  }

  async subscribe(filter: string, qos: MqttQoS = 2): Promise<void> {
    const [grant] = await this.#client.subscribeAsync(filter, { qos: this.#atMost(qos) });
    expect(grant).toMatchObject({ topic: filter, qos: this.#atMost(qos) });
  }

  /** Resolves when the broker has acknowledged; at QoS 0 when the message is written. */
  async publish(topic: string, data: string, qos: MqttQoS = 0, retain = false): Promise<void> {
    await this.#client.publishAsync(topic, Buffer.from(data, "latin1"), { qos: this.#atMost(qos), retain });
  }

  /** Resolves when exactly these have arrived, in this order. */
  async receives(...expected: Received[]): Promise<void> {
    await vi.waitFor(() => expect(this.received).toEqual(expected), { timeout: BOUND_MS, interval: 5 });
  }

  #atMost(qos: MqttQoS): MqttQoS {
    return Math.min(qos, this.#maxQos) as MqttQoS;
  }
}
