import { InvalidArgumentError, Option } from "commander";
import { type HostPort, hostPortText, parseGroup, parseListenUrl } from "../app/configuration/host-port.ts";
import type { DeviceClient } from "../app/device/device-client.ts";
import { GatewayDiscovery } from "../app/device/gateway-discovery.ts";
import type { ClientCommand } from "./client-command.ts";
import { wholeNumberFrom } from "./device-flags.ts";

/** The port of a group that is given without one. */
const GROUP_PORT = 1883;

/** The flags that say which gateway. */
export interface GatewayFlags {
  gateway: HostPort;
  discover?: true;
  group: HostPort;
  interface?: string;
  radius: number;
  retryCount: number;
}

/** The gateway that a command's client speaks with: one that is named, or one that is searched for. */
export class GatewayChoice {
  readonly gateway: HostPort;
  readonly #discovery: GatewayDiscovery | undefined;

  static addFlags(command: ClientCommand): ClientCommand {
    return command
      .addOption(
        new Option("--gateway <url>", "address of the gateway")
          .default({ host: "127.0.0.1", port: 1883 } satisfies HostPort, "udp://127.0.0.1:1883")
          .argParser(gatewayFrom),
      )
      .option("--discover", "search for a gateway by multicast (SEARCHGW) instead")
      .addOption(
        new Option("--group <address>", "the multicast group to search in")
          .default({ host: "225.1.1.1", port: GROUP_PORT } satisfies HostPort, "225.1.1.1:1883")
          .argParser(groupFrom),
      )
      .option("--interface <name>", "the network interface to search on, by its name or address; default: all")
      .addOption(
        new Option("--radius <hops>", "how far to search; 0 is the whole network")
          .default(1)
          .argParser(wholeNumberFrom(0, 255)),
      );
  }

  /** Rejects with a sentence for people where a gateway is to be searched for, and none answers. */
  static async make(command: ClientCommand, flags: GatewayFlags): Promise<GatewayChoice> {
    const { group, radius, retryCount } = flags;
    if (command.theOneOf(["gateway", "discover"]) !== "discover") {
      // A variable may be there for other commands.
      const ofSearch = ["group", "interface", "radius"].find((name) => command.getOptionValueSource(name) === "cli");
      if (ofSearch !== undefined) command.error(`error: --${ofSearch} says where to search: it goes with --discover`);
      return new GatewayChoice(flags.gateway, undefined);
    }
    const discovery = await GatewayDiscovery.open({ group, interface: flags.interface, radius, repeats: retryCount });
    try {
      return new GatewayChoice(await discovery.find(), discovery);
    } catch (error) {
      await discovery.close();
      throw error;
    }
  }

  private constructor(gateway: HostPort, discovery: GatewayDiscovery | undefined) {
    this.gateway = gateway;
    this.#discovery = discovery;
  }

  /** Another gateway than this one, which does not answer (K6); undefined where there is none. */
  async instead(of: HostPort): Promise<HostPort | undefined> {
    if (this.#discovery === undefined) return undefined;
    this.#discovery.didNotAnswer(of);
    const next = await this.#discovery.find().catch(() => undefined);
    return next === undefined || (next.host === of.host && next.port === of.port) ? undefined : next;
  }

  /**
   * A client that is connected: to another gateway where the first one does not let it in, each of them tried once. Rejects with the
   * first one's sentence where none does. `open` is called once for each.
   */
  async connect(open: (gateway: HostPort) => Promise<DeviceClient>): Promise<DeviceClient> {
    const tried = new Set<string>();
    let failure: unknown;
    for (let next: HostPort | undefined = this.gateway; next !== undefined; next = await this.instead(next)) {
      if (tried.has(hostPortText(next))) break;
      tried.add(hostPortText(next));
      const client = await open(next);
      try {
        await client.connect();
        return client;
      } catch (error) {
        failure ??= error;
        await client.close();
      }
    }
    throw failure;
  }

  async close(): Promise<void> {
    await this.#discovery?.close();
  }
}

function gatewayFrom(text: string): HostPort {
  const hostPort = parseListenUrl(text);
  if (hostPort === null || hostPort.port === 0) {
    throw new InvalidArgumentError("Write udp://host:port, as in udp://127.0.0.1:1883 or udp://[::1]:1883.");
  }
  return hostPort;
}

function groupFrom(text: string): HostPort {
  const group = parseGroup(text);
  if (group === null) {
    throw new InvalidArgumentError("Write a multicast address, such as 225.1.1.1:1883 or [ff03::1883]:1883.");
  }
  return group.port === 0 ? { ...group, port: GROUP_PORT } : group;
}
