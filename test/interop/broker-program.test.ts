import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { BrokerProgram, WATCH } from "./broker-program.ts";
import { poll } from "./poll.ts";

/** A program with another one that it has started, whose process id it prints. */
const PARENT = ["/bin/sh", "-c", "sleep 1000 & echo $!; wait"] as const;

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // There is none.
    return false;
  }
}

async function ended(pid: number): Promise<boolean> {
  return (await poll(async () => (runs(pid) ? undefined : true), { boundMs: 10_000, intervalMs: 5 })) === true;
}

test("a program and what it has started end with the test, however that ends", async () => {
  const child = spawn("/bin/sh", ["-c", WATCH, "sh", ...PARENT], { detached: true });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  expect(runs(Number(line))).toBe(true);
  // What the end of the test's process does, with or without a word.
  child.stdin.destroy();
  expect(await ended(Number(line))).toBe(true);
});

test("one that does not start is not waited for", async () => {
  const program = new BrokerProgram("none");
  onTestFinished(() => program.end());
  program.run({ command: "/bin/sh", args: ["-c", "exit 1"] });
  await expect(program.takesClients("mqtt://127.0.0.1:1")).rejects.toThrow("none does not start:");
});
