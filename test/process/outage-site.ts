import { expect, onTestFinished, vi } from "vitest";
import type { DeviceSettings } from "../../src/device/settings.ts";
import { EmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { MqttPeer } from "../interop/mqtt-peer.ts";
import { Site } from "../interop/site.ts";
import type { UdpDevice } from "../interop/udp-device.ts";
import { FaultProxy } from "./fault-proxy.ts";
import type { GatewayProcess } from "./gateway-process.ts";

const BOUND = { timeout: 15_000, interval: 10 };

/** Short times, so that a test of a broker that is away is short. */
const FLAGS = [
  ["--broker-reconnect-min", "50ms"],
  ["--broker-reconnect-max", "200ms"],
  // The test is broker and devices as well, and may be slow to answer.
  ["--broker-connect-timeout", "5s"],
  // Tests look at all that is published.
  ["--bridge-enabled", "false"],
].flat();

/** A gateway process, its broker, and what makes trouble between the two. */
export class OutageSite {
  readonly proxy: FaultProxy;
  readonly #site: Site;
  #brokerPort: number;

  private constructor(proxy: FaultProxy, site: Site) {
    this.proxy = proxy;
    this.#site = site;
    this.#brokerPort = proxy.brokerPort;
  }

  /** Without a port there is an aedes. */
  static async start(flags: readonly string[] = [], brokerPort?: number): Promise<OutageSite> {
    const proxy = await FaultProxy.before(brokerPort ?? (await emptyBroker()));
    return new OutageSite(proxy, await Site.start(proxy.url, [...FLAGS, ...flags]));
  }

  get gateway(): GatewayProcess {
    return this.#site.process;
  }

  get port(): number {
    return this.#site.gateway.port;
  }

  /** A device that is connected, durable unless the settings say otherwise. */
  device(clientId: string, settings: Partial<DeviceSettings> = {}): Promise<UdpDevice> {
    return this.#site.device(clientId, { cleanSession: false, ...settings });
  }

  /** An MQTT client at the broker, without the proxy between. */
  peer(): Promise<MqttPeer> {
    return MqttPeer.at({ url: `mqtt://127.0.0.1:${this.#brokerPort}` });
  }

  /** From the next connection on the broker is one that knows nobody. */
  async forget(): Promise<void> {
    this.#brokerPort = await emptyBroker();
    this.proxy.brokerPort = this.#brokerPort;
  }

  /** Resolves when there are that many lines of this event about the client. */
  async noted(event: string, clientId: string, count = 1): Promise<void> {
    await vi.waitFor(() => {
      const lines = this.gateway.lines.filter((line) => line.event === event && line.clientId === clientId);
      expect(lines, `${event} of ${clientId} in:\n${this.gateway.stdout}`).toHaveLength(count);
    }, BOUND);
  }

  /** Resolves when each of these has its connection again, for the `count`th time. */
  async restored(clientIds: readonly string[], count = 1): Promise<void> {
    await Promise.all(clientIds.map((clientId) => this.noted("link.restored", clientId, count)));
  }
}

async function emptyBroker(): Promise<number> {
  const broker = await EmbeddedBroker.start({ listen: { host: "127.0.0.1", port: 0 } });
  onTestFinished(() => broker.close());
  return broker.port;
}
