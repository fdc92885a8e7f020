/** The machine itself, as a source of requests. */
export const LOOPBACK = "this machine";

/**
 * Whose requests are counted together, from the address they come from: all of this machine; of IPv6 all of a /64, for whoever has one address
 * there has them all.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  if (plain === "::1" || /^127\.[\d.]+$/.test(plain)) return LOOPBACK;
  return plain.includes(":") ? `${network64(plain)}::/64` : plain;
}

/** The first four groups of an IPv6 address, as the system writes it. */
function network64(address: string): string {
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  // One with dots stands for two groups.
  const missing = tail === undefined ? 0 : 8 - groups.length - behind.length - (tail.includes(".") ? 1 : 0);
  return [...groups, ...Array<string>(Math.max(0, missing)).fill("0"), ...behind].slice(0, 4).join(":");
}
