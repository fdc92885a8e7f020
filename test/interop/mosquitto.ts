import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { vi } from "vitest";
import type { AtEnd } from "../process/gateway-process.ts";
import { freePort } from "./free-port.ts";

const BOUND_MS = 10_000;

/** Debian keeps brokers where only root's search path leads. */
const ENVIRONMENT = {
  ...process.env,
  PATH: [process.env.PATH, "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"].join(delimiter),
};

export interface MosquittoUser {
  username: string;
  password: string;
}

/** Names of files. */
export interface MosquittoTls {
  ca: string;
  cert: string;
  key: string;
}

export interface MosquittoOptions {
  /** Undefined lets everybody in. */
  users?: readonly MosquittoUser[];
  /** Who may do what, as the lines of its file of access rules say it; undefined lets everybody do anything. */
  accessRules?: readonly string[];
  /** Its listener speaks TLS, and lets in only who has a certificate of the same authority. */
  tls?: MosquittoTls;
  /** Sessions and messages outlast SIGTERM. */
  persistence?: boolean;
  /** QoS 1 and 2 messages that it sends a client before it waits for an acknowledgement; undefined is its own default, 20. */
  inflightMax?: number;
  /** More lines of its configuration. */
  settings?: readonly string[];
}

/** A Mosquitto of the test's own on a free port of the loopback interface. It is ended where `atEnd` says. */
export class Mosquitto {
  readonly port: number;
  readonly #folder: string;
  readonly #scheme: "mqtt" | "mqtts";
  #child: ChildProcess | undefined;
  #subscriberCount = 0;
  /** What it has logged, of all its lives. */
  log = "";

  private constructor(port: number, folder: string, scheme: "mqtt" | "mqtts") {
    this.port = port;
    this.#folder = folder;
    this.#scheme = scheme;
  }

  /** Whether Mosquitto and the programs that belong to it are on this machine. */
  static get isInstalled(): boolean {
    return ["mosquitto", "mosquitto_pub", "mosquitto_sub", "mosquitto_passwd"].every(
      (program) => spawnSync(program, ["--help"], { env: ENVIRONMENT }).error === undefined,
    );
  }

  static async start(atEnd: AtEnd, options?: MosquittoOptions): Promise<Mosquitto> {
    const mosquitto = await Mosquitto.prepare(atEnd, options);
    await mosquitto.start();
    return mosquitto;
  }

  /** One that has a port and does not run yet. */
  static async prepare(atEnd: AtEnd, options: MosquittoOptions = {}): Promise<Mosquitto> {
    const { users, accessRules, tls, persistence = false, inflightMax, settings = [] } = options;
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-mosquitto-"));
    const mosquitto = new Mosquitto(await freePort(), folder, tls === undefined ? "mqtt" : "mqtts");
    atEnd(() => {
      mosquitto.#child?.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    });
    const lines = [
      `listener ${mosquitto.port} 127.0.0.1`,
      `persistence ${persistence}`,
      `persistence_location ${folder}/`,
      "log_dest stderr",
      "log_type all",
    ];
    if (users === undefined) lines.push("allow_anonymous true");
    else lines.push("allow_anonymous false", `password_file ${mosquitto.#passwordFile(users)}`);
    if (accessRules !== undefined) {
      writeFileSync(mosquitto.#file("access"), `${accessRules.join("\n")}\n`, { mode: 0o600 });
      lines.push(`acl_file ${mosquitto.#file("access")}`);
    }
    if (tls !== undefined) {
      lines.push(`cafile ${tls.ca}`, `certfile ${tls.cert}`, `keyfile ${tls.key}`, "require_certificate true");
    }
    if (inflightMax !== undefined) lines.push(`max_inflight_messages ${inflightMax}`);
    lines.push(...settings);
    // As root it would become a user who may not write into the folder.
    if (process.getuid?.() === 0) lines.push("user root");
    writeFileSync(mosquitto.#file("mosquitto.conf"), `${lines.join("\n")}\n`);
    return mosquitto;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /** Known as soon as it runs. */
  get version(): string {
    return /mosquitto version (\S+) running/.exec(this.log)![1]!;
  }

  /** Runs `mosquitto_pub` to its end. */
  async publish(...args: string[]): Promise<void> {
    const child = spawn("mosquitto_pub", this.#clientArguments(args), { env: ENVIRONMENT, stdio: "ignore" });
    const code = await new Promise((resolve) => child.once("exit", resolve));
    if (code !== 0) throw new Error(`mosquitto_pub ended with ${code}`);
  }

  /** Runs `mosquitto_sub` until it has `count` messages, and resolves with what it prints; `subscribed` comes before that. */
  subscribe(atEnd: AtEnd, count: number, ...args: string[]): { subscribed: Promise<void>; printed: Promise<string> } {
    this.#subscriberCount += 1;
    const id = `mosquitto-sub-${this.#subscriberCount}`;
    const all = this.#clientArguments(["-i", id, "-C", String(count), ...args]);
    const child = spawn("mosquitto_sub", all, { env: ENVIRONMENT, stdio: ["ignore", "pipe", "ignore"] });
    atEnd(() => child.kill("SIGKILL"));
    return { subscribed: this.logs(new RegExp(`Sending SUBACK to ${id}`)), printed: text(child.stdout) };
  }

  #clientArguments(args: readonly string[]): string[] {
    return ["-h", "127.0.0.1", "-p", String(this.port), ...args];
  }

  /** Starts it, on the same port as ever, and resolves when it takes connections. */
  async start(): Promise<void> {
    const child = spawn("mosquitto", ["-c", this.#file("mosquitto.conf")], {
      env: ENVIRONMENT,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    let log = "";
    child.stderr.on("data", (octets: Buffer) => {
      log += octets;
      this.log += octets;
    });
    await vi.waitFor(
      () => {
        if (!/mosquitto version \S+ running/.test(log)) throw new Error(`Mosquitto does not start:\n${log}`);
      },
      { timeout: BOUND_MS, interval: 5 },
    );
  }

  /** Ends it: SIGTERM lets it save what it keeps, SIGKILL does not. */
  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
    this.#child = undefined;
  }

  /** Resolves when a line of the log matches. */
  async logs(pattern: RegExp): Promise<void> {
    await vi.waitFor(
      () => {
        if (!pattern.test(this.log)) throw new Error(`no ${pattern} in:\n${this.log}`);
      },
      { timeout: BOUND_MS, interval: 5 },
    );
  }

  #passwordFile(users: readonly MosquittoUser[]): string {
    const file = this.#file("passwords");
    writeFileSync(file, "", { mode: 0o600 });
    for (const { username, password } of users) {
      const { status, stderr } = spawnSync("mosquitto_passwd", ["-b", file, username, password], { env: ENVIRONMENT });
      if (status !== 0) throw new Error(`mosquitto_passwd: ${stderr}`);
    }
    return file;
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }
}
