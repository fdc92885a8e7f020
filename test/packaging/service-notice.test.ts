import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { EmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { freePort } from "../interop/free-port.ts";
import { nowhere } from "../process/broker-double.ts";
import { GatewayProcess, stop } from "../process/gateway-process.ts";
import { hasCommand, requirement } from "./requirement.ts";

const hasSystemd = requirement(
  "systemd-notify and python3",
  hasCommand("systemd-notify") && hasCommand("python3"),
  "REQUIRE_SYSTEMD",
  "on Debian: apt-get install systemd python3",
);

const RECEIVER = fileURLToPath(new URL("notify-socket.py", import.meta.url));

const READY = "READY=1 STATUS=clients are let in";
const STOPPING = "STOPPING=1 STATUS=stops";
const waiting = (url: string) => `STATUS=waits for the broker at ${url}`;

/** What is said to a service manager. */
class ServiceManager {
  readonly path = join(folder(), "notify");
  readonly #child: ChildProcess;
  #heard = "";

  private constructor() {
    this.#child = spawn("python3", [RECEIVER, this.path], { stdio: ["ignore", "pipe", "inherit"] });
    this.#child.stdout!.on("data", (octets: Buffer) => {
      this.#heard += octets;
    });
    onTestFinished(() => {
      this.#child.kill("SIGKILL");
    });
  }

  static async start(): Promise<ServiceManager> {
    const manager = new ServiceManager();
    await vi.waitFor(() => expect(manager.#heard).toBe("bound\n"), { timeout: 20_000 });
    return manager;
  }

  /** Messages in their order, without the barriers of systemd-notify. */
  get said(): string[] {
    return this.#heard
      .split("\n")
      .slice(1, -1)
      .filter((line) => line !== "BARRIER=1");
  }

  async hears(message: string): Promise<void> {
    await vi.waitFor(() => expect(this.said).toContain(message), { timeout: 20_000, interval: 20 });
  }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function gatewayAt(brokerUrl: string, notifySocket: string): GatewayProcess {
  const flags = ["--listen", "udp://127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--broker-reconnect-max", "200ms"];
  return new GatewayProcess(["run", "--broker", brokerUrl, "--broker-reconnect-min", "100ms", ...flags], {
    NOTIFY_SOCKET: notifySocket,
  });
}

describe.skipIf(!hasSystemd)("a gateway that a service manager has started", () => {
  test("says READY=1 when it has reached the broker, and STOPPING=1 at SIGTERM", async () => {
    const manager = await ServiceManager.start();
    const port = await freePort();
    const url = `mqtt://127.0.0.1:${port}`;
    const gateway = gatewayAt(url, manager.path);
    await gateway.line("broker.unreachable");
    await manager.hears(waiting(url));
    const broker = await EmbeddedBroker.start({ listen: { host: "127.0.0.1", port }, onError: () => {} });
    onTestFinished(() => broker.close());
    await gateway.line("gateway.ready");
    await manager.hears(READY);
    await stop(gateway);
    await manager.hears(STOPPING);
    expect(manager.said).toEqual([waiting(url), READY, STOPPING]);
    expect(gateway.lines.filter(({ event }) => event === "service.notice-failed")).toEqual([]);
  });

  test("is not ready where it never reaches the broker", async () => {
    const manager = await ServiceManager.start();
    const url = await nowhere();
    const gateway = gatewayAt(url, manager.path);
    await gateway.line("broker.unreachable");
    await manager.hears(waiting(url));
    await stop(gateway);
    await manager.hears(STOPPING);
    expect(manager.said).toEqual([waiting(url), STOPPING]);
  });

  test("runs on where nobody hears it, and warns of that", async () => {
    const gateway = gatewayAt(await nowhere(), join(folder(), "nobody"));
    expect((await gateway.line("service.notice-failed")).msg).toMatch(/^systemd-notify could not tell .* STATUS=waits/);
    await stop(gateway);
  });
});
