import { execFileSync, spawnSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";

/** Where and when something was measured, and what. */
export interface Machine {
  cpu: string;
  arch: string;
  cores: number;
  memoryMib: number;
  kernel: string;
  node: string;
  mosquitto: string;
  /** ISO 8601, UTC. */
  date: string;
  /** Of the gateway; with `+` where the files were not those of the commit, undefined outside of a repository. */
  commit: string | undefined;
}

export function thisMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? "unknown",
    arch: process.arch,
    cores: all.length,
    memoryMib: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.versions.node,
    mosquitto: mosquittoVersion(),
    date: new Date().toISOString(),
    commit: commit(),
  };
}

/** Mosquitto tells it with its help, for which it ends with an error. */
function mosquittoVersion(): string {
  const { stdout } = spawnSync("mosquitto", ["-h"], { encoding: "utf8" });
  return /version (\S+)/.exec(stdout ?? "")?.[1] ?? "unknown";
}

/** What makes the figures; what they are written into does not count. */
const MEASURED = ["src", "bench/*.ts", "package.json", "package-lock.json"];

function commit(): string | undefined {
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    const isChanged = git("status", "--porcelain", "--untracked-files=no", "--", ...MEASURED) !== "";
    return `${git("rev-parse", "--short", "HEAD")}${isChanged ? "+" : ""}`;
  } catch {
    return undefined;
  }
}
