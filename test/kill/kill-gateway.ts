import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AtEnd, GatewayProcess } from "../process/gateway-process.ts";
import { PREDEFINED } from "./kill-topics.ts";

/** It repeats as often as the devices do, so that a run needs no hours. */
const FLAGS = [
  ["--discovery-enabled", "false"],
  ["--clients-retry-interval", "250ms"],
  ["--clients-retry-count", "10"],
  ["--broker-reconnect-min", "20ms"],
  ["--broker-reconnect-max", "200ms"],
].flat();

/** One gateway with many lives: each has the port and the state of the ones before. */
export class KillGateway {
  /** Killed so often. */
  kills = 0;
  /** UDP, on the loopback interface. */
  readonly port: number;
  readonly #args: readonly string[];
  readonly #statePath: string;
  readonly #atEnd: AtEnd;
  #process: GatewayProcess;
  #isKilled = false;

  private constructor(process: GatewayProcess, port: number, args: readonly string[], statePath: string, atEnd: AtEnd) {
    this.#process = process;
    this.port = port;
    this.#args = args;
    this.#statePath = statePath;
    this.#atEnd = atEnd;
  }

  /** Resolves when the first life is ready. `keepsState` is whether it has a state that outlasts it; `saysMore`: it logs every note. */
  static async start(brokerUrl: string, keepsState: boolean, saysMore: boolean, atEnd: AtEnd): Promise<KillGateway> {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-kill-"));
    atEnd(() => rmSync(folder, { recursive: true, force: true }));
    const statePath = keepsState ? join(folder, "state") : "memory:";
    const file = join(folder, "gateway.yaml");
    const topics = PREDEFINED.map(({ id, topic }) => `    - { id: ${id}, topic: ${topic} }\n`);
    writeFileSync(file, `topics:\n  predefined:\n${topics.join("")}`);
    const args = ["run", "--config", file, "-b", brokerUrl, ...FLAGS, "--log-level", saysMore ? "debug" : "info"];
    const port = await quietPort();
    const all = [...args, "-l", `udp://127.0.0.1:${port}`];
    const first = new GatewayProcess(all, { MQTTSN_STATE_PATH: statePath }, atEnd);
    await first.line("gateway.ready");
    return new KillGateway(first, port, all, statePath, atEnd);
  }

  /** Ends it without a chance to do anything, if it lives. */
  kill(): void {
    if (this.#isKilled) return;
    this.#isKilled = true;
    this.kills += 1;
    this.#process.child.kill("SIGKILL");
  }

  /** Resolves when it is gone. A sentence where it was not killed, or has said on its way that something is wrong. */
  async end(): Promise<string | undefined> {
    const process = this.#process;
    const end = await process.exit();
    if (end !== "SIGKILL") return `the gateway ended by itself with ${end}:\n${process.stdout}${process.stderr}`;
    return this.complaint;
  }

  /** What it has said of bugs of its own. */
  get complaint(): string | undefined {
    const { stderr, lines } = this.#process;
    if (stderr !== "") return `the gateway wrote to its standard error: ${stderr}`;
    const failed = lines.find(({ event, level }) => event === "session.failed" || level === "fatal");
    return failed === undefined ? undefined : `the gateway says: ${JSON.stringify(failed)}`;
  }

  /** What this life has logged. */
  get log(): string {
    return this.#process.stdout;
  }

  /** Begins the next life, which may not be ready for a while. */
  start(): void {
    this.#process = new GatewayProcess(this.#args, { MQTTSN_STATE_PATH: this.#statePath }, this.#atEnd);
    this.#isKilled = false;
  }
}

/** A free port that the system gives to nobody who asks for any: while the gateway is dead it stays free. */
async function quietPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const socket = createSocket("udp4");
    const isFree = await new Promise<boolean>((resolve) => {
      socket.once("error", () => resolve(false));
      socket.bind(port, "127.0.0.1", () => resolve(true));
    });
    socket.close();
    if (isFree) return port;
  }
}
