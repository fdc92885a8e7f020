const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** So many octets with three digits or so: `812 B`, `1.4 kB`, `23 MB`; on one line. */
export function octetsText(octets: number): string {
  let value = octets;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)}\u00a0${UNITS[unit]}`;
}
