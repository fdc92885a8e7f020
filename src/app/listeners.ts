import type { Address } from "../gateway/contract.ts";
import { OwnSockets } from "../transport/own-sockets.ts";
import { UdpTransport } from "../transport/udp.ts";
import { type HostPort, hostPortText, parseGroup, parseListenUrl } from "./configuration/host-port.ts";
import type { OptionValues } from "./configuration/options.ts";
import { Discovery } from "./discovery.ts";
import { RECEIVE_BUFFER_WANTED_OCTETS, reportListener } from "./log/listener-report.ts";
import type { Log } from "./log/log.ts";
import { SourceGate } from "./source-gate.ts";
import type { WhereIs } from "./where-is.ts";

/** Ends the number of its socket in an address. */
const PREFIX_END = "|";

/** The options that are about the sockets. */
type ListenerOptions = Pick<
  OptionValues,
  "listen" | "discovery.enabled" | "discovery.groups" | "discovery.interfaces" | "clients.allow" | "clients.deny"
>;

/** The sockets at which SN clients come in; to the core they are one space of addresses. */
export class Listeners {
  readonly #transports: UdpTransport[] = [];
  readonly #gate: SourceGate;
  #discovery: Discovery | undefined;
  /** Whether a datagram is of a client that is there since before its source was shut out; undefined while there can be none. */
  #isOfClient: ((from: Address, data: Uint8Array) => boolean) | undefined;

  private constructor(gate: SourceGate) {
    this.#gate = gate;
  }

  /** Opens all of `listen`, or none: then it rejects with the error of the one that failed. And joins the discovery groups. */
  static async open(
    options: ListenerOptions,
    log: Log,
    onDatagram: (from: Address, data: Uint8Array) => void,
  ): Promise<Listeners> {
    const gate = new SourceGate(options["clients.allow"], options["clients.deny"], log);
    const listeners = new Listeners(gate);
    try {
      await listeners.#open(options, log, onDatagram);
    } catch (error) {
      await listeners.close();
      throw error;
    }
    return listeners;
  }

  /**
   * From now on these rules for networks hold. A client that is connected stays, though its network may not send any more: `isOfClient`
   * says of such a datagram whether it is one of a client that is connected, and no CONNECT.
   */
  reload(
    options: Pick<ListenerOptions, "clients.allow" | "clients.deny">,
    isOfClient: (from: Address, data: Uint8Array) => boolean,
  ): void {
    this.#gate.reload(options["clients.allow"], options["clients.deny"]);
    this.#isOfClient = isOfClient;
  }

  async #open(
    options: ListenerOptions,
    log: Log,
    onDatagram: (from: Address, data: Uint8Array) => void,
  ): Promise<void> {
    const { listen: urls } = options;
    const ownSockets = options["discovery.enabled"] ? new OwnSockets() : undefined;
    const onError = (error: Error) => log.warn("listener.error", { reason: error.message }, error.message);
    for (const [index, url] of urls.entries()) {
      // Addresses of several sockets are told apart by the number of the socket.
      const prefix = urls.length === 1 ? "" : `${index + 1}${PREFIX_END}`;
      const place = {
        ...parseListenUrl(url)!,
        prefix,
        receiveBufferOctets: RECEIVE_BUFFER_WANTED_OCTETS,
        wants: (host: string, port: number, data: Uint8Array) =>
          ownSockets?.has(host, port) !== true &&
          (this.#gate.admits(host) || this.#staysIn(prefix, { host, port }, data)),
      };
      const transport = await UdpTransport.bind(place, onDatagram, onError);
      this.#transports.push(transport);
      reportListener(transport, log);
    }
    if (ownSockets === undefined) return;
    const groups = options["discovery.groups"].map((group) => parseGroup(group)!);
    const interfaces = options["discovery.interfaces"];
    this.#discovery = await Discovery.start(this.#transports, { groups, interfaces, ownSockets, log });
  }

  /** Where the listeners are, as URLs with the ports that the system gave. */
  get urls(): string[] {
    return this.#transports.map((transport) => transport.localAddress);
  }

  /** The function that sends a datagram by the socket its address belongs to. */
  sender(): (to: Address, data: Uint8Array) => void {
    const transports = this.#transports;
    if (transports.length === 1) {
      const only = transports[0]!;
      return (to, data) => only.send(to, data);
    }
    return (to, data) => transports[this.#indexOf(to)]?.send(to, data);
  }

  /** Sends to the discovery groups of the listener that `near` belongs to, or of every listener; `radius` 0 is the whole network. */
  broadcast(near: Address | undefined, radius: number, data: Uint8Array): void {
    this.#discovery?.broadcast(near === undefined ? undefined : this.#indexOf(near), radius, data);
  }

  /** Where a broadcast goes: each listener that sends it, as a URL, with each group that it sends to, `host:port`. */
  groupsOf(near: Address | undefined): { url: string; group: string }[] {
    const only = near === undefined ? undefined : this.#indexOf(near);
    return this.#transports.flatMap(({ localAddress: url }, index) => {
      const groups = only === undefined || only === index ? this.#discovery?.groupsOf(index) : undefined;
      return groups?.map((group) => ({ url, group: hostPortText(group) })) ?? [];
    });
  }

  /** Datagrams that were dropped because their source may not send. */
  get refusedDatagrams(): number {
    return this.#gate.refused;
  }

  /** What the core's address of a client says to people. */
  readonly whereIs: WhereIs = (address) => {
    if (this.#transports.length === 1) return { address };
    const listener = this.#transports[this.#indexOf(address)]?.localAddress;
    const shown = address.slice(address.indexOf(PREFIX_END) + 1);
    return listener === undefined ? { address: shown } : { address: shown, listener };
  };

  async close(): Promise<void> {
    await this.#discovery?.close();
    await Promise.all(this.#transports.map((transport) => transport.close()));
  }

  /** Whether a datagram comes in though its source may not send; it is counted where it does not. */
  #staysIn(prefix: string, source: HostPort, data: Uint8Array): boolean {
    if (this.#isOfClient?.(`${prefix}${hostPortText(source)}`, data) === true) return true;
    this.#gate.refuse(source.host);
    return false;
  }

  /** The place of the socket that an address belongs to. */
  #indexOf(address: Address): number {
    return this.#transports.length === 1 ? 0 : Number.parseInt(address, 10) - 1;
  }
}
