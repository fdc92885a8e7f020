const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Milliseconds of a duration as people write it: `500ms`, `10s`, `5m`, `2h`, `1d` or a bare number of seconds; decimals as in `1.5s` are
 * allowed, the result is rounded to whole milliseconds. null where the text is no duration.
 */
export function parseDurationMs(text: string): number | null {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (parts === null) return null;
  const durationMs = Math.round(Number(parts[1]) * UNIT_MS[parts[2] ?? "s"]!);
  return Number.isSafeInteger(durationMs) ? durationMs : null;
}
