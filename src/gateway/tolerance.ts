/**
 * How long a client that promised a sign of life every `durationSeconds` may stay silent, in milliseconds (K4, Z2). The standard gives
 * 50 % on top for short periods and 10 % for those over a minute; at exactly the minute the two would contradict each other, so that
 * no longer period gets a shorter limit. `factor`, when given, replaces both.
 */
export function silenceAllowedMs(durationSeconds: number, factor: number | undefined): number {
  if (factor !== undefined) return durationSeconds * 1000 * factor;
  if (durationSeconds <= 60) return durationSeconds * 1500;
  return Math.max(durationSeconds * 1100, 90_000);
}
