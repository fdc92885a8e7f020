import { closeSync } from "node:fs";
import type { Configuration } from "../app/configuration/configuration.ts";
import type { Daemon } from "../app/daemon.ts";
import type { Log } from "../app/log/log.ts";
import { Terminal } from "./terminal.ts";

/**
 * Ctrl-C reaches a process that runs under npm twice, from the terminal and from npm; a second signal within this time is taken for
 * the first one.
 */
const SAME_SIGNAL_MS = 300;

interface SignalCallbacks {
  /** Reads the configuration again. */
  readConfiguration: () => Configuration;
  /** The gateway is about to be stopped. */
  onStop: () => void;
}

/**
 * What signals do to the gateway: SIGINT and SIGTERM stop it, and SIGHUP has it read its configuration again, but stops it where it says
 * that the terminal is gone on which the gateway was started.
 */
export class Signals {
  readonly #log: Log;
  readonly #callbacks: SignalCallbacks;
  readonly #terminal = new Terminal();
  #daemon: Daemon | undefined;
  /** SIGHUP came before there was a gateway. */
  #hangUpWaits = false;
  #stoppingSinceMs: number | undefined;

  /** From here on SIGHUP does not end the process. */
  constructor(log: Log, callbacks: SignalCallbacks) {
    this.#log = log;
    this.#callbacks = callbacks;
    process.on("SIGHUP", this.#onHangUp);
  }

  /** The gateway runs. */
  started(daemon: Daemon): void {
    this.#daemon = daemon;
    process.on("SIGINT", this.#onStop);
    process.on("SIGTERM", this.#onStop);
    if (this.#hangUpWaits) this.#onHangUp();
  }

  readonly #onHangUp = (): void => {
    if (this.#daemon === undefined) this.#hangUpWaits = true;
    // Under npm it may come twice, and again when the shell ends.
    else if (this.#stoppingSinceMs !== undefined) return;
    else if (this.#terminal.isGone) void this.#stop(this.#daemon, "SIGHUP");
    else this.#daemon.reload(this.#callbacks.readConfiguration());
  };

  readonly #onStop = (signal: NodeJS.Signals): void => {
    if (this.#stoppingSinceMs === undefined) void this.#stop(this.#daemon!, signal);
    else if (performance.now() - this.#stoppingSinceMs > SAME_SIGNAL_MS) process.exit(1);
  };

  async #stop(daemon: Daemon, signal: NodeJS.Signals): Promise<void> {
    this.#stoppingSinceMs = performance.now();
    this.#callbacks.onStop();
    this.#log.info("gateway.stopping", { signal }, `${signal}: the gateway stops; once more ends it at once`);
    await daemon.stop();
    this.#log.info("gateway.stopped", {}, "the gateway has stopped");
    if (signal === "SIGHUP") closeStandardStreams();
    process.exit(0);
  }
}

/** Node aborts where it cannot set a terminal back at the end because the terminal is gone; of closed streams it leaves its hands. */
function closeStandardStreams(): void {
  for (const fd of [0, 1, 2]) {
    try {
      closeSync(fd);
    } catch {
      // It was closed before.
    }
  }
}
