/** No part of a record crosses the end of a block. */
const BLOCK_OCTETS = 32 * 1024;

/** Before each part: its checksum (4 octets), its length (2) and what part of a record it is (1). */
const HEADER_OCTETS = 7;

const WHOLE = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

/** LevelDB writes a checksum turned and with this added, for what it writes may hold checksums itself. */
const MASK_DELTA = 0xa282ead8;

/** By octet, for the polynomial of Castagnoli, the lowest bit first. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, octet) => {
  let crc = octet;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc;
});

/**
 * How many octets of a log of LevelDB belong to no record that can be read, by the format that LevelDB documents (log_format). LevelDB
 * leaves them out when it opens a store, with what follows in the same block, and tells nobody.
 */
export function unreadableOctets(log: Uint8Array): number {
  let unreadable = 0;
  /** The parts so far of a record whose end is still to come; 0 where none has begun. */
  let begun = 0;
  let offset = 0;
  while (offset < log.length) {
    const blockEnd = offset - (offset % BLOCK_OCTETS) + BLOCK_OCTETS;
    const end = Math.min(blockEnd, log.length);
    if (blockEnd - offset < HEADER_OCTETS) {
      // Too little for a header: never used.
      offset = end;
      continue;
    }
    const part = goodPart(log, offset, end);
    if (part === undefined) {
      unreadable += begun + end - offset;
      begun = 0;
      offset = end;
      continue;
    }
    const { type, octets } = part;
    offset += octets;
    const continues = begun > 0 && (type === MIDDLE || type === LAST);
    if (!continues) unreadable += begun + (type === WHOLE || type === FIRST ? 0 : octets);
    if (type === FIRST) begun = octets;
    else begun = continues && type === MIDDLE ? begun + octets : 0;
  }
  return unreadable + begun;
}

/** The part of a record that begins here, with its header; undefined where there is none that can be read. */
function goodPart(log: Uint8Array, offset: number, end: number): { type: number; octets: number } | undefined {
  if (end - offset < HEADER_OCTETS) return undefined;
  const header = new DataView(log.buffer, log.byteOffset + offset, HEADER_OCTETS);
  const octets = HEADER_OCTETS + header.getUint16(4, true);
  const type = header.getUint8(6);
  if (type < WHOLE || type > LAST || offset + octets > end) return undefined;
  const checksum = maskedChecksum(log.subarray(offset + HEADER_OCTETS - 1, offset + octets));
  return checksum === header.getUint32(0, true) ? { type, octets } : undefined;
}

function maskedChecksum(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const octet of data) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ octet) & 0xff]!;
  crc = ~crc;
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}
