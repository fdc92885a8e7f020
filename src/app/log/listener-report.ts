import type { Log } from "./log.ts";

const MIB = 1024 * 1024;

/** The receive buffer that is asked for: bursts of some thousand small datagrams fit (one that nobody asks for holds about 256). */
export const RECEIVE_BUFFER_WANTED_OCTETS = 4 * MIB;

/** What Linux grants by itself: its `rmem_max`. */
const RECEIVE_BUFFER_USUAL_OCTETS = 212_992;

/** What is told of a listener. */
interface OpenListener {
  localAddress: string;
  /** What the system granted. */
  receiveBufferOctets: number;
}

/** Tells where a listener is, and what to do where its receive buffer is smaller than was asked for. */
export function reportListener({ localAddress: url, receiveBufferOctets: octets }: OpenListener, log: Log): void {
  const fields = { url, receiveBufferBytes: octets };
  const size = octets < MIB ? `${Math.round(octets / 1024)} KiB` : `${Math.round(octets / MIB)} MiB`;
  log.info("listener.started", fields, `MQTT-SN clients come in at ${url} (receive buffer ${size})`);
  if (octets >= RECEIVE_BUFFER_WANTED_OCTETS) return;
  const remedy = `as root: sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_WANTED_OCTETS}`;
  if (octets < RECEIVE_BUFFER_USUAL_OCTETS) {
    const message = `the receive buffer is only ${size}: messages that come in bursts will be lost. For a larger one, ${remedy}`;
    log.warn("listener.buffer", fields, message);
  } else {
    const message = `the receive buffer is the system's usual one; for some hundred clients and more, ${remedy}`;
    log.info("listener.buffer", fields, message);
  }
}
