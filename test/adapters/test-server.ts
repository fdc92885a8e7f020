import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from "node:tls";
import { onTestFinished } from "vitest";
import { createWebSocketStream, type WebSocket, WebSocketServer } from "ws";
import type { BrokerScheme } from "../../src/mqtt/broker-place.ts";
import { certificate } from "../certificates/certificate.ts";

export interface TestServerOptions extends TlsOptions {
  /** What a WebSocket server chooses of the sub-protocols that it is offered; `mqtt` unless told otherwise. */
  choose?: (protocols: Set<string>) => string | false;
  /** What a WebSocket server does with other requests. */
  onRequest?: RequestListener;
  /** Sees each request for a WebSocket. */
  onUpgrade?: (request: IncomingMessage) => void;
  /** Sees each WebSocket. */
  onSocket?: (socket: WebSocket) => void;
}

export interface Handshake {
  /** Whether the session of an earlier connection goes on. */
  isReused: boolean;
  /** The name that was asked for. */
  serverName: string | false;
  /** The protocol that was chosen. */
  protocol: string | false | null;
  /** The name in the certificate of the client. */
  clientName: string | undefined;
}

/** Where the broker of a test is, and who has come. */
export interface TestServer {
  port: number;
  /** The URL of the broker, by the name of localhost. */
  url: string;
  /** The sockets of all connections, below TLS, oldest first. */
  sockets: Socket[];
  /** What the handshakes of TLS have come to, oldest first. */
  handshakes: Handshake[];
  server: Server;
  close: () => void;
}

/** Listens over what the scheme says, until the test ends, and hands over each connection as a stream. */
export async function testServer(
  scheme: BrokerScheme,
  onStream: (stream: Duplex) => void,
  options: TestServerOptions = {},
): Promise<TestServer> {
  const sockets: Socket[] = [];
  const handshakes: Handshake[] = [];
  const tls = { cert: certificate("broker.pem"), key: certificate("broker.key"), ...options };
  const server = {
    mqtt: () => createServer(onStream),
    mqtts: () => createTlsServer(tls, onStream),
    ws: () => createHttpServer(options.onRequest),
    wss: () => createHttpsServer(tls, options.onRequest),
  }[scheme]();
  const isWebSocket = scheme === "ws" || scheme === "wss";
  server.on("connection", (socket: Socket) => {
    // The link goes away in its own way.
    socket.on("error", () => {});
    sockets.push(socket);
  });
  server.on("secureConnection", (socket: TLSSocket) => {
    socket.on("error", () => {});
    handshakes.push({
      isReused: socket.isSessionReused(),
      serverName: (socket as TLSSocket & { servername: string | false }).servername,
      protocol: socket.alpnProtocol,
      clientName: socket.getPeerCertificate()?.subject?.CN as string | undefined,
    });
  });
  if (isWebSocket) {
    new WebSocketServer({
      server: server as ReturnType<typeof createHttpServer>,
      path: "/mqtt",
      handleProtocols: options.choose ?? (() => "mqtt"),
    }).on("connection", (socket, request) => {
      options.onUpgrade?.(request);
      onStream(createWebSocketStream(socket).on("error", () => {}));
      options.onSocket?.(socket);
    });
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  onTestFinished(close);
  return {
    port,
    url: `${scheme}://localhost:${port}${isWebSocket ? "/mqtt" : ""}`,
    sockets,
    handshakes,
    server,
    close,
  };
}
