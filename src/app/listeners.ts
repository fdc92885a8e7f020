import type { Address } from "../gateway/contract.ts";
import { UdpTransport } from "../transport/udp.ts";
import { parseListenUrl } from "./host-port.ts";
import { RECEIVE_BUFFER_WANTED_OCTETS, reportListener } from "./listener-report.ts";
import type { Log } from "./log.ts";
import type { WhereIs } from "./where-is.ts";

/** Ends the number of its socket in an address. */
const PREFIX_END = "|";

/** The sockets at which SN clients come in; to the core they are one space of addresses. */
export class Listeners {
  readonly #transports: UdpTransport[];

  private constructor(transports: UdpTransport[]) {
    this.#transports = transports;
  }

  /** Opens all of `urls`, or none: then it rejects with the error of the one that failed. */
  static async open(
    urls: readonly string[],
    log: Log,
    onDatagram: (from: Address, data: Uint8Array) => void,
  ): Promise<Listeners> {
    const listeners = new Listeners([]);
    const onError = (error: Error) => log.warn("listener.error", { reason: error.message }, error.message);
    try {
      for (const [index, url] of urls.entries()) {
        // Addresses of several sockets are told apart by the number of the socket.
        const prefix = urls.length === 1 ? "" : `${index + 1}${PREFIX_END}`;
        const place = { ...parseListenUrl(url)!, prefix, receiveBufferOctets: RECEIVE_BUFFER_WANTED_OCTETS };
        const transport = await UdpTransport.bind(place, onDatagram, onError);
        listeners.#transports.push(transport);
        reportListener(transport, log);
      }
    } catch (error) {
      await listeners.close();
      throw error;
    }
    return listeners;
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
    return (to, data) => transports[numberOf(to) - 1]?.send(to, data);
  }

  /** Sends to the discovery groups of the listener that `near` belongs to, or of every listener; `radius` 0 is the whole network. */
  broadcast(_near: Address | undefined, _radius: number, _data: Uint8Array): void {}

  /** What the core's address of a client says to people. */
  readonly whereIs: WhereIs = (address) => {
    if (this.#transports.length === 1) return { address };
    const listener = this.#transports[numberOf(address) - 1]?.localAddress;
    const shown = address.slice(address.indexOf(PREFIX_END) + 1);
    return listener === undefined ? { address: shown } : { address: shown, listener };
  };

  async close(): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.close()));
  }
}

/** The number of the socket that an address belongs to, from 1. */
function numberOf(address: Address): number {
  return Number.parseInt(address, 10);
}
