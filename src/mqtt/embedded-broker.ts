import type { EventEmitter } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import type { Aedes } from "aedes";

interface EmbeddedBrokerOptions {
  /** Where MQTT clients come in. Port 0 lets the system choose. */
  listen: { host: string; port: number };
  /** Told what goes wrong in the broker; without it nobody is. */
  onError?: (error: Error) => void;
}

/**
 * What waits in the process for a link that reads nothing, in each direction twice. A sleeping client's link may be paused for hours,
 * and aedes would soon cut it off; this much it holds first.
 */
const STREAM_BUFFER_OCTETS = 256 * 1024;

/**
 * How long a client may take no data. Every message to a client that takes none holds up its publisher and counts against
 * `CONCURRENCY`: a client that stands still must go before the broker stands still.
 */
const DRAIN_TIMEOUT_MS = 60_000;

/** Messages that are distributed at once; the more there are, the more clients may stand still without holding up the rest. */
const CONCURRENCY = 1000;

/** How long a connection may be open without a CONNECT. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * A broker inside the process: aedes, MQTT 3.1.1, everything in memory. For trying out, tests and small sites: it sends a client all
 * that it has, without a window, and forgets every session when the process ends.
 */
export class EmbeddedBroker {
  /** The port that MQTT clients find it at. */
  readonly port: number;
  readonly #aedes: Aedes;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #closed: Promise<void> | undefined;

  /** Loads aedes, and listens. Rejects with an Error that has a `code` and says what is to be done, as where the port is taken. */
  static async start(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
    const { host, port } = options.listen;
    const { Aedes } = await import("aedes");
    const server = createServer({ noDelay: true });
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ host, port }, resolve);
      });
    } catch (error) {
      throw explained(error as NodeJS.ErrnoException, host, port);
    }
    const aedes = await Aedes.createBroker({
      concurrency: CONCURRENCY,
      connectTimeout: CONNECT_TIMEOUT_MS,
      drainTimeout: DRAIN_TIMEOUT_MS,
    });
    return new EmbeddedBroker(aedes, server, options.onError);
  }

  private constructor(aedes: Aedes, server: Server, onError: ((error: Error) => void) | undefined) {
    this.#aedes = aedes;
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
    // Unheard errors would end the process.
    server.on("error", (error) => onError?.(error));
    (aedes as EventEmitter).on("error", (error: Error) => onError?.(error));
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      aedes.handle(socket);
    });
  }

  /** A connection within the process. */
  readonly openStream = (): Duplex => {
    if (this.#closed !== undefined) throw new Error("the embedded broker has stopped");
    const [near, far] = duplexPair({ highWaterMark: STREAM_BUFFER_OCTETS });
    // A pair, unlike a socket, does not notice by itself that its other end is gone.
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy(near.readableEnded ? undefined : closedByBroker()));
    this.#aedes.handle(far);
    return near;
  };

  /** Ends every connection, and stops listening. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const stopped = new Promise((resolve) => this.#server.close(resolve));
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
    // aedes knows only those that have said CONNECT.
    for (const socket of this.#sockets) socket.destroy();
    await stopped;
  }
}

/** What a socket says where the other end has closed it hard. */
function closedByBroker(): Error {
  return Object.assign(new Error("the broker closed the connection"), { code: "ECONNRESET" });
}

/** The failure to listen in the user's terms, with the system's `code`. */
function explained(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const remedy =
    error.code === "EADDRINUSE"
      ? "something listens there already, probably another MQTT broker; use that one, or choose another port"
      : error.message;
  const place = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const failure: NodeJS.ErrnoException = new Error(`the embedded broker cannot listen on ${place}: ${remedy}`, {
    cause: error,
  });
  if (error.code !== undefined) failure.code = error.code;
  return failure;
}
