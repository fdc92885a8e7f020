import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { generate, type IConnectPacket, parser } from "mqtt-packet";
import { onTestFinished } from "vitest";

/** A CONNECT that has come by, and when, on the clock of `performance.now`. */
export interface SeenConnect {
  clientId: string;
  atMs: number;
}

/** One connection of the gateway, and the proxy's own to the broker that belongs to it; that one is missing where a fault was in the way. */
interface Passage {
  near: Socket;
  far: Socket | undefined;
  clientId: string | undefined;
}

/** Stands between a gateway and its broker, passes everything on, and makes trouble when it is told to. It goes with the test. */
export class FaultProxy {
  /** Every CONNECT so far, the gateway's own ones left out. */
  readonly connects: SeenConnect[] = [];
  /** Where to: another broker from the next connection on. */
  brokerPort: number;
  /** How long octets are on their way, in each direction. */
  delayMs = 0;
  /** How fast the gateway's octets are read. */
  octetsPerSecond = Number.POSITIVE_INFINITY;
  /** The return code of MQTT by which CONNECTs are refused; 0 lets the broker decide. */
  refusal = 0;
  readonly #passages = new Set<Passage>();
  readonly #server: Server;
  readonly #port: number;
  #isSilent = false;

  private constructor(server: Server, brokerPort: number) {
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    this.brokerPort = brokerPort;
    server.on("connection", (socket) => this.#onConnection(socket));
    onTestFinished(() => {
      server.close();
      this.cutAll();
    });
  }

  static async before(brokerPort: number): Promise<FaultProxy> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FaultProxy(server, brokerPort);
  }

  /** Where the gateway finds the broker. */
  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  /** Whose connections there are, the gateway's own one left out. */
  get clientIds(): string[] {
    return [...this.#passages].flatMap(({ clientId }) => (isClient(clientId) ? [clientId] : []));
  }

  /** Breaks every connection off: with FIN, as a broker does that ends, or with RST, as one that is killed. */
  cutAll(how: "FIN" | "RST" = "RST"): void {
    for (const passage of this.#passages) {
      cut(passage, how);
      if (passage.near.closed) this.#passages.delete(passage);
    }
  }

  /** The same for one client. */
  cut(clientId: string, how: "FIN" | "RST" = "RST"): void {
    for (const passage of this.#passages) if (passage.clientId === clientId) cut(passage, how);
  }

  /** The broker's machine is there, and nobody listens. */
  async goAway(): Promise<void> {
    this.cutAll();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  /** From now on nothing gets through and nobody is told so: connections stay, and new ones are accepted. */
  fallSilent(): void {
    this.#isSilent = true;
    for (const { near, far } of this.#passages) {
      near.pause();
      far?.pause();
    }
  }

  /** Ends what `goAway`, `fallSilent` and `refusal` began. Connections that were silent are unknown to whoever was between. */
  async comeBack(): Promise<void> {
    if (this.#isSilent) this.cutAll();
    this.#isSilent = false;
    this.refusal = 0;
    if (!this.#server.listening) {
      await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    }
  }

  #onConnection(near: Socket): void {
    const passage: Passage = { near, far: undefined, clientId: undefined };
    this.#passages.add(passage);
    near.on("error", () => {});
    near.on("close", () => {
      // Nobody tells the broker.
      if (this.#isSilent) return;
      this.#passages.delete(passage);
      passage.far?.destroySoon();
    });
    // Whoever is silent does not even notice that the other one has gone.
    if (this.#isSilent) near.pause();
    near.on("data", (octets) => {
      if (passage.clientId === undefined) this.#onConnect(octets, passage);
      if (passage.far !== undefined) this.#pass(octets, passage.far);
      if (Number.isFinite(this.octetsPerSecond)) this.#slowDown(octets, passage);
    });
  }

  /** The first octets of a connection are a CONNECT. */
  #onConnect(octets: Buffer, passage: Passage): void {
    const packets = parser();
    packets.once("packet", (packet) => {
      passage.clientId = (packet as IConnectPacket).clientId;
    });
    packets.parse(octets);
    const { near, clientId } = passage;
    if (isClient(clientId)) this.connects.push({ clientId, atMs: performance.now() });
    if (this.refusal !== 0) {
      near.end(generate({ cmd: "connack", returnCode: this.refusal, sessionPresent: false }));
      return;
    }
    const far = connect({ port: this.brokerPort, host: "127.0.0.1", noDelay: true });
    passage.far = far;
    far.on("error", () => {});
    far.on("data", (answer) => this.#pass(answer, near));
    far.on("close", (hadError) => {
      if (!this.#isSilent) cut(passage, hadError ? "RST" : "FIN");
    });
  }

  #pass(octets: Buffer, to: Socket): void {
    if (this.delayMs > 0) setTimeout(() => to.write(octets), this.delayMs);
    else to.write(octets);
  }

  /** Reads on when as much time has passed as these octets take. */
  #slowDown(octets: Buffer, { near }: Passage): void {
    near.pause();
    setTimeout(
      () => {
        if (!this.#isSilent) near.resume();
      },
      (octets.length / this.octetsPerSecond) * 1000,
    );
  }
}

function isClient(clientId: string | undefined): clientId is string {
  return clientId !== undefined && !clientId.startsWith("mqtt-sn-gateway-");
}

function cut({ near, far }: Passage, how: "FIN" | "RST"): void {
  far?.destroy();
  if (how === "FIN") near.destroySoon();
  else near.resetAndDestroy();
}
