const DAY_MS = 24 * 60 * 60 * 1000;

// The page is in English; the time is that of whoever looks at it.
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });

/** A time of the day, with the date where it is not within a day of `now`. Milliseconds since 1970. */
export function clockText(at: number, now: number): string {
  return (Math.abs(now - at) < DAY_MS / 2 ? TIME : DATE).format(at);
}

/** Date, time and zone in full. */
export function exactText(at: number): string {
  return EXACT.format(at);
}
