import { onTestFinished } from "vitest";
import type { HostPort } from "../../src/app/configuration/host-port.ts";
import type { DeviceSettings } from "../../src/device/settings.ts";
import type { MqttQoS } from "../../src/gateway/packet.ts";
import type { AtEnd } from "../process/gateway-process.ts";
import { GatewayProcess } from "../process/gateway-process.ts";
import { ALL_ABILITIES, type BrokerAbilities } from "./broker-abilities.ts";
import { configurationFile } from "./configuration-file.ts";
import { Findings } from "./findings.ts";
import { MqttPeer } from "./mqtt-peer.ts";
import type { GatewayOptions, PeerAccess, RunningBroker, Target } from "./target.ts";
import { UdpDevice } from "./udp-device.ts";

const PLACES = ["-l", "udp://127.0.0.1:0", "--embedded-listen", "127.0.0.1:0"];

/** What a case of interoperability runs at: a gateway process and its broker. */
export class Site {
  readonly process: GatewayProcess;
  readonly gateway: HostPort;
  readonly peer: PeerAccess;
  readonly abilities: BrokerAbilities;
  readonly findings: Findings;
  readonly #atEnd: AtEnd;
  readonly #target: Target | undefined;
  readonly #broker: RunningBroker | undefined;
  /** Starts another gateway at the same broker, or finds the one that has been started with these options. */
  readonly #other: (options: GatewayOptions) => Promise<Site>;

  private constructor(
    process: GatewayProcess,
    gateway: HostPort,
    peer: PeerAccess,
    atEnd: AtEnd,
    findings: Findings,
    target?: Target,
    broker?: RunningBroker,
    other = otherGateways(target, broker, atEnd),
  ) {
    this.process = process;
    this.gateway = gateway;
    this.peer = peer;
    this.abilities = { ...ALL_ABILITIES, ...target?.abilities };
    this.findings = findings;
    this.#atEnd = atEnd;
    this.#target = target;
    this.#broker = broker;
    this.#other = other;
  }

  /** Starts a gateway with these flags at the broker of this URL; `embedded:` is the one inside. Resolves when it is ready. */
  static async start(brokerUrl: string, flags: readonly string[], atEnd: AtEnd = onTestFinished): Promise<Site> {
    const process = new GatewayProcess(["run", "-b", brokerUrl, ...PLACES, ...flags], {}, atEnd);
    const { gateway, peer } = await Site.#places(process, brokerUrl === "embedded:" ? undefined : { url: brokerUrl });
    // What is started by a test ends with it; several tests may use what was started before them.
    return new Site(process, gateway, peer, onTestFinished, new Findings());
  }

  /** Starts a gateway at this broker, with these options besides. Resolves when it is ready. */
  static async at(
    target: Target,
    broker: RunningBroker,
    options: GatewayOptions,
    flags: readonly string[],
    atEnd: AtEnd,
    findings = new Findings(),
  ): Promise<Site> {
    const file = configurationFile({ ...broker.options, ...options }, atEnd);
    const process = new GatewayProcess(["run", "--config", file, ...PLACES, ...flags], {}, atEnd);
    const { gateway, peer } = await Site.#places(process, broker.peer);
    return new Site(process, gateway, peer, atEnd, findings, target, broker);
  }

  static async #places(process: GatewayProcess, peer: PeerAccess | undefined) {
    await process.line("gateway.ready");
    const gateway = { host: "127.0.0.1", port: await process.listenerPort() };
    return { gateway, peer: peer ?? { url: `mqtt://127.0.0.1:${await process.brokerPort()}` } };
  }

  /** The same one for a single case: what it starts is ended where `atEnd` says. */
  forCase(atEnd: AtEnd, findings = new Findings()): Site {
    return new Site(this.process, this.gateway, this.peer, atEnd, findings, this.#target, this.#broker, this.#other);
  }

  /** Another gateway at the same broker, with other options; cases that want the same options share one. */
  async with(options: GatewayOptions): Promise<Site> {
    return (await this.#other(options)).forCase(this.#atEnd, this.findings);
  }

  /** A broker of the same kind for one case alone, and a gateway at it. */
  async apart(options: GatewayOptions): Promise<{ site: Site; broker: RunningBroker }> {
    const broker = await this.#target!.start(this.#atEnd);
    const all = { ...this.broker.options, ...broker.options, ...options };
    return { site: await Site.at(this.#target!, broker, all, [], this.#atEnd, this.findings), broker };
  }

  get broker(): RunningBroker {
    return this.#broker!;
  }

  /** The gateway's place, as the commands take it. */
  get gatewayUrl(): string {
    return `udp://${this.gateway.host}:${this.gateway.port}`;
  }

  get brokerUrl(): string {
    return this.peer.url;
  }

  /** What is left of this QoS at this broker. Where that is less, it is a difference. */
  qos<T extends MqttQoS>(qos: T): T {
    const { maxQos } = this.abilities;
    if (qos > maxQos) this.findings.differences.add(`at QoS ${maxQos}`);
    return Math.min(qos, maxQos) as T;
  }

  /** A device that is connected. */
  async device(clientId: string, settings?: Partial<DeviceSettings>): Promise<UdpDevice> {
    const device = this.unconnectedDevice(clientId, settings);
    await device.connect();
    return device;
  }

  unconnectedDevice(clientId: string, settings?: Partial<DeviceSettings>): UdpDevice {
    return new UdpDevice(this.gateway, clientId, settings, this.#atEnd, this.abilities.maxQos);
  }

  /** An MQTT client at the broker. */
  mqttPeer(): Promise<MqttPeer> {
    return MqttPeer.at(this.peer, this.#atEnd, this.abilities.maxQos);
  }
}

function otherGateways(target: Target | undefined, broker: RunningBroker | undefined, atEnd: AtEnd) {
  const started = new Map<string, Promise<Site>>();
  return (options: GatewayOptions): Promise<Site> => {
    const key = JSON.stringify(options);
    const site = started.get(key) ?? Site.at(target!, broker!, options, [], atEnd);
    started.set(key, site);
    return site;
  };
}
