import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { filePlaceProblem } from "../configuration/file-place-problem.ts";
import { PCAP_HEADER } from "./pcap-header.ts";

/** Payloads are in it. */
const MODE = 0o600;

/**
 * A capture file on the disk. What is there already of that name, and what has grown too large, is renamed, with `.1` behind its name; the
 * one of before is deleted. Only captures are: another file is left alone.
 */
export class CaptureFile {
  readonly path: string;
  #handle: FileHandle | undefined;
  /** The end of what has been written. */
  #position = 0;
  #isNewDue = true;

  private constructor(path: string) {
    this.path = path;
  }

  /** Begins a file. Rejects with an Error for the user, with a `code`, where that cannot be. */
  static async open(path: string): Promise<CaptureFile> {
    const file = new CaptureFile(path);
    try {
      await file.append(Buffer.alloc(0), true);
    } catch (error) {
      await file.close();
      throw explained(error as NodeJS.ErrnoException, path);
    }
    return file;
  }

  /**
   * Writes whole records; with `isFirst` they begin another file. Rejects with the error of the system: they are then not in it, and the next
   * call tries again to do what is due.
   */
  async append(records: Uint8Array, isFirst: boolean): Promise<void> {
    if (isFirst) this.#isNewDue = true;
    if (this.#isNewDue || (await isGone(this.path))) await this.#replace();
    const handle = this.#handle!;
    const start = this.#position;
    try {
      if (start === 0) await this.#write(handle, PCAP_HEADER);
      await this.#write(handle, records);
    } catch (error) {
      this.#position = start;
      // Half a record is no end of a file; where even that fails, the next records are written over it.
      await handle.truncate(start).catch(() => {});
      throw error;
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#isNewDue = true;
    await handle?.close();
  }

  async #replace(): Promise<void> {
    await this.close();
    await makeWay(this.path);
    this.#handle = await open(this.path, "wx", MODE);
    this.#position = 0;
    this.#isNewDue = false;
  }

  /** The system may take less than it is given. */
  async #write(handle: FileHandle, octets: Uint8Array): Promise<void> {
    for (let done = 0; done < octets.length; ) {
      const { bytesWritten } = await handle.write(octets, done, octets.length - done, this.#position);
      done += bytesWritten;
      this.#position += bytesWritten;
    }
  }
}

/** Whether somebody has renamed the file, or deleted it to make room: what is written to it would be lost with it. */
async function isGone(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    ({ code }: NodeJS.ErrnoException) => code === "ENOENT",
  );
}

/** Renames what is there. A capture without a packet is not worth the one of before. */
async function makeWay(path: string): Promise<void> {
  const octets = await captureOctets(path);
  if (octets === undefined) return;
  if (octets <= PCAP_HEADER.length) return rm(path);
  const before = `${path}.1`;
  await captureOctets(before);
  await rename(path, before);
}

/** The size of a capture, or undefined where nothing is. Rejects where something else is there. */
async function captureOctets(path: string): Promise<number | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  if (found === undefined) return undefined;
  if (!found.isFile()) throw occupied(path, "no file");
  if (found.size === 0) return 0;
  const handle = await open(path, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    if (bytesRead < 4 || !buffer.equals(PCAP_HEADER.subarray(0, 4))) throw occupied(path, "no capture");
  } finally {
    await handle.close();
  }
  return found.size;
}

function occupied(path: string, what: string): Error {
  return Object.assign(new Error(`${path} is there already and is ${what}; it is left alone. Choose another name`), {
    code: "EEXIST",
  });
}

const FULL: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
};

/** The failure to begin in the user's terms, with the system's `code`. */
function explained(error: NodeJS.ErrnoException, path: string): Error {
  const reason = FULL[error.code ?? ""] ?? filePlaceProblem(path) ?? error.message;
  return Object.assign(new Error(`trace.file: cannot write ${path}: ${reason}`, { cause: error }), {
    code: error.code,
  });
}
