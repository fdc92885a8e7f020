import type { Figures } from "./figures.ts";
import type { Mode } from "./modes.ts";

/** What the load generator is asked to do; sent to it as its first message. */
export interface Job {
  mode: Mode;
  nodes: number;
  warmUpMs: number;
  measureMs: number;
  gatewayPort: number;
  /** The gateway's process, and those that it has started. */
  gatewayPids: readonly number[];
  brokerPort: number;
  brokerPids: readonly number[];
}

/** What the load generator answers. */
export type Outcome = { ok: true; figures: Figures } | { ok: false; reason: string };
