import { createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { parseBrokerUrl, type TcpBroker } from "../../src/mqtt/broker-url.ts";
import { BrokerVersion } from "../../src/mqtt/broker-version.ts";
import type { MqttVersion } from "../../src/mqtt/mqtt-version.ts";
import { OwnClient, type OwnClientOptions } from "../../src/mqtt/own-client.ts";

/** An own client of the test's, and what it has told so far. */
export interface OwnClientUnderTest {
  client: OwnClient;
  version: BrokerVersion;
  /** That the broker is reachable, or why not. */
  told: string[];
  /** Those of the reasons that were refusals. */
  refusals: string[];
  fallbacks: string[];
  limits: (readonly string[])[];
}

export function startOwnClient(
  openStream: OwnClientOptions["openStream"],
  options: Partial<Omit<OwnClientOptions, "version">> & { version?: MqttVersion } = {},
): OwnClientUnderTest {
  const told: string[] = [];
  const refusals: string[] = [];
  const fallbacks: string[] = [];
  const limits: (readonly string[])[] = [];
  const version = new BrokerVersion(options.version ?? 4, (reason) => fallbacks.push(reason));
  const client = new OwnClient({
    openStream,
    clientId: "gateway",
    credentials: () => ({}),
    keepAliveSeconds: 60,
    connectTimeoutMs: 1000,
    reconnectMinMs: 5,
    reconnectMaxMs: 20,
    onReachable: () => told.push("reachable"),
    onUnreachable: (reason, isRefusal) => {
      told.push(reason);
      if (isRefusal) refusals.push(reason);
    },
    onLimits: (some) => limits.push(some),
    ...options,
    version,
  });
  onTestFinished(() => client.close());
  return { client, version, told, refusals, fallbacks, limits };
}

/** A TCP server that does `onConnection` with each connection; gives what begins one. */
export async function listen(onConnection: (socket: Socket) => void): Promise<TcpBroker["openStream"]> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as { port: number };
  return (parseBrokerUrl(`mqtt://127.0.0.1:${port}`) as TcpBroker).openStream;
}
