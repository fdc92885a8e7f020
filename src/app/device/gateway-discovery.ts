import { isIPv6 } from "node:net";
import type { Address, Instant } from "../../device/contract.ts";
import { GatewaySearch } from "../../device/gateway-search.ts";
import {
  DEFAULT_SEARCH_SETTINGS,
  type SearchEffect,
  type SearchEvent,
  type SearchSettings,
} from "../../device/search-contract.ts";
import { type GroupEvent, ListenerGroups } from "../../transport/listener-groups.ts";
import { machineAddresses } from "../../transport/machine-addresses.ts";
import { OwnSockets } from "../../transport/own-sockets.ts";
import { selectInterfaces } from "../../transport/select-interfaces.ts";
import { UdpTransport } from "../../transport/udp.ts";
import { type HostPort, hostPortText, parseHostPort } from "../configuration/host-port.ts";
import { TIMEOUT_MS_MAX } from "../timeout-ms-max.ts";

export interface DiscoveryOptions {
  group: HostPort;
  /** The name or an address of a network interface; undefined for all of them. */
  interface: string | undefined;
  /** Of SEARCHGW, in hops; 0 is the whole network. */
  radius: number;
  /** How often SEARCHGW is repeated. */
  repeats: number;
}

/** The standard's times are for devices that are switched on together. Here a person waits. */
const IMPATIENT: Partial<SearchSettings> = { tSearchGwMs: 100, repeatMinMs: 1000, repeatMaxMs: 4000 };

interface Waiting {
  resolve: (gateway: HostPort) => void;
  reject: (error: Error) => void;
}

/** The gateways of the network, found by multicast (§6.1): a client's search with its sockets. */
export class GatewayDiscovery {
  readonly #options: DiscoveryOptions;
  readonly #search: GatewaySearch;
  readonly #own = new OwnSockets();
  #transport: UdpTransport | undefined;
  #groups: ListenerGroups | undefined;
  /** How many interfaces there are to send on, and what kept a datagram from leaving by some of them. */
  #interfaceCount = 0;
  readonly #problems = new Map<string, string>();
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Rejects with a sentence for people where there is no such interface. */
  static async open(options: DiscoveryOptions): Promise<GatewayDiscovery> {
    const discovery = new GatewayDiscovery(options);
    try {
      await discovery.#open();
    } catch (error) {
      await discovery.close();
      throw error;
    }
    return discovery;
  }

  private constructor(options: DiscoveryOptions) {
    const { radius, repeats } = options;
    this.#options = options;
    const settings = { ...DEFAULT_SEARCH_SETTINGS, ...IMPATIENT, radius, repeats };
    this.#search = new GatewaySearch(settings, Math.floor(Math.random() * 2 ** 32));
  }

  async #open(): Promise<void> {
    const { group, interface: named } = this.#options;
    const isV6 = isIPv6(group.host);
    const wanted = [named ?? "all"];
    const addresses = machineAddresses();
    this.#interfaceCount = selectInterfaces(addresses, { wanted, isIPv6: isV6, boundTo: undefined }).length;
    if (this.#interfaceCount === 0) {
      const version = isV6 ? "IPv6" : "IPv4";
      throw new Error(
        named === undefined
          ? `no network interface of this machine has an ${version} address`
          : `--interface ${named}: no network interface of this machine has this name or address, and an ${version} address`,
      );
    }
    const transport = await UdpTransport.bind(
      {
        host: isV6 ? "::" : "0.0.0.0",
        port: 0,
        prefix: "",
        wants: (host, port) => !this.#own.has(host, port),
      },
      (from, data) => this.#handle({ type: "datagram", from, data }),
      // What cannot be sent to a group is told by the groups, and nothing else is sent.
      () => {},
    );
    this.#transport = transport;
    this.#own.update([{ port: transport.port, isIPv6: isV6, boundTo: undefined }], addresses);
    this.#groups = new ListenerGroups(transport, [group], wanted, (event) => this.#onGroupEvent(event));
    await this.#groups.update(addresses);
  }

  /** A gateway to connect to: searched for where none is known. Rejects with a sentence for people where none answers. */
  find(): Promise<HostPort> {
    const [first] = this.#search.gateways;
    if (first !== undefined) return Promise.resolve(hostPortOf(first.address));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#handle({ type: "search" });
    });
  }

  /** This gateway did not answer: the next one to be found is another, if there is one (K6). */
  didNotAnswer(gateway: HostPort): void {
    const address = hostPortText(gateway);
    const known = this.#search.gateways.find((each) => each.address === address);
    if (known !== undefined) this.#handle({ type: "no-answer", gwId: known.gwId });
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    await this.#groups?.close();
    await this.#transport?.close();
  }

  #handle(event: SearchEvent): void {
    const now = performance.now();
    for (const effect of this.#search.handle(event, now)) this.#perform(effect);
    this.#arm(now);
  }

  #perform(effect: SearchEffect): void {
    switch (effect.type) {
      case "broadcast":
        this.#groups?.broadcast(effect.radius, effect.data);
        break;
      case "found":
        for (const { resolve } of this.#waiting.splice(0)) resolve(hostPortOf(effect.gateway.address));
        break;
      case "not-found":
        this.#fail();
        break;
      case "gone":
        // The next `find` searches.
        break;
    }
  }

  /**
   * A group that cannot be joined, since another program has its port for itself, is no problem: one hears what is sent to oneself alone,
   * as gateways of ours do.
   */
  #onGroupEvent({ type, on, error }: GroupEvent): void {
    const isOfHearing = error?.syscall === "addMembership" || error?.syscall === "bind";
    if (type !== "problem" || on === undefined || isOfHearing) return;
    this.#problems.set(on.name, error?.message ?? "");
    if (!this.#isMute) return;
    this.#handle({ type: "stop" });
    this.#fail();
  }

  /** Whether nothing can be sent, on whatever interface. */
  get #isMute(): boolean {
    return this.#problems.size >= this.#interfaceCount;
  }

  #fail(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(this.#notFound()));
  }

  #arm(now: Instant): void {
    clearTimeout(this.#timer);
    const delayMs = Math.min(Math.ceil(this.#search.deadline - now), TIMEOUT_MS_MAX);
    this.#timer = setTimeout(() => this.#handle({ type: "deadline" }), delayMs);
  }

  #notFound(): string {
    const { group, interface: named, repeats } = this.#options;
    const where = named === undefined ? "" : ` on ${named}`;
    const place = `the group ${hostPortText(group)}${where}`;
    if (this.#isMute) {
      return `nothing can be sent to ${place}: ${[...this.#problems.values()][0]}. Name another --interface, or give the gateway's address with --gateway.`;
    }
    return (
      `no gateway answered SEARCHGW in ${place}, sent ${repeats + 1} ${repeats === 0 ? "time" : "times"}. ` +
      "Does one run in this network, with its broker, in the same group (--group), and is it reached through " +
      `${named === undefined ? "an interface of this machine (--interface)" : "this interface"}? Where you know its address, give it with --gateway.`
    );
  }
}

function hostPortOf(address: Address): HostPort {
  return parseHostPort(address)!;
}
