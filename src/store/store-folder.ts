import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { StoreError } from "./store-error.ts";

/** What LevelDB writes when it puts its log into a table is smaller; where this has room, it is not for want of room that it fails. */
const PROBE_OCTETS = 8 * 1024 * 1024;

/** Files of LevelDB that hold data, or say which ones do. */
const DATA_FILE = /^MANIFEST-|\.(?:ldb|sst|log)$/;

/** Of a folder of sessions: wills, client ids and names of topics are nobody else's business. Those above it are as the user has it. */
const PRIVATE = 0o700;

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "the gateway may not write there",
  EPERM: "the gateway may not write there",
  EROFS: "it is read-only",
  ENOENT: "no folder can be made there",
  EEXIST: "it is a file, not a folder",
  ENOTDIR: "a part of it is a file, not a folder",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the limit of file sizes is reached",
  EMFILE: "too many files are open: raise the limit (ulimit -n)",
};

const REMEDY = "or name another folder (--state-path), or keep nothing over a restart (--state-path memory:)";

/** The folder of a store: `sessions` in the folder of all that the gateway keeps. */
export class StoreFolder {
  readonly path: string;

  /** Makes the folder where it is missing. Throws a StoreError where it cannot be had, or cannot be written to. */
  constructor(statePath: string) {
    this.path = join(resolve(statePath), "sessions");
    try {
      makeFolder(this.path, PRIVATE);
    } catch (error) {
      throw this.isUnusable(error);
    }
    this.#probe(1);
  }

  /** Something of a store is there, but not what says which files belong to it: LevelDB would take it for an empty one. */
  get isIncomplete(): boolean {
    const files = readdirSync(this.path);
    return !files.includes("CURRENT") && files.some((file) => DATA_FILE.test(file));
  }

  /** Tells the folder from another one that came into its place; undefined where there is none. */
  get identity(): number | undefined {
    return statSync(this.path, { throwIfNoEntry: false })?.ino;
  }

  /**
   * Tells the store that a process has open from what may have come into its place; undefined where there is none. As long as a process
   * has its file open no other one has the number of it.
   */
  get lockIdentity(): number | undefined {
    return statSync(join(this.path, "LOCK"), { throwIfNoEntry: false })?.ino;
  }

  /** What to say where a store that was open is not there any more. */
  isGone(): StoreError {
    return new StoreError("gone", "the folder was removed, or another one is in its place");
  }

  /** Throws a StoreError where the folder takes no more data. */
  assertWritable(): void {
    this.#probe(PROBE_OCTETS);
  }

  /** Puts the folder out of the way, as it is, and makes a new one. Returns where it is now. */
  setAside(identity: number | undefined): string {
    const aside = this.makeAside();
    // It takes the place of the empty one.
    rmdirSync(aside);
    // Another gateway found the same, and was faster: what is here now is a good one, and belongs to it.
    if (this.identity !== identity) throw this.isLocked();
    renameSync(this.path, aside);
    mkdirSync(this.path, { recursive: true, mode: PRIVATE });
    return aside;
  }

  /** Makes an empty folder beside it, for what is put out of the way. Throws a StoreError. */
  makeAside(): string {
    for (let number = 1; ; number += 1) {
      const aside = `${this.path}.set-aside-${number}`;
      try {
        mkdirSync(aside, { mode: PRIVATE });
        return aside;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw this.isUnusable(error);
      }
    }
  }

  /** What to say where another process has the store. */
  isLocked(cause?: unknown): StoreError {
    const remedy = `stop it, ${REMEDY}`;
    return new StoreError("locked", `state.path: another gateway is using ${this.path}; ${remedy}`, cause);
  }

  /** What to say where it cannot be used, because of this error of the system. */
  isUnusable(error: unknown): StoreError {
    const { code = "", message } = error as NodeJS.ErrnoException;
    const reason = REASONS[code] ?? message;
    const text = `state.path: cannot use the folder ${this.path}: ${reason}; put that right, ${REMEDY}`;
    return new StoreError(code, text, error);
  }

  #probe(octets: number): void {
    const file = join(this.path, `probe-${process.pid}`);
    try {
      writeFileSync(file, Buffer.alloc(octets), { flush: true });
    } catch (error) {
      throw this.isUnusable(error);
    } finally {
      rmSync(file, { force: true });
    }
  }
}

/**
 * Makes the folder, and those above it, where they are missing. With `recursive` mkdirSync does not say that a file system is read-only,
 * and does not come back from below /proc.
 */
function makeFolder(path: string, mode?: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isFolder(path)) return;
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || isFolder(above)) throw error;
    makeFolder(above);
    mkdirSync(path, { mode });
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // What there is nothing of, or what may not be looked at, is none.
    return false;
  }
}
