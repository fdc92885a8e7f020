/** What a process with a part of the sleepers is asked to do; `from` and `to` are the clients that it has, at its start. */
export type FleetOrder =
  | { kind: "open"; from: number; to: number; gatewayPort: number; atOnce: number }
  /** Connect with a durable session, subscribe, and fall asleep. */
  | { kind: "sleep" }
  /** Wake up: every `step`th of them, so many at once. */
  | { kind: "wake"; step: number; atOnce: number };

/** What it answers: how long each took in ms, and how many requests were sent again. */
export type FleetReport = { ok: true; ms: number[]; repeated: number } | { ok: false; reason: string };
