import { readFileSync } from "node:fs";
import type { GatewayProcess } from "./gateway-process.ts";

/** The memory of a process that is in use, in MiB, as the system sees it. */
export function residentMiB({ child }: GatewayProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1024;
}
