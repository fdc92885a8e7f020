import { readFileSync } from "node:fs";
import type { GatewayProcess } from "./gateway-process.ts";

/** The memory of a process that is in use, in MiB, as the system sees it. */
export function residentMiB({ child }: GatewayProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1024;
}

/** What of it belongs to no file: heap, stacks and buffers, without the program text of Node. */
export function anonymousMiB({ child }: GatewayProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)![1]) / 1024;
}
