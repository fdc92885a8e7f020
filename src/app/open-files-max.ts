import { readFileSync } from "node:fs";

/**
 * How many files and sockets this process may have open at once; undefined where the system does not tell, which only Linux does. Node has
 * raised it as far as it may.
 */
export function openFilesMax(): number | undefined {
  try {
    return openFilesMaxIn(readFileSync("/proc/self/limits", "latin1"));
  } catch {
    // Not Linux, or /proc is kept from us.
    return undefined;
  }
}

/** The same in the text of /proc/PID/limits. */
export function openFilesMaxIn(limits: string): number | undefined {
  const max = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  if (max === undefined) return undefined;
  return max === "unlimited" ? Number.POSITIVE_INFINITY : Number(max);
}
