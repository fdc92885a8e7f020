import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { poll } from "./poll.ts";

/** How long a broker may take to start: one that runs in an Erlang machine takes its time. */
const START_MS_MAX = 60_000;

/** A user of the system that a program runs as. */
export interface SystemUser {
  uid: number;
  gid: number;
}

/**
 * Runs its arguments as a command, and kills all that came of it when the command has ended, or the test: then its standard input ends, also
 * where the test is interrupted or killed.
 */
export const WATCH = '{ "$@"; kill -KILL 0; } < /dev/null & read -r _; kill -KILL 0';

/** What is started. */
export interface Program {
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  user?: SystemUser;
}

/** A broker of a test's own: a temporary folder, and the programs that run in it, which are ended with all that they have started. */
export class BrokerProgram {
  readonly folder: string;
  readonly #name: string;
  readonly #children: ChildProcess[] = [];
  /** What the programs have written. */
  output = "";

  /** With `user` the folder is theirs. */
  constructor(name: string, user?: SystemUser) {
    this.#name = name;
    this.folder = mkdtempSync(join(tmpdir(), `mqtt-sn-gateway-${name}-`));
    if (user !== undefined) chownSync(this.folder, user.uid, user.gid);
  }

  /** Starts a program in the folder. What it reads from the environment is `env`, and where programs are found. */
  run({ command, args, env = {}, user }: Program): void {
    const child = spawn("/bin/sh", ["-c", WATCH, "sh", command, ...args], {
      cwd: this.folder,
      env: { PATH: process.env.PATH, LANG: "C.UTF-8", HOME: this.folder, ...env },
      // A process group of its own: some brokers are several processes.
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      ...user,
    });
    child.on("error", (error) => {
      this.output += `${command}: ${error.message}\n`;
    });
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on("data", (octets: Buffer) => {
        this.output += octets;
      });
    }
    this.#children.push(child);
  }

  /** Resolves when an MQTT client is let in at this URL. */
  async takesClients(url: string, credentials: { username?: string; password?: string } = {}): Promise<void> {
    await poll(
      async () => {
        if (this.#children.some(({ exitCode, signalCode }) => (exitCode ?? signalCode) !== null)) return "ended";
        try {
          const client = await connectAsync(url, { ...credentials, reconnectPeriod: 0, connectTimeout: 1000 }, false);
          await client.endAsync();
          return "ready";
        } catch {
          return undefined;
        }
      },
      { boundMs: START_MS_MAX, intervalMs: 200 },
    ).then((state) => {
      if (state !== "ready") throw new Error(`${this.#name} does not start:\n${this.output}`);
    });
  }

  /** Ends it, and removes the folder. */
  end(): void {
    for (const { pid } of this.#children.reverse()) {
      try {
        if (pid !== undefined) process.kill(-pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    // What is being killed may write once more.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  /** The first of these files that there is. */
  static find(files: readonly string[]): string | undefined {
    return files.find((file) => existsSync(file));
  }
}
