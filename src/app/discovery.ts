import { isIPv6 } from "node:net";
import type { InterfaceAddress } from "../transport/interface-address.ts";
import { ListenerGroups } from "../transport/listener-groups.ts";
import { machineAddresses } from "../transport/machine-addresses.ts";
import type { MulticastGroup } from "../transport/multicast-group.ts";
import { namesInterface } from "../transport/names-interface.ts";
import type { OwnSockets } from "../transport/own-sockets.ts";
import type { UdpTransport } from "../transport/udp.ts";
import { reportGroupEvent } from "./log/discovery-report.ts";
import type { Log } from "./log/log.ts";

/** How often the network interfaces are looked at: one that comes is used this much later at most. */
const LOOK_INTERVAL_MS = 3000;

export interface DiscoveryOptions {
  /** A port of 0 stands for the listener's. */
  groups: readonly MulticastGroup[];
  /** Names and addresses of network interfaces, or `all`. */
  interfaces: readonly string[];
  /** Is kept up to date, so that the listeners do not hear themselves. */
  ownSockets: OwnSockets;
  log: Log;
}

/** Keeps the listeners in their multicast groups while network interfaces come and go, and says so in the log. */
export class Discovery {
  readonly #transports: readonly UdpTransport[];
  readonly #options: DiscoveryOptions;
  readonly #listeners: readonly ListenerGroups[];
  /** Entries of `interfaces` that were told to be missing. */
  readonly #missing = new Set<string>();
  /** Why the interfaces could not be looked at the last time. */
  #failure: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Joins the groups. Nothing that goes wrong with it keeps the gateway from starting. */
  static async start(transports: readonly UdpTransport[], options: DiscoveryOptions): Promise<Discovery> {
    const discovery = new Discovery(transports, options);
    discovery.#tellUnserved();
    await discovery.#look();
    return discovery;
  }

  private constructor(transports: readonly UdpTransport[], options: DiscoveryOptions) {
    this.#transports = transports;
    this.#options = options;
    const { groups, interfaces, log } = options;
    this.#listeners = transports.map(
      (transport) =>
        new ListenerGroups(transport, groups, interfaces, (event) =>
          reportGroupEvent(event, transport.localAddress, log),
        ),
    );
  }

  /** Sends to the groups of one listener, or of all of them; `radius` in hops, 0 is the whole network. */
  broadcast(listener: number | undefined, radius: number, data: Uint8Array): void {
    if (listener !== undefined) this.#listeners[listener]?.broadcast(radius, data);
    else for (const each of this.#listeners) each.broadcast(radius, data);
  }

  /** The groups that this goes to of the listener with this place. */
  groupsOf(listener: number): readonly MulticastGroup[] {
    return this.#listeners[listener]?.reached ?? [];
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#listeners.map((each) => each.close()));
  }

  async #look(): Promise<void> {
    try {
      await this.#join(machineAddresses());
      this.#failure = undefined;
    } catch (error) {
      // Where the system does not tell its interfaces, the gateway serves those who know where it is.
      const reason = (error as Error).message;
      if (reason !== this.#failure) {
        this.#options.log.warn(
          "discovery.problem",
          { reason },
          `discovery: the network interfaces are unknown: ${reason}`,
        );
      }
      this.#failure = reason;
    }
    if (!this.#closed) this.#timer = setTimeout(() => void this.#look(), LOOK_INTERVAL_MS);
  }

  async #join(addresses: readonly InterfaceAddress[]): Promise<void> {
    this.#options.ownSockets.update(this.#transports, addresses);
    this.#tellMissing(addresses);
    for (const listener of this.#listeners) await listener.update(addresses);
  }

  /** Tells of each listener that no group is for. */
  #tellUnserved(): void {
    for (const { isIPv6: is6, localAddress: listener } of this.#transports) {
      if (this.#options.groups.some(({ host }) => isIPv6(host) === is6)) continue;
      const version = is6 ? "IPv6" : "IPv4";
      const message = `discovery.groups has no ${version} group: clients do not find ${listener} by themselves. Add one (${is6 ? "ff03::1883" : "225.1.1.1"}), or set discovery.enabled to false`;
      this.#options.log.warn("discovery.no-group", { listener }, message);
    }
  }

  /** Tells once of each interface that is named and not there. */
  #tellMissing(addresses: readonly InterfaceAddress[]): void {
    for (const name of this.#options.interfaces) {
      const isThere = addresses.some((each) => namesInterface(name, each));
      if (name === "all" || isThere) this.#missing.delete(name);
      else if (!this.#missing.has(name)) {
        this.#missing.add(name);
        const message = `discovery.interfaces: ${name} is not there, or is down; it is used as soon as it comes`;
        this.#options.log.warn("discovery.interface-missing", { interface: name }, message);
      }
    }
  }
}
