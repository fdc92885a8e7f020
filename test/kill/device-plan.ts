/** What one device is, and does. */
export interface DevicePlan {
  clientId: string;
  cleanSession: boolean;
  /** undefined: it stays active. */
  wakeEveryMs: number | undefined;
  /** Whether it publishes. */
  isReporter: boolean;
  isBehindForwarder: boolean;
}
