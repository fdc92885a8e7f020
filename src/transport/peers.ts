import type { Address } from "../gateway/contract.ts";

/** Where datagrams come from, and what it is called. */
interface Peer {
  readonly address: Address;
  readonly host: string;
  readonly port: number;
}

/** A power of two. Of more peers that speak by turns some are made anew each time, which costs a string. */
const PLACES = 16_384;

const HASHED_CHARACTERS = 4;

/**
 * The addresses of those who spoke last, so that one that speaks again costs no string: an address that is the same object each time
 * need not be read to be looked up. Each has one place in a table, by its hash, from which the next one with that hash drives it away.
 */
export class Peers {
  readonly #prefix: string;
  readonly #peers: (Peer | undefined)[] = new Array(PLACES);

  /** `prefix` begins every address. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** What the peer at this numeric host is called: `10.0.0.7:1884`, `[fe80::7%eth0]:1884`. */
  addressOf(host: string, port: number): Address {
    const place = placeOf(host, port);
    const known = this.#peers[place];
    if (known !== undefined && known.port === port && known.host === host) return known.address;
    const address = host.includes(":") ? `${this.#prefix}[${host}]:${port}` : `${this.#prefix}${host}:${port}`;
    this.#peers[place] = { address, host, port };
    return address;
  }
}

/** Where many hosts differ, and what is cheap: the last characters, and the port. */
function placeOf(host: string, port: number): number {
  let hash = port;
  for (let at = Math.max(0, host.length - HASHED_CHARACTERS); at < host.length; at += 1) {
    hash = Math.imul(hash ^ host.charCodeAt(at), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (PLACES - 1);
}
