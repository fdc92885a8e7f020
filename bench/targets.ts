import type { FigureName } from "./figures.ts";

/** What a figure of a mode is to be at most; without `nodes` with any number of them. */
export interface Target {
  mode: string;
  nodes?: number;
  figure: FigureName;
  max: number;
}

const CLOSED_LOOP = ["publish-qos0", "publish-qos1", "publish-qos2", "deliver-qos0", "deliver-qos1", "deliver-qos2"];

/** What this gateway is to reach. */
export const TARGETS: readonly Target[] = [
  { mode: "publish-qos0", nodes: 1000, figure: "ratio", max: 1.2 },
  { mode: "publish-qos1", nodes: 1000, figure: "ratio", max: 1.8 },
  { mode: "publish-qos2", nodes: 1000, figure: "ratio", max: 2 },
  { mode: "deliver-qos0", nodes: 1000, figure: "ratio", max: 1.4 },
  { mode: "deliver-qos1", nodes: 1000, figure: "ratio", max: 1.3 },
  ...CLOSED_LOOP.map((mode): Target => ({ mode, figure: "lost", max: 0 })),
  { mode: "publish-qos2", figure: "duplicates", max: 0 },
  { mode: "deliver-qos2", figure: "duplicates", max: 0 },
  { mode: "connect", nodes: 10_000, figure: "seconds", max: 1.5 },
  { mode: "connect", nodes: 10_000, figure: "gatewayKibPerClient", max: 9 },
  { mode: "wake-up", figure: "lost", max: 0 },
  { mode: "wake-up", figure: "duplicates", max: 0 },
  { mode: "idle", nodes: 10_000, figure: "gatewayPercent", max: 0.5 },
  { mode: "round-trip", figure: "timesBare", max: 1.3 },
  { mode: "base", figure: "gatewayMib", max: 70 },
  { mode: "base-default", figure: "gatewayMib", max: 70 },
];
