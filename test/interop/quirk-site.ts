import type { DeviceSettings } from "../../src/device/settings.ts";
import type { AtEnd, GatewayProcess, LogLine } from "../process/gateway-process.ts";
import { MqttPeer } from "./mqtt-peer.ts";
import type { Habit } from "./quirk-habit.ts";
import { QuirkProxy } from "./quirk-proxy.ts";
import { Site } from "./site.ts";
import type { UdpDevice } from "./udp-device.ts";

/** Short times, so that a test of connections that break is short. */
const FLAGS = ["--broker-reconnect-min", "50ms", "--broker-reconnect-max", "200ms", "--log-level", "debug"] as const;

/** A gateway process, and a broker with habits. */
export class QuirkSite {
  readonly proxy: QuirkProxy;
  readonly #site: Site;
  readonly #brokerPort: number;
  readonly #atEnd: AtEnd;

  private constructor(proxy: QuirkProxy, site: Site, brokerPort: number, atEnd: AtEnd) {
    this.proxy = proxy;
    this.#site = site;
    this.#brokerPort = brokerPort;
    this.#atEnd = atEnd;
  }

  /** At the broker of this port, which has none by itself. It is ended where `atEnd` says. */
  static async start(
    brokerPort: number,
    habits: readonly Habit[],
    flags: readonly string[],
    atEnd: AtEnd,
  ): Promise<QuirkSite> {
    const proxy = await QuirkProxy.before(brokerPort, habits, atEnd);
    const site = await Site.start(proxy.url, [...FLAGS, ...flags], atEnd);
    return new QuirkSite(proxy, site.forCase(atEnd), brokerPort, atEnd);
  }

  /** The same one for one test of several: devices and clients are ended where `atEnd` says. */
  forTest(atEnd: AtEnd): QuirkSite {
    return new QuirkSite(this.proxy, this.#site.forCase(atEnd), this.#brokerPort, atEnd);
  }

  get gateway(): GatewayProcess {
    return this.#site.process;
  }

  device(clientId: string, settings?: Partial<DeviceSettings>): Promise<UdpDevice> {
    return this.#site.device(clientId, settings);
  }

  /** An MQTT client at the broker as it is, without the habits. */
  peer(): Promise<MqttPeer> {
    return MqttPeer.at({ url: `mqtt://127.0.0.1:${this.#brokerPort}` }, this.#atEnd);
  }

  /** The log's lines of this event, of this client where one is named. */
  noted(event: string, clientId?: string): LogLine[] {
    return this.gateway.lines.filter(
      (line) => line.event === event && (clientId === undefined || line.clientId === clientId),
    );
  }
}
