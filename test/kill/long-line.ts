import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Random } from "../../src/device/random.ts";

/**
 * A long way to the broker, which can be cut: what is under way is lost then, as it is when the machine of the gateway loses its power.
 * Of a process that was killed the kernel would still deliver what it has written.
 */
export class LongLine {
  /** TCP, on the loopback interface: the gateway's end. */
  readonly port: number;
  readonly #server: Server;
  readonly #cuts: Set<() => void>;

  private constructor(server: Server, cuts: Set<() => void>) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#cuts = cuts;
  }

  /** Each connection delays by up to `delayMsMax` of its own. */
  static async to(brokerPort: number, delayMsMax: number, random: Random): Promise<LongLine> {
    const cuts = new Set<() => void>();
    const server = createServer({ noDelay: true }, (near) => {
      const far = connect({ port: brokerPort, host: "127.0.0.1", noDelay: true });
      const timers = new Set<NodeJS.Timeout>();
      const cut = () => {
        for (const timer of timers) clearTimeout(timer);
        near.destroy();
        far.destroy();
        cuts.delete(cut);
      };
      cuts.add(cut);
      const delayMs = random.next() * delayMsMax;
      const carry = (from: Socket, to: Socket) => {
        from.on("data", (octets) => {
          const timer = setTimeout(() => {
            timers.delete(timer);
            to.write(octets);
          }, delayMs);
          timers.add(timer);
        });
        from.on("close", cut);
        // "close" follows, and a broker that is not there is no error of the line.
        from.on("error", () => {});
      };
      carry(near, far);
      carry(far, near);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new LongLine(server, cuts);
  }

  /** Ends every connection at once. */
  cut(): void {
    for (const cut of this.#cuts) cut();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }
}
