import { readdirSync, readFileSync } from "node:fs";

/** Where the kernel does not count nanoseconds: the unit of CPU time in /proc/PID/stat, 10 ms on every usual Linux. */
const TICK_US = 10_000;

/** The fields of /proc/PID/stat after the program's name, which is in brackets and may hold spaces: the first is the third of the whole. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** This process and those that it has started, and these again. */
export function processTree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(statFields(Number(name))[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

/** CPU time that these processes have used so far in user and kernel mode, all threads, in microseconds. */
export function cpuUs(pids: readonly number[]): number {
  let us = 0;
  for (const pid of pids) us += scheduledUs(pid) ?? tickedUs(pid);
  return us;
}

/** To the nanosecond, or to the last tick for a thread that runs at the moment; undefined where the kernel does not tell. */
function scheduledUs(pid: number): number | undefined {
  let us = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      us += Number.parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1"), 10) / 1000;
    }
  } catch {
    return undefined;
  }
  return us > 0 ? us : undefined;
}

function tickedUs(pid: number): number {
  const fields = statFields(pid);
  // utime and stime.
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** CPU time that all processes of the machine together have used so far, in microseconds; what a host takes from the machine is in it. */
export function machineUs(): number {
  // user, nice, system, idle, iowait, irq, softirq, steal.
  const ticks = readFileSync("/proc/stat", "latin1").split("\n", 1)[0]!.trim().split(/\s+/).slice(1, 9).map(Number);
  const idle = ticks[3]! + ticks[4]!;
  return (ticks.reduce((sum, tick) => sum + tick, 0) - idle) * TICK_US;
}

/** Memory of these processes that is in RAM, in octets. */
export function residentOctets(pids: readonly number[]): number {
  let octets = 0;
  for (const pid of pids) {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    octets += Number(kib) * 1024;
  }
  return octets;
}

/** How many files and sockets this process and its children may have open. */
export function openFilesMax(): number {
  const soft = /^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}
