import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Configuration } from "../../src/app/configuration/configuration.ts";
import type { Daemon } from "../../src/app/daemon.ts";
import { Log } from "../../src/app/log/log.ts";
import { Signals } from "../../src/cli/signals.ts";

const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

const CONFIGURATION: Configuration = { ok: false, problems: ["what was read"] };

/** Those of who runs the test. */
const others = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));

beforeEach(() => {
  for (const signal of SIGNALS) process.removeAllListeners(signal);
  vi.spyOn(process, "exit").mockImplementation((() => {}) as unknown as typeof process.exit);
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    for (const listener of others.get(signal)!) process.on(signal, listener);
  }
});

function setUp() {
  const done: string[] = [];
  let endStop = () => {};
  const daemon = {
    reload: (configuration: Configuration) => done.push(configuration === CONFIGURATION ? "reload" : "?"),
    stop: () => {
      done.push("stop");
      return new Promise<void>((resolve) => {
        endStop = resolve;
      });
    },
  } as unknown as Daemon;
  const log = new Log({ level: "error", format: "json", colour: false }, { write: () => {} });
  const signals = new Signals(log, { readConfiguration: () => CONFIGURATION, onStop: () => done.push("told") });
  return { signals, daemon, done, endStop: () => endStop() };
}

const send = (signal: (typeof SIGNALS)[number]) => process.emit(signal, signal);

test("each SIGHUP is a reload", () => {
  const { signals, daemon, done } = setUp();
  signals.started(daemon);
  send("SIGHUP");
  send("SIGHUP");
  expect(done).toEqual(["reload", "reload"]);
});

test("SIGHUP while the gateway starts is a reload when it has started", () => {
  const { signals, daemon, done } = setUp();
  send("SIGHUP");
  send("SIGHUP");
  expect(done).toEqual([]);
  signals.started(daemon);
  expect(done).toEqual(["reload"]);
});

test("SIGHUP while it stops is nothing, and does not end it at once", async () => {
  const { signals, daemon, done, endStop } = setUp();
  signals.started(daemon);
  send("SIGTERM");
  send("SIGHUP");
  // Ctrl-C reaches who runs under npm twice.
  send("SIGTERM");
  expect(done).toEqual(["told", "stop"]);
  expect(process.exit).not.toHaveBeenCalled();
  endStop();
  await vi.waitFor(() => expect(process.exit).toHaveBeenCalledWith(0));
});
