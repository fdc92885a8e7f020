import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Sensor } from "./sensor.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** The program of Linux that runs a command in a terminal of its own. */
const HAS_SCRIPT = /util-linux/.test(String(spawnSync("script", ["--version"]).stdout));

const BOUND = { timeout: 20_000, interval: 10 };

const FLAGS =
  "--broker embedded: --embedded-listen 127.0.0.1:0 -l udp://127.0.0.1:0 --log-format json --state-path memory: --http-listen=";

/** A shell command in a terminal: it says its own process id first, and then becomes the gateway. */
class Terminal {
  readonly window: ChildProcess;
  shown = "";

  /** `before` begins the command, `after` ends it. */
  constructor(before: string, after: string) {
    const command = `echo "pid $$"; exec ${before} "${process.execPath}" "${MAIN}" run ${FLAGS} ${after}`;
    this.window = spawn("script", ["-qfc", command, "/dev/null"], { stdio: ["ignore", "pipe", "ignore"] });
    this.window.stdout!.on("data", (octets: Buffer) => {
      this.shown += octets;
    });
    onTestFinished(() => {
      this.close();
      if (this.isAlive) process.kill(this.pid, "SIGKILL");
    });
  }

  get pid(): number {
    return Number(/pid (\d+)/.exec(this.shown)![1]);
  }

  get isAlive(): boolean {
    try {
      return process.kill(this.pid, 0);
    } catch {
      return false;
    }
  }

  close(): void {
    this.window.kill("SIGKILL");
  }
}

/** A gateway in a terminal that logs into a file. */
function withLog(before: string) {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-terminal-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "log");
  return { terminal: new Terminal(before, `> ${file} 2>&1`), log: () => readFileSync(file, "utf8") };
}

const portIn = (log: string) => Number(/come in at udp:\/\/127\.0\.0\.1:(\d+)/.exec(log)![1]);

describe.runIf(HAS_SCRIPT)("SIGHUP and the terminal that the gateway was started on", () => {
  test("is there: the configuration is read again", async () => {
    const terminal = new Terminal("", "");
    await vi.waitFor(() => expect(terminal.shown).toContain("gateway.started"), BOUND);
    process.kill(terminal.pid, "SIGHUP");
    await vi.waitFor(() => expect(terminal.shown).toContain("reload.done"), BOUND);
    expect(terminal.shown).not.toContain("gateway.stopping");
    expect(terminal.isAlive).toBe(true);
  });

  test("its window is closed, though the log goes elsewhere: clients are told, and the process ends by itself", async () => {
    const { terminal, log } = withLog("");
    await vi.waitFor(() => expect(log()).toContain("gateway.started"), BOUND);
    const sensor = new Sensor(portIn(log()));
    sensor.connect("sensor");
    await sensor.message("CONNACK");
    terminal.close();
    await sensor.message("DISCONNECT");
    await vi.waitFor(() => expect(terminal.isAlive).toBe(false), BOUND);
    expect(log()).toContain("gateway.stopped");
  });

  test("its window is closed, and it was started with nohup: it goes on", async () => {
    const { terminal, log } = withLog("nohup");
    await vi.waitFor(() => expect(log()).toContain("gateway.started"), BOUND);
    const sensor = new Sensor(portIn(log()));
    sensor.connect("sensor");
    await sensor.message("CONNACK");
    terminal.close();
    await vi.waitFor(() => expect(log()).toContain("reload.done"), BOUND);
    sensor.send({ type: "PINGREQ", clientId: "" });
    await sensor.message("PINGRESP");
    expect(log()).not.toContain("gateway.stopping");
  });
});
