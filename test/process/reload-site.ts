import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { UdpDevice } from "../interop/udp-device.ts";
import { GatewayProcess, type LogLine } from "./gateway-process.ts";

const PLACES = ["-l", "udp://127.0.0.1:0", "--embedded-listen", "127.0.0.1:0"];

/** Tests look at all that is published. */
const QUIET = ["--bridge-enabled", "false"];

const BOUND = { timeout: 20_000, interval: 5 };

/** A gateway process with a configuration file that changes. */
export class ReloadSite {
  readonly gateway: GatewayProcess;
  readonly folder: string;
  #port = 0;

  private constructor(folder: string, args: readonly string[]) {
    this.folder = folder;
    this.gateway = new GatewayProcess(["run", "-c", join(folder, "gateway.yaml"), ...PLACES, ...QUIET, ...args]);
  }

  /** Starts one with this file, and files beside it by their names. Resolves when it is ready. */
  static async start(yaml: string, files: Readonly<Record<string, string>> = {}, ...args: string[]) {
    const site = ReloadSite.begin(yaml, files, ...args);
    await site.gateway.line("gateway.ready");
    site.#port = await site.gateway.listenerPort();
    return site;
  }

  /** The same, and does not wait for it. */
  static begin(yaml: string, files: Readonly<Record<string, string>> = {}, ...args: string[]): ReloadSite {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-reload-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "gateway.yaml"), yaml);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return new ReloadSite(folder, args);
  }

  get port(): number {
    return this.#port;
  }

  device(clientId: string): UdpDevice {
    return new UdpDevice({ host: "127.0.0.1", port: this.#port }, clientId);
  }

  /** At once: a reload that is under way reads what was there before, or this. */
  write(file: string, text: string): void {
    const path = join(this.folder, file);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }

  /** Writes the file and sends SIGHUP. Resolves with the line that says what came of it. */
  reload(yaml: string): Promise<LogLine> {
    this.write("gateway.yaml", yaml);
    return this.reloadFiles();
  }

  /** Sends SIGHUP. Resolves with the line that says what came of it. */
  async reloadFiles(): Promise<LogLine> {
    const before = this.outcomes.length;
    this.gateway.child.kill("SIGHUP");
    return vi.waitFor(() => {
      const line = this.outcomes[before];
      if (line === undefined)
        throw new Error(`no outcome of a reload in:\n${this.gateway.stdout}${this.gateway.stderr}`);
      return line;
    }, BOUND);
  }

  /** What came of reloads so far. */
  get outcomes(): LogLine[] {
    return this.gateway.lines.filter(({ event }) => event === "reload.done" || event === "reload.failed");
  }

  get events(): string[] {
    return this.gateway.lines.map(({ event }) => event);
  }
}
