import type { RemoteInfo, Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import { performance } from "node:perf_hooks";
import { DgramAsPromised } from "dgram-as-promised";
import type { Address } from "../gateway/contract.ts";
import { GroupMembership } from "./group-membership.ts";
import type { MulticastGroup } from "./multicast-group.ts";
import type { MulticastInterface } from "./multicast-interface.ts";

interface UdpOptions {
  /** An address of this machine, or a name for one; an IPv6 address without brackets, with its zone where it needs one. */
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** Begins every address that this transport makes, so that several of them can be told apart. */
  prefix: string;
  /** How large a receive buffer is asked for. */
  receiveBufferOctets?: number;
  /** Asked for each datagram, where it is given: those that it does not want are dropped. */
  wants?: ((host: string, port: number, data: Uint8Array) => boolean) | undefined;
}

/** What is asked for: the usual default holds some 256 small datagrams, less than 1000 clients send at once. */
const RECEIVE_BUFFER_OCTETS = 4 * 1024 * 1024;

/** Datagrams that may wait in the process for the network to take them. More are dropped, and count as errors. */
const UNSENT_DATAGRAMS_MAX = 10_000;

/** After so many datagrams it is looked how many wait. */
const UNSENT_LOOKED_AT_AFTER = 100;

/** Each so-manieth datagram is watched; an odd number, so that it is not always the same client's. */
const WATCHED_EVERY = 17;

/** After one that could not be sent, so many datagrams are watched that follow. */
const WATCHED_AFTER_ERROR = 1000;

/** Errors are reported at most once in this time; the next report says how many there were in between. */
const ERROR_REPORT_INTERVAL_MS = 1000;

/** One UDP socket: datagrams in, datagrams out. */
export class UdpTransport {
  /** Where the socket is bound: `udp://127.0.0.1:1883`, `udp://[::1]:1883`. */
  readonly localAddress: string;
  readonly port: number;
  readonly isIPv6: boolean;
  /** The address it is bound to, with its zone; undefined where that is all addresses of the machine. */
  readonly boundTo: string | undefined;
  /** Takes in a datagram as though it had come to this socket. */
  readonly receive: (data: Uint8Array, from: RemoteInfo) => void;
  /** The receive buffer that the system granted, in the sense in which it is asked for. */
  readonly receiveBufferOctets: number;
  readonly #socket: Socket;
  readonly #closeSocket: () => Promise<void>;
  readonly #prefix: string;
  readonly #onError: (error: Error) => void;
  #closed: Promise<void> | undefined;
  /** So many were sent since it was looked how many wait. */
  #sent = 0;
  #isFull = false;
  /** One of this turn of the event loop is watched already. */
  #hasWatched = false;
  /** So many were sent since one was watched. */
  #unwatched = 0;
  /** So many of the next ones are watched in any case. */
  #toWatch = 0;
  #sendErrors = 0;
  #unreportedErrors = 0;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  /**
   * Opens a socket and binds it. `onDatagram` owns the octets it is given. Rejects with an Error that has a `code` and says what is to
   * be done.
   */
  static async bind(
    options: UdpOptions,
    onDatagram: (from: Address, data: Uint8Array) => void,
    onError: (error: Error) => void,
  ): Promise<UdpTransport> {
    const { host, port } = options;
    try {
      const address = isIP(host) === 0 ? (await lookup(host)).address : host;
      const ipv6 = isIPv6(address);
      const opened = DgramAsPromised.createSocket({
        type: ipv6 ? "udp6" : "udp4",
        ipv6Only: ipv6,
        // Every address that is sent to is a numeric one. Node's own lookup would put each datagram off to a later turn.
        lookup: (numeric, _options, callback) => callback(null, numeric, ipv6 ? 6 : 4),
      });
      try {
        await opened.bind(port, address);
      } catch (error) {
        opened.socket.close();
        throw error;
      }
      return new UdpTransport(opened.socket, () => opened.close(), options, onDatagram, onError);
    } catch (error) {
      throw explained(error as NodeJS.ErrnoException, host, port);
    }
  }

  private constructor(
    socket: Socket,
    closeSocket: () => Promise<void>,
    options: UdpOptions,
    onDatagram: (from: Address, data: Uint8Array) => void,
    onError: (error: Error) => void,
  ) {
    this.#socket = socket;
    this.#closeSocket = closeSocket;
    this.#prefix = options.prefix;
    this.#onError = onError;
    const bound = socket.address();
    this.localAddress = urlOf(bound.address, bound.port);
    this.port = bound.port;
    this.isIPv6 = bound.family === "IPv6";
    this.boundTo = bound.address === "0.0.0.0" || bound.address === "::" ? undefined : bound.address;
    // So that other programs of this machine find the gateway too.
    socket.setMulticastLoopback(true);
    try {
      socket.setRecvBufferSize(options.receiveBufferOctets ?? RECEIVE_BUFFER_OCTETS);
    } catch {
      // Some systems refuse more than they grant, where Linux grants what it can: the buffer then stays as it is, and is reported.
    }
    // Linux grants and reports twice what it is asked for: the other half is for its bookkeeping.
    const reported = socket.getRecvBufferSize();
    this.receiveBufferOctets = process.platform === "linux" ? reported / 2 : reported;
    const { prefix, wants } = options;
    this.receive = (data, { address, port, family }) => {
      if (wants !== undefined && !wants(address, port, data)) return;
      // To look up the string of the last time costs more than to make it anew.
      onDatagram(family === "IPv6" ? `${prefix}[${address}]:${port}` : `${prefix}${address}:${port}`, data);
    };
    socket.on("error", (error) => this.#report(error));
    socket.on("message", this.receive);
  }

  /** This socket as a member of a group: it then hears what is sent to the group at its own port. */
  membershipIn(group: string): GroupMembership {
    return new GroupMembership(this.#socket, group);
  }

  /**
   * Sends one datagram to a group, on one interface, `hops` (1 to 255) far. `onDone` is told what kept it from being sent, or null; by
   * nothing where the socket is closed.
   */
  sendToGroup(
    group: MulticastGroup,
    on: MulticastInterface,
    hops: number,
    data: Uint8Array,
    onDone: (error: Error | null) => void,
  ): void {
    if (this.#closed !== undefined) return;
    // Interface and hops belong to the socket. Node hands a datagram to the system at once, unless others wait: then it would go
    // wherever a later one goes.
    if (this.#socket.getSendQueueCount() > 0) {
      onDone(new Error("other datagrams wait to be sent"));
      return;
    }
    try {
      this.#socket.setMulticastInterface(on.via);
      this.#socket.setMulticastTTL(hops);
      this.#socket.send(data, group.port, group.host, onDone);
    } catch (error) {
      onDone(error as Error);
    }
  }

  /** Sends one datagram. Never throws: what cannot be sent is lost, as any datagram may be, counted, and reported now and then. */
  send(to: Address, data: Uint8Array): void {
    if (this.#closed !== undefined) return;
    this.#sent += 1;
    if (this.#isFull || this.#sent >= UNSENT_LOOKED_AT_AFTER) {
      this.#sent = 0;
      this.#isFull = this.#socket.getSendQueueCount() >= UNSENT_DATAGRAMS_MAX;
      if (this.#isFull) {
        this.#sendFailed(new Error(`more than ${UNSENT_DATAGRAMS_MAX} datagrams wait to be sent`));
        return;
      }
    }
    const colon = to.lastIndexOf(":");
    const port = Number(to.slice(colon + 1));
    const start = this.#prefix.length;
    const host = to.charCodeAt(start) === OPENING_BRACKET ? to.slice(start + 1, colon - 1) : to.slice(start, colon);
    try {
      this.#socket.send(data, port, host, this.#watch());
    } catch (error) {
      // Node refuses a port of 0, which a forged source address can have.
      this.#sendFailed(error as Error);
    }
  }

  /**
   * Datagrams that are known not to have been sent so far. To be told of each is costly: as long as all goes well only the first in a
   * turn of the event loop is watched, and some of the others.
   */
  get sendErrors(): number {
    return this.#sendErrors;
  }

  /** Closes the socket. Nothing is received or sent any more. */
  close(): Promise<void> {
    this.#closed ??= this.#closeSocket();
    return this.#closed;
  }

  /** What is to be told whether the next datagram could be sent; undefined where nothing is. */
  #watch(): ((error: Error | null) => void) | undefined {
    if (this.#toWatch > 0) {
      this.#toWatch -= 1;
      return this.#onWatched;
    }
    if (!this.#hasWatched) {
      this.#hasWatched = true;
      setImmediate(this.#onNextTurn);
      return this.#onWatched;
    }
    this.#unwatched += 1;
    if (this.#unwatched < WATCHED_EVERY) return undefined;
    this.#unwatched = 0;
    return this.#onWatched;
  }

  readonly #onNextTurn = (): void => {
    this.#hasWatched = false;
  };

  readonly #onWatched = (error: Error | null): void => {
    if (error !== null) this.#sendFailed(error);
  };

  #sendFailed(error: Error): void {
    // What was on its way when the socket was closed is not worth a word.
    if (this.#closed !== undefined) return;
    this.#sendErrors += 1;
    this.#toWatch = WATCHED_AFTER_ERROR;
    this.#report(error);
  }

  #report(error: Error): void {
    const nowMs = performance.now();
    if (nowMs - this.#reportedAtMs < ERROR_REPORT_INTERVAL_MS) {
      this.#unreportedErrors += 1;
      return;
    }
    const before = this.#unreportedErrors === 0 ? "" : ` (and ${this.#unreportedErrors} more since the last report)`;
    this.#reportedAtMs = nowMs;
    this.#unreportedErrors = 0;
    this.#onError(new Error(`${this.localAddress}: ${error.message}${before}`, { cause: error }));
  }
}

const OPENING_BRACKET = "[".charCodeAt(0);

function urlOf(host: string, port: number): string {
  return `udp://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program has this port, perhaps another gateway; stop it, or choose another port",
  EACCES: "the system does not allow this port; choose one above 1023, or grant CAP_NET_BIND_SERVICE",
  EADDRNOTAVAIL: "this machine has no such address; use one of its own, or 0.0.0.0 or [::] for all of them",
  ENOTFOUND: "this name is not known; use an address of this machine, or 0.0.0.0 or [::] for all of them",
  EAFNOSUPPORT: "this machine has no IPv6; use an IPv4 address",
};

/** The failure of a bind in the user's terms, with the system's `code`. */
function explained(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const remedy = REMEDIES[error.code ?? ""] ?? error.message;
  const failure: NodeJS.ErrnoException = new Error(`cannot listen on ${urlOf(host, port)}: ${remedy}`, {
    cause: error,
  });
  if (error.code !== undefined) failure.code = error.code;
  return failure;
}
