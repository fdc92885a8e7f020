/** A rate a second in as many digits as mean something: `0`, `0.03`, `1.4`, `230`. */
export function rateText(perSecond: number): string {
  if (perSecond < 0.005) return "0";
  if (perSecond < 0.95) return perSecond.toFixed(2);
  return perSecond.toFixed(perSecond < 9.95 ? 1 : 0);
}
