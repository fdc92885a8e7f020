import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { CpuTimes } from "./job.ts";

/** The unit of CPU time in /proc, in microseconds: 10,000 on every usual Linux. */
const TICK_US = 1e6 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** CPU time that a process has used so far in user and kernel mode, all threads, in microseconds. */
function cpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field, the program's name in brackets, may hold spaces. After it utime is the 12th field, stime the 13th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** CPU time of gateway, broker and this process so far. */
export function cpuTimes(gatewayPid: number, brokerPid: number): CpuTimes {
  return { gatewayUs: cpuUs(gatewayPid), brokerUs: cpuUs(brokerPid), generatorUs: cpuUs(process.pid) };
}

/** What has been used from `before` to `after`. */
export function cpuUsed(before: CpuTimes, after: CpuTimes): CpuTimes {
  return {
    gatewayUs: after.gatewayUs - before.gatewayUs,
    brokerUs: after.brokerUs - before.brokerUs,
    generatorUs: after.generatorUs - before.generatorUs,
  };
}

/** Memory of a process that is in RAM, in octets. */
export function residentOctets(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1024;
}

/** How many files and sockets this process and its children may have open. */
export function openFilesMax(): number {
  const soft = /^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}
