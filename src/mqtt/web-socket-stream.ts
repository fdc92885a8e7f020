import type { IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { BrokerPlace } from "./broker-place.ts";
import type { BrokerStream } from "./broker-stream.ts";
import type { ExplainedError } from "./error-text.ts";
import { explainHandshakeError, explainResponse, explainSubProtocol } from "./explain-web-socket.ts";

/** What a WebSocket closes with that says nothing: normal, none given, none came. */
const WORDLESS_CODES: ReadonlySet<number> = new Set([1000, 1005, 1006]);

/** What a message may hold that comes: the largest packet of MQTT (§2.2.3), so that none costs the connection. */
const MESSAGE_OCTETS_MAX = 268_435_455 + 5;

const require = createRequire(import.meta.url);

type Callback = (error?: Error | null) => void;

/**
 * MQTT over WebSocket (MQTT 3.1.1 §6) as a stream: what is written in one piece is one binary message, and what comes is handed over as
 * it comes. `createWebSocketStream` of ws does not tell why a connection failed.
 */
export class WebSocketStream extends Duplex implements BrokerStream {
  /** Until the WebSocket is open; stays so where that never comes. */
  connecting = true;
  readonly #socket: WebSocket;
  /** What is to be done when it is open. */
  #whenOpen: (() => void) | undefined;
  /** What has gone wrong, where ws has only a word for it, or none. */
  #failure: Error | undefined;

  /** `openCarrier` begins the connection below, TCP or TLS. */
  constructor(place: BrokerPlace, openCarrier: () => Socket) {
    // A WebSocket has no half that stays open.
    super({ allowHalfOpen: false });
    const host = place.host.includes(":") ? `[${place.host}]` : place.host;
    // Only here: most brokers are reached without it.
    const ws = require("ws") as typeof import("ws");
    const socket = new ws.WebSocket(`${place.scheme}://${host}:${place.port}${place.path}`, place.subProtocol, {
      createConnection: () => this.#watched(openCarrier()),
      perMessageDeflate: false,
      maxPayload: MESSAGE_OCTETS_MAX,
    });
    this.#socket = socket;
    socket.on("upgrade", ({ headers }) => {
      const chosen = headers["sec-websocket-protocol"];
      if (chosen !== place.subProtocol) this.#failure = explained(explainSubProtocol(place, chosen));
    });
    socket.on("unexpected-response", (_request, response) => this.#refuse(place, response));
    socket.on("open", () => this.#open());
    socket.on("message", (data: Buffer, isBinary) => this.#onMessage(data, isBinary));
    socket.on("error", (error: ExplainedError) => this.#onError(place, error));
    socket.on("close", (code, reason) => this.#onClose(code, reason.toString()));
  }

  override _write(octets: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    if (this.connecting) this.#whenOpen = () => this.#socket.send(octets, callback);
    else this.#socket.send(octets, callback);
  }

  override _final(callback: Callback): void {
    const close = () => {
      this.#socket.close();
      callback();
    };
    if (this.connecting) this.#whenOpen = close;
    else close();
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    if (this.#socket.readyState === this.#socket.CLOSED) {
      callback(error);
      return;
    }
    this.#socket.once("close", () => callback(error));
    this.#socket.terminate();
  }

  /** ws says nothing of what ends a connection that is open. */
  #watched(carrier: Socket): Socket {
    return carrier.once("error", (error) => {
      this.#failure ??= error;
    });
  }

  #open(): void {
    this.connecting = false;
    this.#whenOpen?.();
    this.#whenOpen = undefined;
  }

  #onMessage(octets: Buffer, isBinary: boolean): void {
    if (!isBinary) this.destroy(new Error("the server sent text over WebSocket, which is not MQTT"));
    else if (!this.push(octets)) this.#socket.pause();
  }

  #onError(place: BrokerPlace, error: ExplainedError): void {
    const failure: ExplainedError = this.#failure ?? error;
    const explanation = this.connecting ? explainHandshakeError(place, failure) : undefined;
    if (explanation !== undefined) failure.explanation ??= explanation;
    this.destroy(failure);
  }

  #refuse(place: BrokerPlace, response: IncomingMessage): void {
    this.#failure = explained(explainResponse(place, response));
    response.resume();
    this.#socket.terminate();
  }

  #onClose(code: number, reason: string): void {
    if (this.destroyed) return;
    if (this.#failure !== undefined) this.destroy(this.#failure);
    else if (WORDLESS_CODES.has(code)) this.push(null);
    else this.destroy(closed(code, reason));
  }
}

function explained(explanation: string): ExplainedError {
  return Object.assign(new Error(explanation), { explanation });
}

/** What a socket says where the other end has closed it hard. */
function closed(code: number, reason: string): Error {
  const said = reason === "" ? `code ${code}` : `code ${code}, ${JSON.stringify(reason)}`;
  return Object.assign(new Error(`the broker closed the WebSocket: ${said}`), { code: "ECONNRESET" });
}
