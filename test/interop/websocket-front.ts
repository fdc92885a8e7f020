import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { createWebSocketStream, WebSocketServer } from "ws";
import type { AtEnd } from "../process/gateway-process.ts";
import type { MosquittoTls } from "./mosquitto.ts";

const PATH = "/mqtt";

/**
 * Stands before a broker at a port of the loopback interface, and takes MQTT clients in over WebSocket, as nginx and its like do: Debian's
 * Mosquitto is built without. With `tls` over TLS.
 */
export async function websocketFront(brokerPort: number, atEnd: AtEnd, tls?: MosquittoTls): Promise<{ url: string }> {
  const server =
    tls === undefined
      ? createServer()
      : createTlsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key), ca: readFileSync(tls.ca) });
  const sockets = new WebSocketServer({
    server,
    path: PATH,
    handleProtocols: (protocols) => (protocols.has("mqtt") ? "mqtt" : false),
  });
  sockets.on("connection", (client) => {
    const stream = createWebSocketStream(client);
    const broker = connect(brokerPort, "127.0.0.1");
    // Each end goes with the other one; how it went is nobody's concern here.
    stream.on("error", () => {});
    broker.on("error", () => {});
    stream.on("close", () => broker.end());
    broker.on("close", () => client.terminate());
    stream.pipe(broker).pipe(stream);
  });
  atEnd(() => {
    for (const client of sockets.clients) client.terminate();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `${tls === undefined ? "ws" : "wss"}://localhost:${port}${PATH}` };
}
