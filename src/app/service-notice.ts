import type { Log } from "./log/log.ts";

/** How long a notice may take. Nothing waits for it; systemd-notify itself waits until the service manager has read it. */
const NOTICE_MS = 5000;

/**
 * What the service manager (systemd, Type=notify) is told of this process, in the order in which it is said. Node has no sockets of the kind
 * that it listens at: `systemd-notify` says it, a child, which is why the unit needs NotifyAccess=all. A notice that fails is a warning.
 */
export class ServiceNotice {
  readonly #log: Log;
  #said = Promise.resolve();

  private constructor(log: Log) {
    this.#log = log;
  }

  /** Undefined where no service manager wants to be told: without $NOTIFY_SOCKET. */
  static of(environment: NodeJS.ProcessEnv, log: Log): ServiceNotice | undefined {
    return environment.NOTIFY_SOCKET ? new ServiceNotice(log) : undefined;
  }

  /** The gateway runs, and waits for its broker: `systemctl status` shows that. */
  waiting(brokerUrl: string): void {
    this.#say([`STATUS=waits for the broker at ${brokerUrl}`]);
  }

  /** The start is over: listeners are bound, and the broker was reached. */
  ready(): void {
    this.#say(["READY=1", "STATUS=clients are let in"]);
  }

  /** The end has begun. */
  stopping(): void {
    this.#say(["STOPPING=1", "STATUS=stops"]);
  }

  #say(assignments: readonly string[]): void {
    this.#said = this.#said.then(() => this.#notify(assignments));
  }

  async #notify(assignments: readonly string[]): Promise<void> {
    const { execFile } = await import("node:child_process");
    return new Promise((resolve) => {
      execFile("systemd-notify", assignments, { timeout: NOTICE_MS, killSignal: "SIGKILL" }, (error, _, stderr) => {
        if (error !== null) {
          const reason = error.killed ? `no answer in ${NOTICE_MS / 1000} s` : stderr.trim() || error.message;
          const message = `systemd-notify could not tell the service manager ${assignments[0]}: ${reason}`;
          this.#log.warn("service.notice-failed", { reason }, message);
        }
        resolve();
      });
    });
  }
}
