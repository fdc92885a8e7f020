import type { DeviceSettings } from "./settings.ts";

/** The largest Duration there is. */
const DURATION_MAX = 0xffff;

/**
 * The Duration, in seconds, to announce for a sleep from which the device wakes every `wakeEveryMs`: with time for all its repetitions,
 * so that the gateway does not take it for lost when its PINGREQ is (Z2).
 */
export function sleepDurationFor(wakeEveryMs: number, { tRetryMs, nRetry }: DeviceSettings): number {
  return Math.min(Math.ceil((wakeEveryMs + tRetryMs * (nRetry + 1)) / 1000), DURATION_MAX);
}
