/** How long before its credentials expire a connection is made anew: between these parts of what they last, and an hour at most. */
const EARLIEST_PART = 0.2;
const LATEST_PART = 0.05;
const EARLIEST_MS_MAX = 3_600_000;

/**
 * In how many milliseconds a connection is made anew whose credentials expire in `expiresInMs`. `phase`, from 0 to 1, spreads those that
 * were made together.
 */
export function renewalInMs(expiresInMs: number, phase: number): number {
  const scale = Math.min(1, EARLIEST_MS_MAX / (expiresInMs * EARLIEST_PART));
  return expiresInMs - expiresInMs * scale * (EARLIEST_PART - (EARLIEST_PART - LATEST_PART) * phase);
}
