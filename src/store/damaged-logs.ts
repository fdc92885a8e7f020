import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { unreadableOctets } from "./log-damage.ts";
import type { StoreFolder } from "./store-folder.ts";

/** What LevelDB has written since it was opened, and what it deletes when it is opened the next time. */
const LOG_FILE = /\.log$/;

/** Copies of the logs of LevelDB in which something cannot be read: what LevelDB leaves out of them is to be found there. */
export class DamagedLogs {
  /** The folder of the copies. */
  readonly path: string;
  /** How much of them cannot be read. */
  readonly octets: number;
  readonly #originals: readonly string[];

  private constructor(path: string, octets: number, originals: readonly string[]) {
    this.path = path;
    this.octets = octets;
    this.#originals = originals;
  }

  /**
   * Looks through the logs in the folder, and copies those that are damaged; undefined where none is. Nobody may have the folder for
   * itself yet. Throws a StoreError where there is no room for a copy.
   */
  static copied(folder: StoreFolder): DamagedLogs | undefined {
    const damaged = new Map<string, Uint8Array>();
    let octets = 0;
    for (const file of readdirSync(folder.path).filter((name) => LOG_FILE.test(name))) {
      const path = join(folder.path, file);
      const log = contentsOf(path);
      const unreadable = log === undefined ? 0 : unreadableOctets(log);
      if (unreadable === 0) continue;
      octets += unreadable;
      damaged.set(path, log!);
    }
    if (damaged.size === 0) return undefined;
    const aside = folder.makeAside();
    try {
      for (const [path, log] of damaged) writeFileSync(join(aside, basename(path)), log, { flush: true, mode: 0o600 });
    } catch (error) {
      rmSync(aside, { recursive: true, force: true });
      throw folder.isUnusable(error);
    }
    return new DamagedLogs(aside, octets, [...damaged.keys()]);
  }

  /** The copies are all that there is. */
  get areNeeded(): boolean {
    return !this.#originals.every((path) => existsSync(path));
  }

  /** Deletes the copies. */
  discard(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** What is in a file; undefined where it cannot be read, of which LevelDB will complain, and where it is gone by now. */
function contentsOf(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
