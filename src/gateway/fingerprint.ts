const PRIME = 0x01000193;

/** Where a fingerprint begins. */
export const FINGERPRINT_BASIS = 0x811c9dc5;

/** A number of 32 bits that goes on from `before` over octets (FNV-1): of what is the same it is the same, and of hardly anything else. */
export function fingerprint(before: number, octets: Uint8Array): number {
  let hash = before;
  for (let index = 0; index < octets.length; index += 1) hash = Math.imul(hash, PRIME) ^ octets[index]!;
  return hash >>> 0;
}

/** The same over one octet. */
export function fingerprintOctet(before: number, octet: number): number {
  return (Math.imul(before, PRIME) ^ octet) >>> 0;
}
