/**
 * The octets that a text spells in hexadecimal, in any common way: `0418003c`, `04:18:00:3c`, `04 18 00 3c`, `0x04, 0x18`, `\x04\x18`.
 * A digit that stands alone is an octet. null where it is none of these.
 */
export function parseHex(text: string): Uint8Array | null {
  const words = text.replaceAll(/\\x|0x/gi, " ").split(/[\s:,;_-]+/);
  const digits = words.map((word) => (word.length === 1 ? `0${word}` : word)).filter((word) => word !== "");
  if (digits.length === 0 || !digits.every((word) => /^([0-9a-f]{2})+$/i.test(word))) return null;
  return Buffer.from(digits.join(""), "hex");
}
