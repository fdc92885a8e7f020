import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, vi } from "vitest";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** A line of the log. */
export interface LogLine {
  level: string;
  event: string;
  msg?: string;
  [field: string]: unknown;
}

/** How long a process may take for anything: the machine may be busy. */
const BOUND_MS = 20_000;

/** What is called with the end of something that was started, and calls it when its time has come. */
export type AtEnd = (end: () => void) => void;

/**
 * The program as a process of its own, built in dist/. It is ended with the test, or where `atEnd` says, whatever becomes of it. `within`
 * is a command that becomes the one that it is given, `program` one that was installed.
 */
export class GatewayProcess {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";

  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string | undefined>> = {},
    atEnd: AtEnd = onTestFinished,
    within: readonly string[] = [],
    program: readonly string[] = [process.execPath, MAIN],
  ) {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !name.startsWith("MQTTSN_") && !name.startsWith("npm_"),
    );
    // What a process keeps is its own affair, unless the test says where.
    const env = {
      MQTTSN_STATE_PATH: "memory:",
      MQTTSN_HTTP_LISTEN: "",
      ...Object.fromEntries(inherited),
      ...environment,
    };
    const [command, ...rest] = [...within, ...program, ...args];
    this.child = spawn(command!, rest, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout!.on("data", (octets: Buffer) => {
      this.stdout += octets;
    });
    this.child.stderr!.on("data", (octets: Buffer) => {
      this.stderr += octets;
    });
    atEnd(() => {
      this.child.kill("SIGKILL");
    });
  }

  /** `run` with an embedded broker and a listener, at ports that the system chooses. */
  static embedded(...args: string[]): GatewayProcess {
    const free = ["--embedded-listen", "127.0.0.1:0", "-l", "udp://127.0.0.1:0"];
    return new GatewayProcess(["run", "--broker", "embedded:", ...free, ...args]);
  }

  get lines(): LogLine[] {
    const complete = this.stdout.split("\n").slice(0, -1);
    return complete.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
  }

  /** The first line of this event, as soon as it is there. */
  async line(event: string): Promise<LogLine> {
    const missing = () => new Error(`no ${event} in:\n${this.stdout}${this.stderr}`);
    const line = await vi.waitFor(
      () => {
        const found = this.lines.find((each) => each.event === event);
        // A process that has ended says nothing more.
        if (found === undefined && !this.child.stdout!.closed) throw missing();
        return found;
      },
      { timeout: BOUND_MS, interval: 10 },
    );
    if (line === undefined) throw missing();
    return line;
  }

  /** The port of the first listener. */
  async listenerPort(): Promise<number> {
    return Number(/:(\d+)$/.exec(String((await this.line("listener.started")).url))![1]);
  }

  /** The port of the embedded broker. */
  async brokerPort(): Promise<number> {
    return Number(/:(\d+)$/.exec(String((await this.line("embedded.started")).url))![1]);
  }

  /** The exit code, or the signal that ended the process. */
  async exit(): Promise<number | NodeJS.Signals> {
    return vi.waitFor(
      () => {
        const end = this.child.exitCode ?? this.child.signalCode;
        // The streams may end a little later than the process.
        if (end === null || !this.child.stdout!.closed) throw new Error(`still running:\n${this.stdout}${this.stderr}`);
        return end;
      },
      { timeout: BOUND_MS, interval: 10 },
    );
  }
}

/** Runs the program to its end. */
export async function runToEnd(args: readonly string[], environment?: Readonly<Record<string, string>>) {
  const { stdout, stderr, code } = await endOf(new GatewayProcess(args, environment));
  return { stdout, stderr, code };
}

async function endOf(gateway: GatewayProcess) {
  const code = await gateway.exit();
  return { stdout: gateway.stdout, stderr: gateway.stderr, code };
}

/** Sends a signal, and checks that the process ends in order within the 5 s that are promised. */
export async function stop(gateway: GatewayProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  const start = performance.now();
  gateway.child.kill(signal);
  expect(await gateway.exit()).toBe(0);
  expect(performance.now() - start).toBeLessThan(5000);
}
