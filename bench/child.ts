import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

const STOP_MS_MAX = 5000;

/** Every child that has not ended; none of them outlives this process. */
const running = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

/** A program that runs beside this one. What it prints goes to our standard error. */
export class Child {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  static async start(command: string, args: readonly string[]): Promise<Child> {
    const child = spawn(command, args, { stdio: ["ignore", 2, 2] });
    await once(child, "spawn");
    running.add(child);
    child.once("exit", () => running.delete(child));
    return new Child(child);
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Throws where the program has ended by itself. */
  assertRunning(name: string): void {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) throw new Error(`${name} ended: ${signalCode ?? exitCode}`);
  }

  /** Asks it to end, and makes it after a while. */
  async stop(): Promise<void> {
    if (!running.has(this.#process)) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_MS_MAX);
    await ended;
    clearTimeout(timer);
  }
}
