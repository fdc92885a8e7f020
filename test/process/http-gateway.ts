import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { HostPort } from "../../src/app/configuration/host-port.ts";
import type { DeviceSettings } from "../../src/device/settings.ts";
import { SseReader } from "../adapters/sse-reader.ts";
import { UdpDevice } from "../interop/udp-device.ts";
import { type AtEnd, GatewayProcess } from "./gateway-process.ts";
import { Sensor } from "./sensor.ts";

const PLACES = ["-l", "udp://127.0.0.1:0", "--embedded-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"];

/** A gateway process with a status page, and devices at it. */
export class HttpGateway {
  readonly process: GatewayProcess;
  readonly gateway: HostPort;
  /** Of the status page, without a slash at its end. */
  readonly url: string;

  private constructor(process: GatewayProcess, gateway: HostPort, url: string) {
    this.process = process;
    this.gateway = gateway;
    this.url = url;
  }

  /** Starts one at the broker of this URL, with these flags. Resolves when it is ready. */
  static async start(brokerUrl: string, flags: readonly string[] = [], atEnd: AtEnd = onTestFinished) {
    const process = new GatewayProcess(
      ["run", "-b", brokerUrl, "--bridge-enabled", "false", ...PLACES, ...flags],
      {},
      atEnd,
    );
    await process.line("gateway.ready");
    const { url } = await process.line("http.started");
    const gateway = { host: "127.0.0.1", port: await process.listenerPort() };
    return new HttpGateway(process, gateway, String(url).replace(/\/$/, ""));
  }

  async device(
    clientId: string,
    settings: Partial<DeviceSettings> = {},
    atEnd: AtEnd = onTestFinished,
  ): Promise<UdpDevice> {
    const device = new UdpDevice(this.gateway, clientId, settings, atEnd);
    await device.connect();
    return device;
  }

  sensor(): Sensor {
    return new Sensor(this.gateway.port);
  }

  async ask(path: string, init: RequestInit = {}): Promise<{ status: number; headers: Headers; body: string }> {
    const response = await fetch(this.url + path, { redirect: "manual", ...init });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  /** What an answer says in JSON. */
  async json<T>(path: string, init?: RequestInit): Promise<T> {
    const { status, body } = await this.ask(path, init);
    if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
    return JSON.parse(body) as T;
  }

  /** Reads a stream until the test ends. */
  read(path: string): Promise<SseReader> {
    return new Promise((resolve, reject) => {
      const request = get(this.url + path, { agent: false }, (response) => resolve(new SseReader(response)));
      request.on("error", reject);
      onTestFinished(() => void request.destroy());
    });
  }
}

/** The name of a file with this text, until the test ends. */
export function temporaryFile(text: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-http-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const name = join(folder, "file");
  writeFileSync(name, text, { mode });
  return name;
}
