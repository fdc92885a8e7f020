import type { Address } from "../gateway/contract.ts";
import { UdpTransport } from "../transport/udp.ts";
import { parseListenUrl } from "./host-port.ts";
import type { Log } from "./log.ts";

const MIB = 1024 * 1024;

/** What the kernel reports for Linux's own `rmem_max` of 208 KiB: it doubles the number for its bookkeeping. */
const RECEIVE_BUFFER_USUAL_OCTETS = 425_984;

/** What is asked for: bursts of some thousand small datagrams fit (a default buffer holds about 277). */
const RECEIVE_BUFFER_WANTED_OCTETS = 4 * MIB;

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
        const prefix = urls.length === 1 ? "" : `${index + 1}|`;
        const place = { ...parseListenUrl(url)!, prefix, receiveBufferOctets: RECEIVE_BUFFER_WANTED_OCTETS };
        const transport = await UdpTransport.bind(place, onDatagram, onError);
        listeners.#transports.push(transport);
        tellListener(transport, log);
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
    return (to, data) => transports[Number.parseInt(to, 10) - 1]?.send(to, data);
  }

  async close(): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.close()));
  }
}

function tellListener(transport: UdpTransport, log: Log): void {
  const url = transport.localAddress;
  const octets = transport.receiveBufferOctets;
  const fields = { url, receiveBufferBytes: octets };
  const size = octets < MIB ? `${Math.round(octets / 1024)} KiB` : `${Math.round(octets / MIB)} MiB`;
  log.info("listener.started", fields, `MQTT-SN clients come in at ${url} (receive buffer ${size})`);
  if (octets >= RECEIVE_BUFFER_WANTED_OCTETS) return;
  const remedy = `for bursts of some hundred messages and more, as root: sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_WANTED_OCTETS}`;
  if (octets < RECEIVE_BUFFER_USUAL_OCTETS) {
    const message = `the system gives ${url} a receive buffer of only ${size}, and messages will be lost in bursts; ${remedy}`;
    log.warn("listener.small_buffer", fields, message);
  } else {
    const message = `the receive buffer of ${url} is the system's usual one; ${remedy}`;
    log.info("listener.usual_buffer", fields, message);
  }
}
