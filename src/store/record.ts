import { crc32 } from "node:zlib";

/** How many characters of a record are its checksum. */
const CHECKSUM_LENGTH = 8;

/**
 * A value as it stands in the store: JSON, and before it the CRC-32 of the JSON in hexadecimal, for LevelDB itself does not look whether
 * what it reads is what was written.
 */
export function writeRecord(value: unknown): string {
  const json = JSON.stringify(value);
  return checksumOf(json) + json;
}

/** What was written with `writeRecord`. Throws an Error that says what is wrong where it is not that. */
export function readRecord(text: string): unknown {
  const json = text.slice(CHECKSUM_LENGTH);
  if (text.slice(0, CHECKSUM_LENGTH) !== checksumOf(json)) throw new Error("its checksum is wrong");
  return JSON.parse(json);
}

function checksumOf(json: string): string {
  return crc32(json).toString(16).padStart(CHECKSUM_LENGTH, "0");
}
