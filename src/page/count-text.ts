const COUNT = new Intl.NumberFormat("en", { useGrouping: true });
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** From here on a count is shown in short where there is little room. */
const SHORT_FROM = 100_000;

/** A count, exactly: `12,345`. */
export function countText(count: number): string {
  return COUNT.format(count);
}

/** A count of something whose plural ends in s: `1 message`, `12,345 messages`. */
export function countOf(count: number, what: string): string {
  return `${countText(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** A count where there is little room: `12,345`, `1.2M`. */
export function shortCount(count: number): string {
  return (count < SHORT_FROM ? COUNT : SHORT).format(count);
}
