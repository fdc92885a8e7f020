import type { DevicePlan } from "./device-plan.ts";

/** The kinds of devices of a run. Those behind a forwarder are all behind the same one. */
const KINDS: readonly DevicePlan[] = [
  { clientId: "active", cleanSession: false, wakeEveryMs: undefined, isReporter: true, isBehindForwarder: false },
  { clientId: "forwarded", cleanSession: false, wakeEveryMs: undefined, isReporter: true, isBehindForwarder: true },
  { clientId: "sleeper", cleanSession: false, wakeEveryMs: 450, isReporter: false, isBehindForwarder: false },
  { clientId: "long-sleeper", cleanSession: false, wakeEveryMs: 2100, isReporter: false, isBehindForwarder: false },
  { clientId: "reporter", cleanSession: false, wakeEveryMs: 700, isReporter: true, isBehindForwarder: false },
  { clientId: "far-sleeper", cleanSession: false, wakeEveryMs: 600, isReporter: true, isBehindForwarder: true },
  { clientId: "clean", cleanSession: true, wakeEveryMs: undefined, isReporter: true, isBehindForwarder: false },
  { clientId: "clean-sleeper", cleanSession: true, wakeEveryMs: 500, isReporter: false, isBehindForwarder: false },
];

/** So many groups, of one device of each kind. */
export function killGroups(groups: number): DevicePlan[] {
  return Array.from({ length: groups }, (_, group) =>
    KINDS.map((kind) => ({ ...kind, clientId: `${kind.clientId}-${group}` })),
  ).flat();
}
