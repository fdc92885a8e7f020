import type { HostPort } from "../../src/app/host-port.ts";
import type { DeviceSettings } from "../../src/device/settings.ts";
import type { AtEnd } from "../process/gateway-process.ts";
import { GatewayProcess } from "../process/gateway-process.ts";
import { MqttPeer } from "./mqtt-peer.ts";
import { UdpDevice } from "./udp-device.ts";

/** What a case of interoperability runs at: a gateway process and its broker. */
export class Site {
  readonly process: GatewayProcess;
  readonly gateway: HostPort;
  readonly brokerUrl: string;

  private constructor(process: GatewayProcess, gateway: HostPort, brokerUrl: string) {
    this.process = process;
    this.gateway = gateway;
    this.brokerUrl = brokerUrl;
  }

  /** Starts a gateway with these flags at the broker of this URL; `embedded:` is the one inside. Resolves when it is ready. */
  static async start(brokerUrl: string, flags: readonly string[], atEnd?: AtEnd): Promise<Site> {
    const places = ["-l", "udp://127.0.0.1:0", "--embedded-listen", "127.0.0.1:0"];
    const gateway = new GatewayProcess(["run", "-b", brokerUrl, ...places, ...flags], {}, atEnd);
    await gateway.line("gateway.ready");
    const port = await gateway.listenerPort();
    const url = brokerUrl === "embedded:" ? `mqtt://127.0.0.1:${await gateway.brokerPort()}` : brokerUrl;
    return new Site(gateway, { host: "127.0.0.1", port }, url);
  }

  /** The gateway's place, as the commands take it. */
  get gatewayUrl(): string {
    return `udp://${this.gateway.host}:${this.gateway.port}`;
  }

  /** A device that is connected. */
  async device(clientId: string, settings?: Partial<DeviceSettings>): Promise<UdpDevice> {
    const device = new UdpDevice(this.gateway, clientId, settings);
    await device.connect();
    return device;
  }

  /** An MQTT client at the broker. */
  mqttPeer(): Promise<MqttPeer> {
    return MqttPeer.at(this.brokerUrl);
  }
}
