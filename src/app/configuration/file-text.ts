import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** What a file holds, or why it cannot be read, for people. */
type FileText = { text: string } | { problem: string };

/** What a file is read for: the configuration and lists; or a secret, a certificate or a key. */
type FileKind = "list" | "secret";

const MEBIBYTE = 1024 * 1024;

/** How large a file may be, in octets: all of it is read into memory, while nothing else happens. */
const OCTETS_MAX: Readonly<Record<FileKind, number>> = { list: 16 * MEBIBYTE, secret: MEBIBYTE };

const BYTE_ORDER_MARK = /^\uFEFF/;

const CHUNK_OCTETS = 64 * 1024;

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "the gateway may not read it",
  EISDIR: "it is a directory",
};

/**
 * Reads a file, without the mark that editors of Windows begin it with; octets that are no UTF-8 come out as something else, never as an error. `mustBeRegular`: it is read while the gateway runs,
 * and then a pipe that nobody writes to would keep everybody waiting; or it is read more than once.
 */
export function fileText(name: string, kind: FileKind, mustBeRegular: boolean): FileText {
  const problem = (why: string) => ({ problem: `cannot read ${JSON.stringify(name)}: ${why}` });
  let file: number | undefined;
  try {
    // Without waiting for who writes to it, should it be a pipe.
    file = openSync(name, constants.O_RDONLY | (mustBeRegular ? (constants.O_NONBLOCK ?? 0) : 0));
    const status = fstatSync(file);
    if (mustBeRegular && !status.isFile() && !status.isDirectory()) {
      return problem("it is a pipe or a device, and can be read only once; write what it says into a file");
    }
    const octets = octetsOf(file, OCTETS_MAX[kind]);
    if (octets === undefined) {
      return problem(`it has more than ${OCTETS_MAX[kind] / MEBIBYTE} MiB; is it the right one?`);
    }
    if (isUtf16(octets)) return problem("it is in UTF-16; save it as UTF-8");
    return { text: octets.toString("utf8").replace(BYTE_ORDER_MARK, "") };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return problem(REMEDIES[code] ?? (code || String(error)));
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Undefined where there are more than `octetsMax`; a device may have no end. */
function octetsOf(file: number, octetsMax: number): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let count = 0; count <= octetsMax; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_OCTETS);
    const length = readSync(file, chunk);
    if (length === 0) return Buffer.concat(chunks, count);
    chunks.push(chunk.subarray(0, length));
    count += length;
  }
  return undefined;
}

/** By the mark that it begins with: so Windows writes it where one asks for "Unicode". */
function isUtf16(octets: Buffer): boolean {
  const [first, second] = octets;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}
