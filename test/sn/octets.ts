/** Octets written as in the standard's examples: `octets("03 05 00")`. */
export function octets(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}
