import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import type { Holding, Usage } from "./idle-figures.ts";
import type { Pinger } from "./pinger.ts";
import { cpuUs, residentOctets } from "./process-figures.ts";
import { startMosquitto } from "./start-mosquitto.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

const GATEWAY = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** A gateway with its state on disk and its status page, and a broker: Mosquitto, or the one inside the gateway. */
export class IdleSite {
  readonly port: number;
  readonly #httpPort: number;
  readonly #arguments: readonly string[];
  readonly #folder: TemporaryFolder;
  readonly #broker: Child | undefined;
  #gateway: Child | undefined;

  private constructor(
    port: number,
    httpPort: number,
    args: readonly string[],
    folder: TemporaryFolder,
    broker?: Child,
  ) {
    this.port = port;
    this.#httpPort = httpPort;
    this.#arguments = args;
    this.#folder = folder;
    this.#broker = broker;
  }

  /** Chooses ports and a folder, and starts Mosquitto where it is to be the broker; the gateway is still to be started. */
  static async open(clients: number, isEmbedded: boolean, reconnectRate: number): Promise<IdleSite> {
    const port = await freePort("udp");
    const httpPort = await freePort("tcp");
    const brokerPort = await freePort("tcp");
    const folder = new TemporaryFolder("bench-idle-");
    const broker = isEmbedded ? undefined : await startMosquitto(brokerPort);
    const url = isEmbedded ? ["embedded:", "--embedded-listen", "127.0.0.1:0"] : [`mqtt://127.0.0.1:${brokerPort}`];
    const places = ["-b", ...url, "-l", `udp://127.0.0.1:${port}`, "--http-listen", `127.0.0.1:${httpPort}`];
    const limits = ["--clients-max", String(clients + 100), "--broker-max-reconnect-rate", String(reconnectRate)];
    const rest = ["--state-path", folder.path, "--log-level", "warn", "--log-format", "json"];
    return new IdleSite(port, httpPort, [GATEWAY, "run", ...places, ...limits, ...rest], folder, broker);
  }

  async startGateway(): Promise<void> {
    this.#gateway = await Child.start(process.execPath, this.#arguments);
  }

  /** Ends the gateway in order; how many seconds that took. */
  async stopGateway(): Promise<number> {
    const startedAt = performance.now();
    await this.#gateway?.stop();
    return (performance.now() - startedAt) / 1000;
  }

  async close(): Promise<void> {
    await this.#gateway?.stop();
    await this.#broker?.stop();
    this.#folder.remove();
  }

  get gatewayHolds(): Holding {
    return holding(this.#gatewayPid);
  }

  get brokerHolds(): Holding | undefined {
    return this.#broker && holding(this.#broker.pid);
  }

  /** Begins to count; what is returned tells what was used since. */
  usage(pinger: Pinger): () => Usage {
    const brokerPids = this.#broker === undefined ? [] : [this.#broker.pid];
    const startedAt = performance.now();
    const gatewayBefore = cpuUs([this.#gatewayPid]);
    const brokerBefore = cpuUs(brokerPids);
    pinger.takeMaxMs();
    return () => ({
      seconds: (performance.now() - startedAt) / 1000,
      gatewayCpuSeconds: (cpuUs([this.#gatewayPid]) - gatewayBefore) / 1e6,
      brokerCpuSeconds: (cpuUs(brokerPids) - brokerBefore) / 1e6,
      longestMs: pinger.takeMaxMs(),
    });
  }

  /** Of everything in the folder with the state. */
  get storeOctets(): number {
    const files = readdirSync(this.#folder.path, { recursive: true, encoding: "utf8" });
    return files.map((file) => statSync(join(this.#folder.path, file))).reduce((sum, { size }) => sum + size, 0);
  }

  /** What the gateway gave the disk to write. */
  get writtenOctets(): number {
    return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${this.#gatewayPid}/io`, "utf8"))![1]);
  }

  /** The gateway's metrics: one line each, with labels, and its value. */
  async metrics(): Promise<Map<string, number>> {
    const answer = await fetch(`http://127.0.0.1:${this.#httpPort}/metrics`);
    const lines = (await answer.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
  }

  get #gatewayPid(): number {
    this.#gateway!.assertRunning("the gateway");
    return this.#gateway!.pid;
  }
}

function holding(pid: number): Holding {
  return { mib: residentOctets([pid]) / 2 ** 20, files: readdirSync(`/proc/${pid}/fd`).length };
}
